package dev.rejoin.server.storage;

import java.util.Arrays;
import java.util.List;

/**
 * A document as it was at one position; it replaces every entry up to there.
 *
 * @param sequence the position of the last entry contained
 * @param state of the objects, a self-contained fragment
 * @param content of the document; empty if there is none
 */
public record StoredSnapshot(long sequence, byte[] state, byte[] content, List<StoredLease> leases) {
    public StoredSnapshot {
        leases = List.copyOf(leases);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StoredSnapshot that
                && sequence == that.sequence
                && Arrays.equals(state, that.state)
                && Arrays.equals(content, that.content)
                && leases.equals(that.leases);
    }

    @Override
    public int hashCode() {
        return ((Long.hashCode(sequence) * 31 + leases.hashCode()) * 31 + Arrays.hashCode(state)) * 31
                + Arrays.hashCode(content);
    }
}
