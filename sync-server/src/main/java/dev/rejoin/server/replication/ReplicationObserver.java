package dev.rejoin.server.replication;

import dev.rejoin.consistency.lag.LagSpike;

/** One who measures replication. Called on its loop; must neither block nor throw. */
public interface ReplicationObserver {
    /** Measures nothing. */
    ReplicationObserver SILENT = new ReplicationObserver() {};

    /** A link to this peer is open. */
    default void linked(String peer) {}

    /** A link to this peer has ended, or could not be opened. */
    default void unlinked(String peer, String why) {}

    /** A peer follows this server, or has ceased to. */
    default void followers(int count) {}

    /** So many bytes came from this peer. */
    default void received(String peer, long bytes) {}

    /** A change of this peer is durable here. */
    default void taken(String peer) {}

    /** A change of this peer follows on what is not here. */
    default void gap(String peer) {}

    /** A document was fetched from this peer, so many bytes of it. */
    default void pulled(String peer, long bytes) {}

    /** A follower did not keep up; what it was to be told is dropped, and it is told which documents to fetch. */
    default void fellBehind() {}

    /** The document is not replicated any more: the reason is {@code conflict} or {@code refused}. */
    default void stopped(String peer, String document, String reason) {}

    /** A peer is much later than usual, or as usual again. */
    default void spike(String peer, LagSpike spike) {}
}
