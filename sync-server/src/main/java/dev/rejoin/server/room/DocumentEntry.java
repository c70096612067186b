package dev.rejoin.server.room;

/**
 * One line of the list of all documents, as the log knows it without loading the document.
 *
 * @param epoch this life of the document
 * @param createdMillis when it began, in milliseconds since 1970
 * @param sequence its last durable batch, which grows with each change; the second half of its {@code Position}
 * @param deleted whether it was deleted and can be brought back
 * @param damaged whether the line itself failed its check; then only the name is right
 */
public record DocumentEntry(
        String document, long epoch, long createdMillis, long sequence, boolean deleted, boolean damaged) {}
