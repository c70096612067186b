package dev.rejoin.conformance.client;

import dev.rejoin.server.ServerConfig;
import dev.rejoin.server.SyncServer;
import dev.rejoin.server.room.MutationValidator;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/** Two real servers of one cluster, each with its own store, with a link between them; and whatever else is to be closed with them. */
final class TwoServers implements AutoCloseable {
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    final SyncServer a;
    final SyncServer b;

    TwoServers(Path directory) throws IOException {
        this(directory, MutationValidator.ACCEPT_ALL);
    }

    /** @param ofA decides about what clients write at A; B takes everything */
    TwoServers(Path directory, MutationValidator ofA) throws IOException {
        Path secret = directory.resolve("secret");
        Files.writeString(secret, "a secret that nobody knows, of enough bytes");
        ServerConfig config = ServerConfig.DEFAULTS.with(ServerConfig.PEER_SECRET_FILE, Optional.of(secret));
        a = keep(SyncServer.builder()
                .config(config)
                .port(0)
                .validator(ofA)
                .data(directory.resolve("a"))
                .start());
        b = keep(SyncServer.builder()
                .config(config)
                .port(0)
                .data(directory.resolve("b"))
                .start());
    }

    <T extends AutoCloseable> T keep(T resource) {
        open.push(resource);
        return resource;
    }

    static URI address(SyncServer server) {
        return URI.create("ws://127.0.0.1:" + server.port());
    }

    /** The two follow each other; B finds A at this address. */
    void meet(URI addressOfA) throws InterruptedException {
        a.peers().orElseThrow().follow(List.of(address(b)));
        b.peers().orElseThrow().follow(List.of(addressOfA));
        while (!caughtUp(a) || !caughtUp(b)) {
            Thread.sleep(10);
        }
    }

    void meet() throws InterruptedException {
        meet(address(a));
    }

    private static boolean caughtUp(SyncServer server) {
        return server.peers().orElseThrow().links().stream().anyMatch(link -> link.caughtUp());
    }

    /** What A sends by itself comes to B so much later from now on; what is pulled comes at once. */
    void slowDown(URI addressOfA, Duration delay) {
        b.peers().orElseThrow().faults(addressOfA).delay(delay);
    }

    void slowDown() {
        slowDown(address(a), Duration.ofMinutes(10));
    }

    @Override
    public void close() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }
}
