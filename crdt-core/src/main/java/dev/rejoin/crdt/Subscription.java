package dev.rejoin.crdt;

/** A listener's registration; closing it ends the calls. */
public interface Subscription extends AutoCloseable {
    /** Ends the calls; closing again does nothing. */
    @Override
    void close();
}
