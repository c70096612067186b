package dev.rejoin.crdt;

/**
 * A payload of a kind that this version of the library does not know: carried, merged and relayed untouched.
 *
 * @param code the code of the extended kind
 * @param content what the kind means by it
 */
public record Opaque(int code, Bytes content) {
    /**
     * Checks the code.
     *
     * @throws IllegalArgumentException if it is that of a kind known here
     */
    public Opaque {
        if (code <= Kind.EXTENDED_FOLD) {
            throw new IllegalArgumentException("code of a known kind: " + code);
        }
    }
}
