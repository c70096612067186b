package dev.rejoin.server.room;

/** One who wants to get into a room; exactly one of the methods is called. */
interface Visitor {
    void enter(Room room);

    void turnedAway(DocumentUnavailableException cause);

    /** Whether the visitor, who asked to wait in a document that nobody has begun, may do that now. */
    default boolean mayCreate() {
        return true;
    }

    /** The epoch with which a document begins that nobody has begun. */
    default long epoch(Epochs epochs, String document) {
        return epochs.first(document);
    }

    /** Nobody has begun the document, and the visitor did not ask to wait in it. */
    default void missing() {}
}
