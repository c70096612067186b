package dev.rejoin.crdt.laws;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.clock.Version;
import java.util.function.Function;
import java.util.function.LongSupplier;

/** The library under the laws. */
final class EngineBackend implements Backend {
    /** Makes a peer of a replica by a wall clock. */
    interface Maker {
        Peer create(dev.rejoin.crdt.clock.ReplicaId replica, dev.rejoin.crdt.clock.TimeSource time);
    }

    private final Maker maker;

    private EngineBackend(Maker maker) {
        this.maker = maker;
    }

    static EngineBackend of(Maker maker) {
        return new EngineBackend(maker);
    }

    /** Stand-alone objects of a type that needs no clock. */
    static EngineBackend standalone(
            Function<dev.rejoin.crdt.clock.ReplicaId, ? extends dev.rejoin.crdt.ReplicatedObject> type) {
        return new EngineBackend((replica, time) -> new EnginePeer(type.apply(replica)));
    }

    @Override
    public Peer create(long replica, LongSupplier millis) {
        return maker.create(dev.rejoin.crdt.clock.ReplicaId.of(replica), millis::getAsLong);
    }

    @Override
    public byte[] join(byte[] a, byte[] b) {
        return Delta.decode(a).join(Delta.decode(b)).encode();
    }

    @Override
    public String relation(byte[] a, byte[] b) {
        return Version.decode(a).relation(Version.decode(b)).name();
    }
}
