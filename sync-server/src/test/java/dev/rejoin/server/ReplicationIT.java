package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.server.replication.LinkStatus;
import dev.rejoin.server.room.DocumentView;
import dev.rejoin.server.storage.DeltaLog;
import dev.rejoin.server.storage.MemoryDeltaLog;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers of one cluster, over real sockets of loopback. */
class ReplicationIT {
    private static final long PATIENCE_MILLIS = 60_000;

    @TempDir
    private Path directory;

    private final List<SyncServer> servers = new ArrayList<>();

    @AfterEach
    void close() {
        servers.forEach(SyncServer::close);
    }

    @Test
    void objectsAndContentOfTwoServersBecomeTheSame() throws Exception {
        SyncServer a = server(new MemoryDeltaLog());
        SyncServer b = server(new MemoryDeltaLog());
        meet(a, b);
        write(a, "shared", "from a");
        write(b, "shared", "from b");
        await(
                "both writes on both servers",
                () -> List.of(a, b).stream()
                        .allMatch(each -> tags(each, "shared").contains("from a")
                                && tags(each, "shared").contains("from b")));
        await(
                "the same text on both servers",
                () -> text(a, "shared").length() == 12 && text(a, "shared").equals(text(b, "shared")));
        assertEquals(etag(a, "shared"), etag(b, "shared"));
    }

    @Test
    void whatWasWrittenWhileTheLinkWasCutComesAfterwards() throws Exception {
        SyncServer a = server(new MemoryDeltaLog());
        SyncServer b = server(new MemoryDeltaLog());
        meet(a, b);
        write(a, "d", "before");
        await("the first write", () -> tags(b, "d").equals("[before]"));
        faults(a, b).cut(true);
        faults(b, a).cut(true);
        for (int i = 0; i < 20; i++) {
            write(a, "d", "a" + i);
            write(b, "d", "b" + i);
            write(a, "only-a-" + i, "x");
        }
        faults(a, b).heal();
        faults(b, a).heal();
        await(
                "convergence",
                () -> etag(a, "d").equals(etag(b, "d")) && tags(a, "d").contains("b19"));
        await("the other documents", () -> tags(b, "only-a-19").equals("[x]"));
    }

    @Test
    void whatACatchUpHasLoadedIsLetGoWhenItIsWritten() throws Exception {
        SyncServer a = server(new MemoryDeltaLog());
        SyncServer b = server(new MemoryDeltaLog());
        for (int i = 0; i < 200; i++) {
            write(a, "d" + i, "x");
        }
        b.peers().orElseThrow().follow(List.of(address(a)));
        await("all of it", () -> caughtUp(b, a) && link(b, a).due() == 0);
        await("no document in memory", () -> metric(b, "rejoin_rooms") == 0);
        assertEquals("[x]", tags(b, "d199"));
        assertEquals(1, metric(b, "rejoin_rooms"), "one that somebody reads stays for a while");
    }

    @Test
    void aPeerThatWasNeverHeardOfIsLateAsLongAsItHasBeenWaitedFor() throws Exception {
        SyncServer gone = server(new MemoryDeltaLog());
        URI nobody = address(gone);
        SyncServer b = server(new MemoryDeltaLog());
        gone.close();
        b.peers().orElseThrow().follow(List.of(nobody));
        String labels = "{peer=\"" + nobody + "\"}";
        await("a lag", () -> metric(b, "rejoin_replication_lag_seconds" + labels) > 0);
        double before = metric(b, "rejoin_replication_lag_seconds" + labels);
        await("more of it", () -> metric(b, "rejoin_replication_lag_seconds" + labels) > before);
        assertEquals(Double.NaN, metric(b, "rejoin_replication_watermark_timestamp_seconds" + labels));
        assertEquals(
                List.of(Optional.empty()),
                b.peers().orElseThrow().links().stream().map(LinkStatus::lag).toList());
    }

    private static double metric(SyncServer server, String name) {
        return server.metrics()
                .page()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .sum();
    }

    @Test
    void aChangeThatIsLostOnTheWayIsNoticedAndFetched() throws Exception {
        SyncServer a = server(new MemoryDeltaLog());
        SyncServer b = server(new MemoryDeltaLog());
        meet(a, b);
        faults(b, a).drop(1);
        write(a, "d", "lost");
        write(a, "e", "lost too");
        await(
                "what was lost",
                () -> tags(b, "d").equals("[lost]") && tags(b, "e").equals("[lost too]"));
    }

