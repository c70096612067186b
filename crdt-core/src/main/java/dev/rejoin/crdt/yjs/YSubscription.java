package dev.rejoin.crdt.yjs;

/** A listener's registration with a Yjs document; closing it ends the calls. */
public interface YSubscription extends AutoCloseable {
    /** Ends the calls; closing again does nothing. */
    @Override
    void close();
}
