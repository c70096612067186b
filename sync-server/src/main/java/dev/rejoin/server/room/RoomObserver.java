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

    /** A stored document failed its checks. */
    default void corrupt(String document) {}
}
