package dev.rejoin.client;

/** What can be done about a refused write. */
public enum RetryClass {
    /** The same again may be accepted, once what stood in its way is gone. */
    AT_ONCE,
    /** The same again would be refused again; something else may be accepted. */
    AFTER_EDIT,
    /** Nothing of the kind would be accepted here: it can be kept elsewhere, or given up. */
    NEVER;

    /**
     * Of a code. What a validator of the application has chosen is about what was written, and so are codes that are not known here.
     *
     * <p>An {@code unknown-outcome} can be written again at once, and may then have happened twice, which is for the user to decide.
     */
    public static RetryClass of(String code) {
        return switch (code) {
            case "clock-skew", "validator-failed", "dependency-rejected", "unknown-outcome" -> AT_ONCE;
            case "read-only", "forbidden", "epoch-changed", "document-deleted", "unobserved-removal" -> NEVER;
            default -> AFTER_EDIT;
        };
    }
}
