package dev.rejoin.sync.wire;

import java.util.Arrays;

/**
 * One transaction of a judged replica.
 *
 * @param fragment self-contained fragment, not interpreted here; neither copied nor to be changed afterwards
 */
@SuppressWarnings("ArrayRecordComponent")
public record Submit(byte[] fragment) implements ClientMessage {
    @Override
    public boolean equals(Object other) {
        return other instanceof Submit that && Arrays.equals(fragment, that.fragment);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(fragment);
    }

    @Override
    public String toString() {
        return "Submit[" + fragment.length + " B]";
    }
}
