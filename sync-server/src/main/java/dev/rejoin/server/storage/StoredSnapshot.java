package dev.rejoin.server.storage;

import java.util.Arrays;
import java.util.List;

/**
 * A document as it was at one position; it replaces every entry up to there.
 *
 * @param sequence the position of the last entry contained
 * @param state self-contained fragment
 */
public record StoredSnapshot(long sequence, byte[] state, List<StoredLease> leases) {
    public StoredSnapshot {
        leases = List.copyOf(leases);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StoredSnapshot that
                && sequence == that.sequence
                && Arrays.equals(state, that.state)
                && leases.equals(that.leases);
    }

    @Override
    public int hashCode() {
        return (Long.hashCode(sequence) * 31 + leases.hashCode()) * 31 + Arrays.hashCode(state);
    }
}
