package dev.rejoin.client.outbox;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.sync.wire.Hello;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that a client keeps across restarts: its replica lease, the confirmed state, what is pending, what was refused.
 *
 * @param replica the replica id it writes under
 * @param leaseKey the key to that id
 * @param epoch epoch of the confirmed state, 0 if none is known
 * @param judge the server that leased the replica id, empty before one has
 * @param lessor names the log of that server, 0 if it has said none
 * @param issuedThrough the highest own dot ever used: the ceiling that a restart continues above
 * @param verdictsKnown verdicts on own dots up to this counter are known
 * @param knownChain chain checksum there
 * @param confirmed the confirmed state
 * @param pending transactions above {@code verdictsKnown}, in order
 * @param rejections in the order in which they were learned
 * @param nextRejection id of the next one
 * @param doubts what may tell the outcome of those among the rejections that is unknown
 * @param formers what former judges were sent, and cells of which are perhaps not to stay
 */
@SuppressWarnings("ArrayRecordComponent")
public record SavedClient(
        ReplicaId replica,
        byte[] leaseKey,
        long epoch,
        String judge,
        long lessor,
        long issuedThrough,
        long verdictsKnown,
        int knownChain,
        Delta confirmed,
        List<SavedWrite> pending,
        List<SavedRejection> rejections,
        long nextRejection,
        List<SavedDoubt> doubts,
        List<SavedFormer> formers) {
    public SavedClient {
        if (leaseKey.length != Hello.LEASE_KEY_BYTES) {
            throw new IllegalArgumentException("lease key of " + leaseKey.length + " bytes");
        }
        pending = List.copyOf(pending);
        rejections = List.copyOf(rejections);
        doubts = List.copyOf(doubts);
        formers = List.copyOf(formers);
    }

    /** A client that has done nothing yet. */
    public static SavedClient fresh(ReplicaId replica, byte[] leaseKey) {
        return new SavedClient(
                replica, leaseKey, 0, "", 0, 0, 0, 0, Delta.EMPTY, List.of(), List.of(), 1, List.of(), List.of());
    }

    /** Chain checksum after the last pending transaction. */
    public int chain() {
        return pending.isEmpty() ? knownChain : pending.get(pending.size() - 1).chain();
    }

    /**
     * This client after these steps. Deltas are joined pairwise before they meet the state, so the cost is O(state +
     * deltas · log(number of records)).
     *
     * @throws IllegalArgumentException if a step does not follow from what was before
     */
    public SavedClient replay(List<OutboxRecord> records) {
        if (records.isEmpty()) {
            return this;
        }
        long newEpoch = epoch;
        String newJudge = judge;
        long newLessor = lessor;
        long issued = issuedThrough;
        long known = verdictsKnown;
        int chain = knownChain;
        long next = nextRejection;
        List<SavedFormer> followed = formers;
        List<Delta> deltas = new ArrayList<>();
        ArrayDeque<SavedWrite> open = new ArrayDeque<>(pending);
        Map<Long, SavedRejection> refused = new LinkedHashMap<>();
        rejections.forEach(rejection -> refused.put(rejection.id(), rejection));
        for (OutboxRecord record : records) {
            if (record instanceof OutboxRecord.Written written) {
                SavedWrite write = written.write();
                if (write.first() != issued + 1) {
                    throw new IllegalArgumentException("dots " + write.first() + " after " + issued);
                }
                issued = write.last();
                open.add(write);
                refused.remove(write.retryOf());
            } else if (record instanceof OutboxRecord.Confirmed confirmedStep) {
                while (!open.isEmpty() && open.getFirst().last() <= confirmedStep.ackedThrough()) {
                    SavedWrite write = open.removeFirst();
                    known = write.last();
                    chain = write.chain();
                    boolean isVoided = confirmedStep.voided().contains(write.first());
                    deltas.add(
                            isVoided
                                    ? Delta.voided(replica, write.first(), write.last())
                                    : Delta.decode(write.fragment()));
                    followed = SavedFormer.after(followed, write, !isVoided);
                }
                if (confirmedStep.fragment().length > 0) {
                    deltas.add(Delta.decode(confirmedStep.fragment()));
                }
                for (SavedRejection rejection : confirmedStep.rejections()) {
                    refused.put(rejection.id(), rejection);
                    next = Math.max(next, rejection.id() + 1);
                }
            } else if (record instanceof OutboxRecord.EpochLearned learned) {
                newEpoch = learned.epoch();
            } else if (record instanceof OutboxRecord.JudgeLearned learned) {
                newJudge = learned.judge();
                newLessor = learned.lessor();
            } else if (record instanceof OutboxRecord.RejectionDropped dropped) {
                refused.remove(dropped.id());
            }
        }
        return new SavedClient(
                replica,
                leaseKey,
                newEpoch,
                newJudge,
                newLessor,
                issued,
                known,
                chain,
                confirmed.join(joinAll(deltas)),
                List.copyOf(open),
                List.copyOf(refused.values()),
                next,
                doubts.stream()
                        .filter(doubt -> isOpen(refused.get(doubt.rejection())))
                        .toList(),
                followed);
    }

    private static boolean isOpen(@Nullable SavedRejection rejection) {
        return rejection != null && rejection.code().equals(SavedRejection.UNKNOWN_OUTCOME);
    }

    private static Delta joinAll(List<Delta> deltas) {
        if (deltas.isEmpty()) {
            return Delta.EMPTY;
        }
        if (deltas.size() == 1) {
            return deltas.get(0);
        }
        int half = deltas.size() / 2;
        return joinAll(deltas.subList(0, half)).join(joinAll(deltas.subList(half, deltas.size())));
    }
}
