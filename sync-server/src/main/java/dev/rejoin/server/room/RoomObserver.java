package dev.rejoin.server.room;

import dev.rejoin.consistency.session.ReadOutcome;

/** One who measures the rooms. Called on their loops; must neither block nor throw. */
public interface RoomObserver {
    /** Measures nothing. */
    RoomObserver SILENT = new RoomObserver() {};

    /** A document has come into memory. */
    default void roomOpened() {}

    /** A document has left memory. */
    default void roomClosed() {}

    /** A batch of so many transactions became durable, this long after the first of them was judged. */
    default void committed(int transactions, long millis) {}

    /** A transaction was voided. */
    default void rejected(String code) {}

    /** A session did not keep up and gets one joined update later. */
    default void fellBehind() {}

    /** A session that was behind got its joined update. */
    default void resynced() {}

    /** Bytes of an editor did not decode; it has lost its seat. */
    default void malformed() {}

    /** A content became an engine, because somebody writes to it or reads its types. */
    default void contentHeated() {}

    /** A content went back to bytes. */
    default void contentCooled() {}

    /** A change of an editor waits for earlier ones that have not come. */
    default void contentStalled() {}

    /** An editor holds what is of another document, or of another life of this one. */
    default void lineageRefused() {}

    /** An editor that came held changes that the document lacked: made while it was offline, or lost here. It is asked for them. */
    default void editorAhead() {}

    /** An editor gave back changes of several clients of whom the document had less: the server had lost them. */
    default void contentHealed() {}

    /** A session held confirmed state that is not here any more; it is told that this is another life of the document. */
    default void sessionAhead() {}

    /** Two have written different things under one name of an event. The one who came second has lost its session. */
    default void equivocated() {}

    /** A document was deleted. */
    default void deleted() {}

    /** A deleted document lives again, as it was or begun anew. */
    default void revived() {}

    /** A guard has decided about a read, or a write, of somebody who showed a session token or asked for a level. */
    default void decided(ReadOutcome outcome) {}

    /** A stored document failed its checks. */
    default void corrupt(String document) {}
}
