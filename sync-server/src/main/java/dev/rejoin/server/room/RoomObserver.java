package dev.rejoin.server.room;

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

    /** A stored document failed its checks. */
    default void corrupt(String document) {}
}
