package dev.rejoin.sync.session;

import java.util.Optional;

/** The transactions of a client without a verdict, in the order of their dots, as its outbox keeps them. */
@FunctionalInterface
public interface PendingWrites {
    /** The first transaction whose dots lie above {@code dot}; empty if there is none. */
    Optional<PendingWrite> after(long dot);
}
