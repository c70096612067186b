package dev.rejoin.conformance.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.client.Rejection;
import dev.rejoin.client.SyncClient;
import dev.rejoin.client.SyncStatus;
import dev.rejoin.client.WriteHandle;
import dev.rejoin.client.WriteState;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.server.SyncServer;
import dev.rejoin.server.room.MutationValidator;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * One address that leads to two servers, each with a log of its own. What a client has sent to one of them, and has heard no verdict on, is not sent to the other, which would
 * judge it, too: the two need not agree. Decision 0027.
 */
@Timeout(240)
class OneNameIT {
    private static final long PATIENCE_SECONDS = 60;
    private static final long LARGE = 100;

    @TempDir
    Path directory;

    @Test
    void anIncrementThatTheFirstServerHasTakenIsNotTakenByTheSecondAndCountsOnce() throws Exception {
        try (TwoServers servers = new TwoServers(directory)) {
            OneName name = servers.keep(new OneName(servers.a.port()));
            SyncClient client = servers.keep(client(name));
            WriteHandle counted = strand(name, client, servers, () -> likes(servers.a) == LARGE);
            assertEquals(WriteState.IN_DOUBT, counted.state());
            assertEquals(List.of("unknown-outcome"), codes(client));
            assertEquals(0, likes(servers.b), "the second has not judged it");
            servers.meet();
            counted.accepted().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            until(() -> likes(servers.b) == LARGE);
            until(() -> client.read(d -> d.counter("likes").value()) == LARGE);
            assertEquals(List.of(), client.rejections());
        }
    }

    /** Where both judge it, the second says that it is saved, and it is gone when the two meet. */
    @Test
    void anIncrementThatTheFirstServerHasRefusedIsNotSaidToBeSavedByTheSecond() throws Exception {
        MutationValidator noIncrements =
                change -> change.mutations().stream().anyMatch(mutation -> mutation.op() == Mutation.Op.INCREMENT)
                        ? MutationValidator.Decision.reject("too-much", "no")
                        : MutationValidator.Decision.accept();
        try (TwoServers servers = new TwoServers(directory, noIncrements)) {
            OneName name = servers.keep(new OneName(servers.a.port()));
            SyncClient client = servers.keep(client(name));
            WriteHandle counted = strand(
                    name, client, servers, () -> servers.a.metrics().page().contains("{code=\"too-much\"} 1.0"));
            assertEquals(WriteState.IN_DOUBT, counted.state());
            assertEquals(0, likes(servers.b), "the second has not judged it");
            servers.meet();
            assertEquals(
                    "voided",
                    counted.rejection().get(PATIENCE_SECONDS, TimeUnit.SECONDS).code());
            assertEquals(0L, (long) client.read(d -> d.counter("likes").value()));
            assertEquals(List.of("voided"), codes(client));
        }
    }

    private SyncClient client(OneName name) {
        return SyncClient.builder()
                .url(name.syncUri())
                .document("d")
                .outbox(directory.resolve("box"))
                .build();
    }

    /** The client increments at A, which judges that and is not heard; then the name leads to B, where the client writes on. */
    private static WriteHandle strand(OneName name, SyncClient client, TwoServers servers, BooleanSupplier isJudged)
            throws Exception {
        until(() -> client.sync() == SyncStatus.SYNCHRONIZED);
        name.mute();
        WriteHandle counted = client.write(d -> d.counter("likes").increment(LARGE));
        until(isJudged);
        name.leadTo(servers.b.port());
        client.write(d -> d.set("tags", ValueCodec.STRING).add("at b"))
                .durable()
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return counted;
    }

    private static List<String> codes(SyncClient client) {
        return client.rejections().stream().map(Rejection::code).toList();
    }

    private static long likes(SyncServer server) {
        return server.document("d")
                .read()
                .toCompletableFuture()
                .join()
                .map(view -> view.snapshot().counter("likes"))
                .orElse(0L);
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "in vain");
            Thread.sleep(10);
        }
    }
}
