package dev.rejoin.sync.wire;

import java.util.Arrays;
import java.util.List;

/**
 * Where a server stands among the servers of its cluster, for a client that keeps a session.
 *
 * @param held an encoded vector of positions, what the client has been shown of each log; empty = as before
 * @param lag of each other server; empty = as before
 * @param answers what came of what the client has asked for
 */
@SuppressWarnings("ArrayRecordComponent") // equality is defined below; the bytes are handed through without a copy
public record Standing(byte[] held, List<OriginLag> lag, List<Answer> answers) {
    /** Nothing is said. */
    public static final Standing NONE = new Standing(new byte[0], List.of(), List.of());

    public Standing {
        lag = List.copyOf(lag);
        answers = List.copyOf(answers);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Standing that
                && Arrays.equals(held, that.held)
                && lag.equals(that.lag)
                && answers.equals(that.answers);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(held) + answers.hashCode();
    }

    @Override
    public String toString() {
        return "Standing[held=" + held.length + " B, lag=" + lag + ", answers=" + answers + "]";
    }
}
