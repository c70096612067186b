package dev.rejoin.server.storage;

/**
 * The seat of one document in its log: a handle that {@link LogWriter} gives out and takes appends through. At most one
 * handle of a document is in use at a time; its owner calls it from one thread.
 */
public final class LogDocument {
    private final Head created;
    /* The sequence handed to the last append; touched by the owner only. */
    private long appended;
    /* What the log holds; touched by the writer only. */
    private Head head;
    private volatile boolean over;

    LogDocument(Head head) {
        this.created = head;
        this.head = head;
        this.appended = head.sequence();
    }

    public String name() {
        return created.name();
    }

    /** Random identity of this life of the document. */
    public long epoch() {
        return created.epoch();
    }

    /** When this life of the document began, in milliseconds since 1970. */
    public long createdMillis() {
        return created.createdMillis();
    }

    /** The sequence of the last append, committed or not; 0 if there was none ever. */
    public long appended() {
        return appended;
    }

    /** The epoch that values are sealed with. */
    long seal() {
        return created.seal();
    }

    /** Nothing more goes through this handle. */
    void end() {
        over = true;
    }

    boolean isOver() {
        return over;
    }

    long id() {
        return created.id();
    }

    void appended(long sequence) {
        appended = sequence;
    }

    Head head() {
        return head;
    }

    void head(Head committed) {
        head = committed;
    }

    @Override
    public String toString() {
        return name() + "@" + Long.toHexString(epoch()) + "/" + appended;
    }
}