    @Test
    void aDocumentThatIsDeletedOrBegunAnewIsSoEverywhere() throws Exception {
        SyncServer a = server(new MemoryDeltaLog());
        SyncServer b = server(new MemoryDeltaLog());
        meet(a, b);
        write(a, "d", "old");
        await("the first life", () -> tags(b, "d").equals("[old]"));
        var name = dev.rejoin.sync.session.DocumentName.of("d");
        assertTrue(a.document("d").delete().toCompletableFuture().get(60, TimeUnit.SECONDS));
        await("the deletion", () -> tags(b, "d").equals("deleted"));
        a.document("d").beginAnew().toCompletableFuture().get(60, TimeUnit.SECONDS);
        write(a, "d", "new");
        await("the second life", () -> tags(b, "d").equals("[new]"));
        assertEquals(epoch(a, name.value()), epoch(b, name.value()));
    }

    @Test
    void theLagIsThatOfTheLink() throws Exception {
        SyncServer a = server(new MemoryDeltaLog(), 30_000);
        SyncServer b = server(new MemoryDeltaLog(), -30_000);
        meet(a, b);
        await("a heartbeat", () -> lag(b, a).isPresent());
        faults(b, a).delay(Duration.ofMillis(500));
        await("a lag of half a second", () -> Math.abs(lag(b, a).orElse(0L) - 500) <= 100);
    }

    @Test
    void aServerThatWasKilledHasEverythingAfterItsRestart() throws Exception {
        DeltaLog kept = TestServer.reopenable(new MemoryDeltaLog());
        SyncServer a = server(new MemoryDeltaLog());
        SyncServer b = server(kept);
        meet(a, b);
        write(b, "d", "of the first opening");
        await("the first write", () -> tags(a, "d").contains("of the first opening"));
        b.close();
        write(a, "d", "meanwhile");
        SyncServer again = server(kept);
        meet(a, again);
        write(again, "d", "of the second opening");
        await(
                "all three on both",
                () -> List.of(a, again).stream()
                        .allMatch(each -> tags(each, "d").contains("first")
                                && tags(each, "d").contains("meanwhile")
                                && tags(each, "d").contains("second")));
        assertEquals(etag(a, "d"), etag(again, "d"));
    }

    @Test
    void ofThreeServersTwoThatDoNotReachEachOtherHaveTheThirdBetweenThem() throws Exception {
        SyncServer a = server(new MemoryDeltaLog());
        SyncServer b = server(new MemoryDeltaLog());
        SyncServer c = server(new MemoryDeltaLog());
        a.peers().orElseThrow().follow(List.of(address(c)));
        b.peers().orElseThrow().follow(List.of(address(c)));
        c.peers().orElseThrow().follow(List.of(address(a), address(b)));
        await("links", () -> caughtUp(a, c) && caughtUp(b, c) && caughtUp(c, a) && caughtUp(c, b));
        write(a, "d", "of a");
        write(b, "d", "of b");
        await(
                "both everywhere",
                () -> List.of(a, b, c).stream()
                        .allMatch(each -> tags(each, "d").contains("of a")
                                && tags(each, "d").contains("of b")));
        await(
                "one state",
                () -> etag(a, "d").equals(etag(b, "d")) && etag(b, "d").equals(etag(c, "d")));
    }

    @Test
    void aServerWithAnotherSecretIsRefusedAndNamed() throws Exception {
        SyncServer a = server(new MemoryDeltaLog());
        Path other = directory.resolve("other");
        Files.writeString(other, "another secret that nobody knows, of enough bytes");
        SyncServer stranger = SyncServer.builder()
                .config(ServerConfig.DEFAULTS.with(ServerConfig.PEER_SECRET_FILE, Optional.of(other)))
                .port(0)
                .start();
        servers.add(stranger);
        write(a, "secret", "x");
        stranger.peers().orElseThrow().follow(List.of(address(a)));
        await(
                "a refusal",
                () -> link(stranger, a) != null && link(stranger, a).problem().startsWith("wrong-secret"));
        assertEquals("none", tags(stranger, "secret"));
    }

    @Test
    void twoServersWithOneLogAreTold() throws Exception {
        DeltaLog kept = TestServer.reopenable(new MemoryDeltaLog());
        SyncServer a = server(kept);
        SyncServer copy = server(kept);
        copy.peers().orElseThrow().follow(List.of(address(a)));
        await("an error", () -> link(copy, a) != null && link(copy, a).problem().startsWith("duplicate-log"));
    }

    @Test
    void twoDocumentsOfOneNameAreNeverMerged() throws Exception {
        DeltaLog apart = TestServer.reopenable(new MemoryDeltaLog());
        try (SyncServer alone = SyncServer.builder().port(0).log(apart).start()) {
            write(alone, "d", "of another world");
        }
        SyncServer a = server(new MemoryDeltaLog());
        write(a, "d", "of this world");
        SyncServer b = server(apart);
        meet(a, b);
        write(a, "e", "goes on");
        await("others go on", () -> tags(b, "e").equals("[goes on]"));
        assertEquals("[of this world]", tags(a, "d"));
        assertEquals("[of another world]", tags(b, "d"));
        await(
                "a conflict that is counted",
                () -> b.metrics()
                        .page()
                        .lines()
                        .anyMatch(line ->
                                line.startsWith("rejoin_replication_stopped_total") && line.contains("conflict")));
    }

