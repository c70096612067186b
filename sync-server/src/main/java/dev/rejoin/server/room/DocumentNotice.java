package dev.rejoin.server.room;

import dev.rejoin.sync.wire.Position;

/**
 * Something durable happened to a document; said once for each commit, in the order of the commits.
 *
 * @param epoch this life of the document
 * @param position what a read has to reach to contain it
 */
public record DocumentNotice(Kind kind, String document, long epoch, Position position) {
    /** What happened. */
    public enum Kind {
        /** The document was not there before: it is new, or was brought back from deletion in a new life. */
        CREATED,
        /** Objects or content changed. */
        CHANGED,
        /** The document is not there any more. */
        DELETED
    }
}
