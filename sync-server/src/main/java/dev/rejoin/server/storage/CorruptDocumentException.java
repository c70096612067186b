package dev.rejoin.server.storage;

import org.jspecify.annotations.Nullable;

/** A stored document failed its checks. It is never served; other documents of the log are not concerned. */
public final class CorruptDocumentException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String document;
    private final long sequence;

    /**
     * @param sequence the position at which the check failed; 0 is the head of the document
     * @param failure what failed, in words for an operator
     */
    public CorruptDocumentException(String document, long sequence, String failure, @Nullable Throwable cause) {
        super(
                "document '" + document + "' is corrupt at " + (sequence == 0 ? "its head" : "position " + sequence)
                        + ": " + failure,
                cause);
        this.document = document;
        this.sequence = sequence;
    }

    public String document() {
        return document;
    }

    /** The position at which the check failed; 0 is the head of the document. */
    public long sequence() {
        return sequence;
    }
}
