package dev.rejoin.server.access;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Who may do what with which document. The server asks when a peer opens a document, again when the grant ends, and again
 * when the policy says that something changed. Anything else than a {@link Grant} keeps the peer out, a failure included.
 *
 * <pre>{@code
 * AccessPolicy policy = request -> CompletableFuture.completedFuture(
 *         request.document().startsWith("public/")
 *                 ? new Grant(Principal.ANONYMOUS, Capability.READ, Grant.NEVER)
 *                 : Grant.denied(Denied.FORBIDDEN));
 * }</pre>
 *
 * <p>A policy does not know which documents exist, and what it answers must not depend on it.
 */
@FunctionalInterface
public interface AccessPolicy extends AutoCloseable {
    /** Everybody writes, under no name. */
    AccessPolicy OPEN =
            request -> CompletableFuture.completedFuture(new Grant(Principal.ANONYMOUS, Capability.WRITE, Grant.NEVER));

    /**
     * Decides. Called by the threads that serve sockets, several at a time: it must return at once and complete the stage
     * from a thread of its own if it has to ask somebody, so whoever waits for the answer gets it on
     * any thread. {@link GuardedAccess} denies what takes too long or fails.
     */
    CompletionStage<Access> authorise(AccessRequest request);

    /**
     * Tells when answers given so far may no longer hold, from any thread and never twice at a time for one listener. A
     * policy whose answers hold until they expire has nothing to tell.
     */
    default Subscription onChange(Consumer<AccessChange> listener) {
        return () -> {};
    }

    /** Releases what it holds; whoever made it closes it. */
    @Override
    default void close() {}

    /** An interest that can be ended. */
    interface Subscription extends AutoCloseable {
        /** Ends it; a second time does nothing. */
        @Override
        void close();
    }
}
