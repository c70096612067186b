package dev.rejoin.sync.session;

import java.util.Arrays;

/**
 * One transaction of a client that has no verdict yet.
 *
 * @param first its lowest own dot
 * @param last its highest own dot
 * @param chain chain checksum after it
 * @param fragment the bytes to send, opaque here; neither copied nor to be changed afterwards
 */
@SuppressWarnings("ArrayRecordComponent")
public record PendingWrite(long first, long last, int chain, byte[] fragment) {
    public PendingWrite {
        if (first < 1 || last < first) {
            throw new IllegalArgumentException("dots " + first + ".." + last);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PendingWrite that
                && first == that.first
                && last == that.last
                && chain == that.chain
                && Arrays.equals(fragment, that.fragment);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(first) * 31 + chain;
    }

    @Override
    public String toString() {
        return "PendingWrite[" + first + ".." + last + ", " + fragment.length + " B]";
    }
}
