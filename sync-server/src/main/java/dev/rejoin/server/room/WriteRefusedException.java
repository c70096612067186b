package dev.rejoin.server.room;

/** A write that nobody judges was not applied: a validator refused it, or its precondition does not hold. */
public final class WriteRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Code of a write whose precondition does not hold. */
    public static final String PRECONDITION_FAILED = "precondition-failed";

    private final String code;

    WriteRefusedException(String code, String message) {
        super(message);
        this.code = code;
    }

    /** The code of the validator, or {@link #PRECONDITION_FAILED}. */
    public String code() {
        return code;
    }
}
