package dev.rejoin.client.outbox;

import dev.rejoin.crdt.clock.ReplicaId;
import java.util.Arrays;

/**
 * What there is to tell the outcome of a write by whose judge is gone: its dots, under a replica id that the client has left.
 *
 * @param rejection id of the entry {@code unknown-outcome} on the list of rejections
 * @param replica the replica id it was written under
 * @param first its lowest dot
 * @param last its highest dot
 * @param fragment its delta, encoded
 * @param absenceTells whether it was refused if its dots are known and none of its cells is there, unless somebody has reset its counters
 */
@SuppressWarnings("ArrayRecordComponent")
public record SavedDoubt(
        long rejection, ReplicaId replica, long first, long last, byte[] fragment, boolean absenceTells) {
    @Override
    public boolean equals(Object other) {
        return other instanceof SavedDoubt that
                && rejection == that.rejection
                && replica.equals(that.replica)
                && first == that.first
                && last == that.last
                && Arrays.equals(fragment, that.fragment)
                && absenceTells == that.absenceTells;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(rejection);
    }
}
