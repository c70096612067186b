package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.Origins;
import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.server.replication.LinkStatus;
import dev.rejoin.server.room.DocumentView;
import dev.rejoin.server.storage.MemoryDeltaLog;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers that find each other by one name, which each of them resolves to itself too. They have one port and each an address of loopback. */
class PeerNamesIT {
    private static final long PATIENCE_MILLIS = 60_000;
    private static final int LOWEST_PORT = 15_000;
    private static final int HIGHEST_PORT = 30_000;
    private static final String NAME = "cluster.test";
    private static final long NOBODY = 0x1234L;
    private static final Duration BETWEEN_QUESTIONS = Duration.ofMillis(200);

    @TempDir
    private Path directory;

    private final List<SyncServer> servers = new ArrayList<>();
    private volatile String[] addresses = {};

    /** Questions of the server at 127.0.0.1 while the name is unknown. */
    private final AtomicInteger unanswered = new AtomicInteger();

    @AfterEach
    void close() {
        servers.forEach(SyncServer::close);
    }

    @Test
    void aServerIsNoPeerOfItselfAndTheOthersAre() throws Exception {
        addresses = new String[] {"127.0.0.1", "127.0.0.2"};
        SyncServer a = server("127.0.0.1", 0);
        SyncServer b = server("127.0.0.2", a.port());
        for (SyncServer each : servers) {
            await(
                    "one peer",
                    () -> links(each).size() == 1 && links(each).get(0).caughtUp());
        }
        assertEquals("ws://127.0.0.2:" + a.port(), links(a).get(0).peer());
        assertEquals("ws://127.0.0.1:" + a.port(), links(b).get(0).peer());

        write(a, "d", "of a");
        await("the write", () -> tags(b, "d").contains("of a"));
        await(
                "a bound of how stale it is",
                () -> replication(b).stalenessMillis() < 60_000
                        && replication(a).stalenessMillis() < 60_000);
    }

    @Test
    void theHeadsOfAllPeersAreKnownAndWhatNobodyHasIsLost() throws Exception {
        addresses = new String[] {"127.0.0.1", "127.0.0.2"};
        SyncServer a = server("127.0.0.1", 0);
        SyncServer b = server("127.0.0.2", a.port());
        await(
                "links",
                () -> servers.stream()
                        .allMatch(each ->
                                links(each).size() == 1 && links(each).get(0).caughtUp()));
        write(a, "d", "of a");
        DocumentView written = a.document("d")
                .read()
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS)
                .orElseThrow();
        Position own =
                Position.of(written.position().incarnation(), written.position().sequence());

        PositionVector heads =
                replication(b).origins("d").heads().toCompletableFuture().get(60, TimeUnit.SECONDS);
        assertTrue(heads.sequence(own.origin()) >= own.sequence(), heads::toString);

        Origins.Pulled pulled = replication(b)
                .origins("d")
                .pull(PositionVector.EMPTY.with(own).with(new Position(NOBODY, 7)))
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        assertTrue(pulled.held().sequence(own.origin()) >= own.sequence(), pulled::toString);
        assertEquals(PositionVector.EMPTY.with(new Position(NOBODY, 7)), pulled.lost());
    }

    @Test
    void whatIsNotThereIsNotLostWhileAPeerCannotBeAsked() throws Exception {
        addresses = new String[] {"127.0.0.1", "127.0.0.3"};
        SyncServer a = server("127.0.0.1", 0);
        await(
                "an unreached peer",
                () -> links(a).size() == 1 && !links(a).get(0).linked());
        write(a, "d", "x");
        Origins.Pulled pulled = replication(a)
                .origins("d")
                .pull(PositionVector.EMPTY.with(new Position(NOBODY, 7)))
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        assertEquals(PositionVector.EMPTY, pulled.lost());
        assertEquals(
                Optional.empty(),
                replication(a).origins("d").holder(PositionVector.EMPTY.with(new Position(NOBODY, 7))));
    }

    @Test
    void theNameIsAskedAgainAndOneThatIsUnknownChangesNothing() throws Exception {
        addresses = new String[] {"127.0.0.1", "127.0.0.2"};
        SyncServer a = server("127.0.0.1", 0);
        server("127.0.0.2", a.port());
        await("a link", () -> links(a).size() == 1 && links(a).get(0).linked());
        addresses = new String[] {};
        // the second question is asked when the first one has been dealt with
        int before = unanswered.get();
        await("two questions in vain", () -> unanswered.get() >= before + 2);
        assertEquals(1, links(a).size());
        addresses = new String[] {"127.0.0.1"};
        await("nobody left", () -> links(a).isEmpty());
    }

    private SyncServer server(String host, int port) throws Exception {
        Path secret = directory.resolve("secret");
        Files.writeString(secret, "a secret that nobody knows, of enough bytes");
        int known = port == 0 ? freePort() : port;
        SyncServer server = SyncServer.builder()
                .config(ServerConfig.DEFAULTS
                        .with(ServerConfig.PEER_SECRET_FILE, Optional.of(secret))
                        .with(ServerConfig.PEER_DNS, NAME + ":" + known))
                .host(host)
                .port(known)
                .resolver(name -> resolve(host, name), BETWEEN_QUESTIONS)
                .log(new MemoryDeltaLog())
                .start();
        servers.add(server);
        return server;
    }

    private InetAddress[] resolve(String asking, String name) throws UnknownHostException {
        assertEquals(NAME, name);
        String[] now = addresses;
        if (now.length == 0) {
            if (asking.equals("127.0.0.1")) {
                unanswered.incrementAndGet();
            }
            throw new UnknownHostException(name);
        }
        InetAddress[] found = new InetAddress[now.length];
        for (int i = 0; i < now.length; i++) {
            found[i] = InetAddress.getByName(now[i]);
        }
        return found;
    }

    /** A port of loopback that is free now and that the kernel gives to nobody who does not ask for it. */
    private static int freePort() throws IOException {
        Random random = new Random();
        for (int attempt = 0; attempt < 100; attempt++) {
            int port = LOWEST_PORT + random.nextInt(HIGHEST_PORT - LOWEST_PORT);
            try (ServerSocket one = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"));
                    ServerSocket two = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.2"))) {
                assertEquals(one.getLocalPort(), two.getLocalPort());
                return port;
            } catch (IOException taken) {
                continue;
            }
        }
        throw new IOException("no port is free");
    }

    private static List<LinkStatus> links(SyncServer server) {
        return server.peers().orElseThrow().links();
    }

    private static dev.rejoin.server.replication.Replication replication(SyncServer server) {
        return server.peers().orElseThrow().replication();
    }

    private static void write(SyncServer server, String document, String text) throws Exception {
        server.document(document)
                .transact(each -> each.set("tags", ValueCodec.STRING).add(text))
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    private static String tags(SyncServer server, String document) {
        try {
            return server.document(document)
                    .read()
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS)
                    .map(view -> String.valueOf(view.snapshot().toMap().get("tags")))
                    .orElse("none");
        } catch (Exception e) {
            return e.toString();
        }
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long until = System.currentTimeMillis() + PATIENCE_MILLIS;
        while (!condition.getAsBoolean()) {
            assertTrue(System.currentTimeMillis() < until, "in vain: " + what);
            Thread.sleep(20);
        }
    }
}
