package dev.rejoin.server;

import dev.rejoin.consistency.session.Freshness;
import dev.rejoin.consistency.session.Origins;
import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.server.replication.Dialler;
import dev.rejoin.server.replication.Line;
import dev.rejoin.server.replication.LineEnd;
import dev.rejoin.server.replication.LinkFaults;
import dev.rejoin.server.replication.LinkStatus;
import dev.rejoin.server.replication.Replication;
import dev.rejoin.server.replication.ReplicationObserver;
import dev.rejoin.server.replication.ReplicationOptions;
import dev.rejoin.server.room.OtherServers;
import dev.rejoin.server.room.RoomLoop;
import dev.rejoin.server.room.Rooms;
import dev.rejoin.server.transport.EventLoops;
import dev.rejoin.server.transport.Wire;
import dev.rejoin.server.transport.WireDialler;
import dev.rejoin.sync.session.ClusterSecret;
import dev.rejoin.sync.session.LinkOptions;
import dev.rejoin.sync.wire.OriginLag;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The other servers of the cluster that a server belongs to. For any thread. */
public final class Peers {
    private static final Logger LOG = LoggerFactory.getLogger(Peers.class);
    static final Duration RESOLVE_EVERY = Duration.ofSeconds(10);

    private static final String PATH = "/peers";
    private static final long CLOSE_MILLIS = 2_000;

    /** Finds the addresses of a name. */
    @FunctionalInterface
    interface Resolver {
        InetAddress[] resolve(String host) throws UnknownHostException;
    }

    private final Replication replication;
    private final RoomLoop loop;

    private Peers(Replication replication, RoomLoop loop) {
        this.replication = replication;
        this.loop = loop;
    }

    /**
     * What the settings say about the cluster; empty if they name no secret.
     *
     * @throws BadOptionException naming the setting that lacks another, or whose file cannot be used
     */
    static Optional<ClusterSecret> secret(ServerConfig config) {
        Optional<Path> file = config.get(ServerConfig.PEER_SECRET_FILE);
        if (file.isEmpty()) {
            for (Option<?> option : List.of(ServerConfig.PEERS, ServerConfig.PEER_DNS)) {
                Object value = config.get(option);
                if (!value.equals(List.of()) && !value.equals("")) {
                    throw new BadOptionException(option + ": means nothing without " + ServerConfig.PEER_SECRET_FILE);
                }
            }
            return Optional.empty();
        }
        try {
            byte[] bytes = Files.readAllBytes(file.get());
            int end = bytes.length;
            while (end > 0 && (bytes[end - 1] == '\n' || bytes[end - 1] == '\r')) {
                end--;
            }
            return Optional.of(new ClusterSecret(Arrays.copyOf(bytes, end)));
        } catch (IOException failure) {
            throw new BadOptionException(
                    ServerConfig.PEER_SECRET_FILE + ": " + file.get() + " cannot be read: " + failure);
        } catch (IllegalArgumentException tooShort) {
            throw new BadOptionException(ServerConfig.PEER_SECRET_FILE + ": " + tooShort.getMessage());
        }
    }

    /** @throws BadOptionException if the certificates that peers may have cannot be read */
    static Peers open(
            ServerConfig config,
            ClusterSecret secret,
            Rooms rooms,
            EventLoops loops,
            long log,
            long opening,
            TimeSource time,
            RandomGenerator random,
            ReplicationObserver observer) {
        RoomLoop loop = loops.roomLoops().get(0);
        long maxState = 4 * config.get(ServerConfig.MAX_DOCUMENT);
        Replication replication = new Replication(
                rooms,
                loop,
                secret,
                LinkOptions.of(
                        config.get(ServerConfig.CLUSTER), log, opening, Math.min(maxState, Integer.MAX_VALUE / 2)),
                ReplicationOptions.DEFAULTS,
                dialler(wires(config, loops), loop),
                time,
                random,
                observer);
        return new Peers(replication, loop);
    }

