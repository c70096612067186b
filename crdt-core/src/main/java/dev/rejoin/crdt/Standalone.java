package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.TimeSource;

/** Makes the small stores that stand-alone objects live in. */
final class Standalone {
    private Standalone() {}

    static ObjectStore store(ReplicaId replica) {
        return new ObjectStore(replica, false, TimeSource.system());
    }

    static ObjectStore store(ReplicaId replica, TimeSource time) {
        return new ObjectStore(replica, false, time);
    }
}
