package dev.rejoin.server.room;

import dev.rejoin.crdt.clock.ReplicaId;
import java.util.List;

/**
 * All that a room needs to go on from one position of its log.
 *
 * @param sequence the position: the last entry that is contained
 * @param state of the objects, a self-contained fragment
 * @param content an update that holds all of the content; empty if there is none
 * @param former as {@link RoomRecord.Former#clients}; empty if this is the first life of the document
 * @param held as {@link RoomRecord.Held#positions}, of all logs; empty if that is not known
 */
public record RoomImage(
        long sequence, byte[] state, byte[] content, byte[] former, byte[] held, List<LeaseImage> leases) {
    /** Takes a copy of the list. */
    public RoomImage {
        leases = List.copyOf(leases);
    }

    /**
     * What a room would make of all that its log holds. Linear in it.
     *
     * @throws DocumentUnavailableException {@code document-corrupt} if that cannot be what a room wrote
     */
    public static RoomImage of(String document, RoomLog.Stored stored) {
        return Recovered.image(document, stored);
    }

    /**
     * What a room remembers of one judged replica.
     *
     * @param keyHash the first 16 bytes of the SHA-256 of the lease key
     * @param judgedThrough own dots up to here have a verdict
     * @param chain chain checksum there
     * @param verdictsKnown the replica durably knows its verdicts up to here
     * @param verdicts those after {@code verdictsKnown}, ascending
     */
    public record LeaseImage(
            ReplicaId replica,
            byte[] keyHash,
            long judgedThrough,
            int chain,
            long verdictsKnown,
            List<Judgement> verdicts) {
        /** Takes a copy of the list. */
        public LeaseImage {
            verdicts = List.copyOf(verdicts);
        }
    }
}
