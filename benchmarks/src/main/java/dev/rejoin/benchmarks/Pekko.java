package dev.rejoin.benchmarks;

import com.typesafe.config.ConfigFactory;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.cluster.UniqueAddress;
import org.apache.pekko.cluster.ddata.ORSet;
import org.apache.pekko.cluster.ddata.ReplicatedDelta;
import org.apache.pekko.cluster.ddata.SelfUniqueAddress;
import org.apache.pekko.cluster.ddata.protobuf.ReplicatedDataSerializer;

/**
 * The peer: Apache Pekko Distributed Data's types, used as plain values without a cluster.
 *
 * <p>Its serialiser needs an actor system for its configuration; nothing is started on a socket.
 */
final class Pekko implements AutoCloseable {
    private final ActorSystem system;
    private final ReplicatedDataSerializer serializer;

    Pekko() {
        system = ActorSystem.create(
                "peer",
                ConfigFactory.parseString("pekko.loglevel = off, pekko.stdout-loglevel = off, "
                                + "pekko.actor.provider = local, pekko.jvm-shutdown-hooks = off")
                        .withFallback(ConfigFactory.load()));
        serializer = new ReplicatedDataSerializer((ExtendedActorSystem) system);
    }

    /** The address of replica {@code number}, as long as a real one is. */
    static SelfUniqueAddress node(int number) {
        Address address = new Address(
                "pekko",
                "system",
                "10." + (number >> 16 & 255) + "." + (number >> 8 & 255) + "." + (number & 255),
                2552);
        return new SelfUniqueAddress(new UniqueAddress(address, 0x9E3779B97F4A7C15L * (number + 1)));
    }

    static ReplicatedDelta deltaOf(ORSet<?> changed) {
        return changed.delta().get();
    }

    /** The bytes that the replicator would put on the wire for this delta or state, its envelope excluded. */
    byte[] encode(Object value) {
        return serializer.toBinary(value);
    }

    /** Reads what {@link #encode} wrote of a value of the same type as {@code sample}. */
    Object decode(byte[] bytes, Object sample) {
        return serializer.fromBinary(bytes, serializer.manifest(sample));
    }

    @Override
    public void close() {
        system.terminate();
    }
}
