package dev.rejoin.server.storage;

import java.util.Arrays;
import java.util.List;

/**
 * A document as it was at one position; it replaces every entry up to there.
 *
 * @param sequence the position of the last entry contained
 * @param state of the objects, a self-contained fragment
 * @param content of the document; empty if there is none
 * @param former as {@link LogRecord.Former#clients}; empty if this is the first life of the document
 * @param held as {@link LogRecord.Held#positions}, of all logs; empty if that is not known
 */
public record StoredSnapshot(
        long sequence, byte[] state, byte[] content, byte[] former, byte[] held, List<StoredLease> leases) {
    public StoredSnapshot {
        leases = List.copyOf(leases);
    }

    /** A snapshot of a document in its first life. */
    public StoredSnapshot(long sequence, byte[] state, byte[] content, List<StoredLease> leases) {
        this(sequence, state, content, new byte[0], leases);
    }

    /** A snapshot of which nobody knows what of which log it holds. */
    public StoredSnapshot(long sequence, byte[] state, byte[] content, byte[] former, List<StoredLease> leases) {
        this(sequence, state, content, former, new byte[0], leases);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StoredSnapshot that
                && sequence == that.sequence
                && Arrays.equals(state, that.state)
                && Arrays.equals(content, that.content)
                && Arrays.equals(former, that.former)
                && Arrays.equals(held, that.held)
                && leases.equals(that.leases);
    }

    @Override
    public int hashCode() {
        int parts = (Arrays.hashCode(state) * 31 + Arrays.hashCode(content)) * 31 + Arrays.hashCode(held);
        return ((Long.hashCode(sequence) * 31 + leases.hashCode()) * 31 + parts) * 31 + Arrays.hashCode(former);
    }
}