    @Test
    void bytesOfAStrangerEndTheirConnectionOnly() throws Exception {
        SyncServer a = server(new MemoryDeltaLog());
        SyncServer b = server(new MemoryDeltaLog());
        meet(a, b);
        java.util.Random random = new java.util.Random(7);
        for (int i = 0; i < 20; i++) {
            CountDownLatch closed = new CountDownLatch(1);
            WebSocket socket = HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .buildAsync(address(a).resolve("/peers"), new WebSocket.Listener() {
                        @Override
                        public CompletionStage<?> onClose(WebSocket webSocket, int code, String reason) {
                            closed.countDown();
                            return null;
                        }

                        @Override
                        public void onError(WebSocket webSocket, Throwable error) {
                            closed.countDown();
                        }
                    })
                    .get(60, TimeUnit.SECONDS);
            byte[] bytes = new byte[1 + random.nextInt(200)];
            random.nextBytes(bytes);
            socket.sendBinary(ByteBuffer.wrap(bytes), true).get(60, TimeUnit.SECONDS);
            assertTrue(closed.await(60, TimeUnit.SECONDS), "not closed after " + i);
        }
        write(a, "d", "still here");
        await("replication goes on", () -> tags(b, "d").equals("[still here]"));
    }

    private static boolean caughtUp(SyncServer follower, SyncServer followed) {
        LinkStatus link = link(follower, followed);
        return link != null && link.caughtUp();
    }

    private Optional<Long> lag(SyncServer follower, SyncServer followed) {
        return link(follower, followed).lag().map(reading -> reading.lagMillis());
    }

    private SyncServer server(DeltaLog log) throws Exception {
        return server(log, 0);
    }

    private SyncServer server(DeltaLog log, long offsetMillis) throws Exception {
        Path secret = directory.resolve("secret");
        Files.writeString(secret, "a secret that nobody knows, of enough bytes");
        SyncServer server = SyncServer.builder()
                .config(ServerConfig.DEFAULTS.with(ServerConfig.PEER_SECRET_FILE, Optional.of(secret)))
                .port(0)
                .log(log)
                .time(() -> System.currentTimeMillis() + offsetMillis)
                .start();
        servers.add(server);
        return server;
    }

    private static URI address(SyncServer server) {
        return URI.create("ws://127.0.0.1:" + server.port());
    }

    private static void meet(SyncServer a, SyncServer b) throws Exception {
        a.peers().orElseThrow().follow(List.of(address(b)));
        b.peers().orElseThrow().follow(List.of(address(a)));
        await("links", () -> caughtUp(a, b) && caughtUp(b, a));
    }

    private static LinkStatus link(SyncServer follower, SyncServer followed) {
        return follower.peers().orElseThrow().links().stream()
                .filter(link -> link.peer().equals(address(followed).toString()))
                .findFirst()
                .orElse(null);
    }

    private static dev.rejoin.server.replication.LinkFaults faults(SyncServer follower, SyncServer followed) {
        return follower.peers().orElseThrow().faults(address(followed));
    }

    private static void write(SyncServer server, String document, String text) throws Exception {
        server.document(document)
                .transact(each -> {
                    each.set("tags", dev.rejoin.crdt.ValueCodec.STRING).add(text);
                    each.content().getText("t").insert(0, text);
                })
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    private static Optional<DocumentView> view(SyncServer server, String document) throws Exception {
        return server.document(document).read().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private static String tags(SyncServer server, String document) {
        try {
            return view(server, document)
                    .map(view -> String.valueOf(view.snapshot().toMap().get("tags")))
                    .orElse("none");
        } catch (Exception e) {
            return String.valueOf(e.getMessage()).contains("deleted") ? "deleted" : e.toString();
        }
    }

    private static String text(SyncServer server, String document) {
        try {
            return server.document(document)
                    .content()
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS)
                    .map(view -> view.content().text("t"))
                    .orElse("none");
        } catch (Exception e) {
            return e.toString();
        }
    }

    private static String etag(SyncServer server, String document) {
        try {
            return view(server, document).map(DocumentView::etag).orElse("none");
        } catch (Exception e) {
            return e.toString();
        }
    }

    private static long epoch(SyncServer server, String document) throws Exception {
        return view(server, document).orElseThrow().epoch();
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long until = System.currentTimeMillis() + PATIENCE_MILLIS;
        while (!condition.getAsBoolean()) {
            if (System.currentTimeMillis() > until) {
                throw new AssertionError("in vain: " + what);
            }
            Thread.sleep(20);
        }
    }
}
