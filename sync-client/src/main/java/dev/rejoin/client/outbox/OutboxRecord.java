package dev.rejoin.client.outbox;

import java.util.Arrays;
import java.util.List;

/** One step in the life of a client, in the order in which they are to be replayed. */
public sealed interface OutboxRecord {
    /** A new transaction. */
    record Written(SavedWrite write) implements OutboxRecord {}

    /**
     * Confirmed state and verdicts, in one step.
     *
     * @param fragment what others did, encoded; empty if nothing
     * @param ackedThrough pending transactions up to this dot are settled; 0 if none
     * @param voided lowest dots of those among them that were refused, ascending
     * @param rejections what is to be shown to the user for them
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Confirmed(byte[] fragment, long ackedThrough, List<Long> voided, List<SavedRejection> rejections)
            implements OutboxRecord {
        public Confirmed {
            voided = List.copyOf(voided);
            rejections = List.copyOf(rejections);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Confirmed that
                    && Arrays.equals(fragment, that.fragment)
                    && ackedThrough == that.ackedThrough
                    && voided.equals(that.voided)
                    && rejections.equals(that.rejections);
        }

        @Override
        public int hashCode() {
            return Long.hashCode(ackedThrough);
        }
    }

    /** The document turned out to have this epoch. */
    record EpochLearned(long epoch) implements OutboxRecord {}

    /** This server has leased the replica id, and is the only one that judges its writes; with the name of its log, 0 if it has said none. */
    record JudgeLearned(String judge, long lessor) implements OutboxRecord {}

    /** The user has dealt with a rejection. */
    record RejectionDropped(long id) implements OutboxRecord {}
}
