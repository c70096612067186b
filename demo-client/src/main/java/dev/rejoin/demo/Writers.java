package dev.rejoin.demo;

import dev.rejoin.server.access.Access;
import dev.rejoin.server.access.AccessChange;
import dev.rejoin.server.access.AccessListeners;
import dev.rejoin.server.access.AccessPolicy;
import dev.rejoin.server.access.AccessRequest;
import dev.rejoin.server.access.Capability;
import dev.rejoin.server.access.Grant;
import dev.rejoin.server.access.Principal;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** Everybody may do everything, until writing is revoked: then everybody may read, except on the stage. */
final class Writers implements AccessPolicy {
    private final AccessListeners listeners = new AccessListeners();
    private volatile boolean isRevoked;

    /** Takes the right to write from everybody, or gives it back; who is connected is told at once. */
    void revoke(boolean revoked) {
        if (revoked != isRevoked) {
            isRevoked = revoked;
            listeners.tell(AccessChange.ALL);
        }
    }

    @Override
    public CompletionStage<Access> authorise(AccessRequest request) {
        boolean mayRead = isRevoked && !request.document().equals(Stage.DOCUMENT);
        return CompletableFuture.completedFuture(
                new Grant(Principal.ANONYMOUS, mayRead ? Capability.READ : Capability.ADMIN, Grant.NEVER));
    }

    @Override
    public Subscription onChange(Consumer<AccessChange> listener) {
        return listeners.add(listener);
    }
}
