package dev.rejoin.client.outbox;

import java.util.Arrays;

/**
 * A refused transaction that the user has not dealt with.
 *
 * @param id names it within this outbox, never 0
 * @param code why it was refused
 * @param message for people
 * @param mutations what it meant to do, encoded
 * @param atMillis when the refusal was learned, wall clock
 */
@SuppressWarnings("ArrayRecordComponent")
public record SavedRejection(long id, String code, String message, byte[] mutations, long atMillis) {
    /** The code of a write of which it is not known whether it was accepted. */
    public static final String UNKNOWN_OUTCOME = "unknown-outcome";

    @Override
    public boolean equals(Object other) {
        return other instanceof SavedRejection that
                && id == that.id
                && code.equals(that.code)
                && message.equals(that.message)
                && Arrays.equals(mutations, that.mutations)
                && atMillis == that.atMillis;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(id);
    }
}
