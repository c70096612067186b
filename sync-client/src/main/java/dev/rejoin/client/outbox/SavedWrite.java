package dev.rejoin.client.outbox;

import java.util.Arrays;
import java.util.List;

/**
 * A transaction without a verdict, as the outbox keeps it.
 *
 * @param first its lowest own dot
 * @param last its highest own dot
 * @param chain chain checksum after it
 * @param fragment its delta, encoded
 * @param mutations the same as typed changes, encoded
 * @param retryOf id of the rejection that it replaces, 0 if none
 * @param dependsOn lowest dots of the transactions without which it is not to happen
 * @param isHidden whether it shows only once it is accepted
 */
@SuppressWarnings("ArrayRecordComponent") // equality is defined below; the bytes are handed through without a copy
public record SavedWrite(
        long first,
        long last,
        int chain,
        byte[] fragment,
        byte[] mutations,
        long retryOf,
        List<Long> dependsOn,
        boolean isHidden) {
    public SavedWrite {
        dependsOn = List.copyOf(dependsOn);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SavedWrite that
                && first == that.first
                && last == that.last
                && chain == that.chain
                && Arrays.equals(fragment, that.fragment)
                && Arrays.equals(mutations, that.mutations)
                && retryOf == that.retryOf
                && dependsOn.equals(that.dependsOn)
                && isHidden == that.isHidden;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(last) * 31 + chain;
    }
}
