package dev.rejoin.server.storage;

/** The document was deleted. What was in it can be {@linkplain LogWriter#restore brought back} until that expires. */
public final class DeletedDocumentException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final long deletedMillis;

    /** @param deletedMillis when, in milliseconds since 1970 */
    public DeletedDocumentException(String document, long deletedMillis) {
        super("document '" + document + "' was deleted");
        this.deletedMillis = deletedMillis;
    }

    /** When it was deleted, in milliseconds since 1970. */
    public long deletedMillis() {
        return deletedMillis;
    }
}
