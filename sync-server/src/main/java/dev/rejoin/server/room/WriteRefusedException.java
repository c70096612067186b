package dev.rejoin.server.room;

/** A write that nobody judges was not applied: a validator refused it, its precondition does not hold, or the document is another one than its author thinks. */
public final class WriteRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Code of a write whose precondition does not hold. */
    public static final String PRECONDITION_FAILED = "precondition-failed";

    /** Code of a write with an edit that does not fit the content as it is: an index beyond the end, a way that leads nowhere. */
    public static final String EDIT_DOES_NOT_FIT = "edit-does-not-fit";

    /** Code of an update with references to what is not here, where content is judged: nothing may wait unseen. */
    public static final String INCOMPLETE_UPDATE = "incomplete-update";

    private final String code;

    WriteRefusedException(String code, String message) {
        super(message);
        this.code = code;
    }

    /** Whether the write makes no sense for the content as it is, rather than being unwanted. */
    boolean isMisfit() {
        return code.equals(EDIT_DOES_NOT_FIT);
    }

    /** The code of the validator, one of those above, or {@code lineage-mismatch}. */
    public String code() {
        return code;
    }
}
