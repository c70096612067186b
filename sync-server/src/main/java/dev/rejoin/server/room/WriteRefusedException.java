package dev.rejoin.server.room;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

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
    private final transient @Nullable DocumentView present;

    WriteRefusedException(String code, String message) {
        this(code, message, null);
    }

    WriteRefusedException(String code, String message, @Nullable DocumentView present) {
        super(message);
        this.code = code;
        this.present = present;
    }

    /** The document as it durably is, where a precondition does not hold, for whoever wants to merge; empty otherwise. */
    public Optional<DocumentView> present() {
        return Optional.ofNullable(present);
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
