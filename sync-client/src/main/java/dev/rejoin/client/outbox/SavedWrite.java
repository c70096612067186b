package dev.rejoin.client.outbox;

import java.util.Arrays;

/**
 * A transaction without a verdict, as the outbox keeps it.
 *
 * @param first its lowest own dot
 * @param last its highest own dot
 * @param chain chain checksum after it
 * @param fragment its delta, encoded
 * @param mutations the same as typed changes, encoded
 * @param retryOf id of the rejection that it replaces, 0 if none
 */
@SuppressWarnings("ArrayRecordComponent") // equality is defined below; the bytes are handed through without a copy
public record SavedWrite(long first, long last, int chain, byte[] fragment, byte[] mutations, long retryOf) {
    @Override
    public boolean equals(Object other) {
        return other instanceof SavedWrite that
                && first == that.first
                && last == that.last
                && chain == that.chain
                && Arrays.equals(fragment, that.fragment)
                && Arrays.equals(mutations, that.mutations)
                && retryOf == that.retryOf;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(last) * 31 + chain;
    }
}
