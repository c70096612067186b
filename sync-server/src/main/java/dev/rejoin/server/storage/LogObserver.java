package dev.rejoin.server.storage;

/** One who measures a log. Called on the thread of the {@link LogWriter}; must not block or throw. */
public interface LogObserver {
    /** One commit carried {@code entries} batches of together {@code bytes} and took {@code nanos}. */
    default void committed(int entries, long bytes, long nanos) {}

    /** A snapshot was stored and verified, and the entries before it are gone. */
    default void snapshotStored(long bytes, long nanos) {}

    /** A document failed its checks while it was loaded. */
    default void corrupt(CorruptDocumentException failure) {}

    /** The log is out of service. */
    default void storeDown(StoreDownException cause) {}
}