    private static WireDialler wires(ServerConfig config, EventLoops loops) {
        Optional<Path> trusted = config.get(ServerConfig.PEER_CA);
        try {
            return new WireDialler(loops, trusted.orElse(null));
        } catch (IllegalArgumentException | IOException unusable) {
            throw new BadOptionException(ServerConfig.PEER_CA + ": " + trusted.orElseThrow()
                    + " is no file of certificates (PEM): " + unusable.getMessage());
        }
    }

    /** The cluster as the rooms ask it, which are there before it is. */
    static OtherServers asOthers(Supplier<@Nullable Peers> cluster) {
        return new OtherServers() {
            @Override
            public Origins origins(String document) {
                Peers peers = cluster.get();
                return peers == null ? Origins.NONE : peers.replication.origins(document);
            }

            @Override
            public Freshness freshness(String document) {
                return () -> {
                    Peers peers = cluster.get();
                    return peers == null ? Long.MAX_VALUE : peers.replication.stalenessMillis();
                };
            }

            @Override
            public List<OriginLag> lag() {
                Peers peers = cluster.get();
                return peers == null ? List.of() : peers.replication.originLags();
            }
        };
    }

    void start(ServerConfig config, ScheduledExecutorService timer, Resolver resolver, Duration every) {
        replication.start();
        List<URI> named = config.get(ServerConfig.PEERS);
        String dns = config.get(ServerConfig.PEER_DNS);
        if (dns.isEmpty()) {
            replication.follow(named);
        } else {
            timer.scheduleWithFixedDelay(
                    () -> resolve(named, dns, resolver), 0, every.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void resolve(List<URI> named, String dns, Resolver resolver) {
        int colon = dns.lastIndexOf(':');
        List<URI> all = new ArrayList<>(named);
        try {
            for (InetAddress address : resolver.resolve(dns.substring(0, colon))) {
                String host = address.getHostAddress();
                all.add(URI.create("ws://" + (host.contains(":") ? "[" + host + "]" : host) + dns.substring(colon)));
            }
            replication.follow(all);
        } catch (UnknownHostException unknown) {
            LOG.warn("{} does not resolve; the peers stay as they are", dns);
        }
    }

    private static Dialler dialler(WireDialler wires, RoomLoop loop) {
        return new Dialler() {
            @Override
            public void dial(URI peer, Function<Line, LineEnd> opened, Consumer<String> failed) {
                wires.dial(
                        peer.resolve(PATH),
                        wire -> end(wire, opened, loop),
                        why -> loop.execute(() -> failed.accept(why)));
            }
        };
    }

    /** The end of a wire that another server has opened. */
    Wire.End accept(Wire wire) {
        return end(wire, replication::accept, loop);
    }

    private static Wire.End end(Wire wire, Function<Line, LineEnd> opened, RoomLoop loop) {
        LineEnd[] end = new LineEnd[1];
        loop.execute(() -> end[0] = opened.apply(new Line() {
            @Override
            public void send(byte[] frame) {
                wire.send(frame);
            }

            @Override
            public boolean hasRoom() {
                return wire.hasRoom();
            }

            @Override
            public void read(boolean on) {
                wire.read(on);
            }

            @Override
            public void close() {
                wire.close();
            }
        }));
        return new Wire.End() {
            @Override
            public void received(byte[] message) {
                loop.execute(() -> end[0].received(message));
            }

            @Override
            public void drained() {
                loop.execute(() -> end[0].drained());
            }

            @Override
            public void closed() {
                loop.execute(() -> end[0].closed());
            }
        };
    }

    /** Follows these servers and no others any more, until a setting or a name says otherwise. */
    public void follow(List<URI> servers) {
        replication.follow(servers);
    }

    /** How the server follows each of its peers; at most a second old. */
    public List<LinkStatus> links() {
        return replication.links();
    }

    /** What a test, or a demonstration, does to what comes from the peer at this address. */
    public LinkFaults faults(URI peer) {
        return replication.faults(peer.toString());
    }

    Replication replication() {
        return replication;
    }

    void close() {
        try {
            replication.close().toCompletableFuture().get(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException late) {
            LOG.info("links to peers are closed without a farewell");
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
