package dev.rejoin.server.storage;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * All that a document remembers of one judged replica.
 *
 * @param keyHash the first 16 bytes of the SHA-256 of the lease key
 * @param judgedThrough dots up to here have a verdict
 * @param chain chain checksum at {@code judgedThrough}
 * @param verdictsKnown the replica knows its verdicts up to here
 * @param verdicts those after {@code verdictsKnown}, ascending
 */
public record StoredLease(
        long replica, byte[] keyHash, long judgedThrough, int chain, long verdictsKnown, List<StoredVerdict> verdicts) {
    public StoredLease {
        verdicts = List.copyOf(verdicts);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StoredLease that
                && replica == that.replica
                && Arrays.equals(keyHash, that.keyHash)
                && judgedThrough == that.judgedThrough
                && chain == that.chain
                && verdictsKnown == that.verdictsKnown
                && verdicts.equals(that.verdicts);
    }

    @Override
    public int hashCode() {
        return Objects.hash(replica, judgedThrough, chain, verdictsKnown, verdicts) * 31 + Arrays.hashCode(keyHash);
    }
}
