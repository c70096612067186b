package dev.rejoin.client;

import dev.rejoin.crdt.clock.ReplicaId;
import java.time.Instant;
import java.util.List;

/**
 * A register that this client has written shows what another has written.
 *
 * @param path the keys from the root to the register
 * @param mine what this client had written
 * @param theirs what it shows now
 * @param by the replica that has written it; who that is, its presence may tell
 * @param at when, by the clock of that replica
 * @param isConcurrent whether they did not know of the own write, which then is still among the register's {@code conflicts()}; otherwise they have overwritten it knowingly
 */
public record Superseded(
        List<String> path, Object mine, Object theirs, ReplicaId by, Instant at, boolean isConcurrent) {
    /** Takes a copy of the path. */
    public Superseded {
        path = List.copyOf(path);
    }
}
