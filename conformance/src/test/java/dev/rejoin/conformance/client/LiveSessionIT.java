package dev.rejoin.conformance.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.client.ConnectionStatus;
import dev.rejoin.client.NotShownException;
import dev.rejoin.client.PinnedView;
import dev.rejoin.client.SyncClient;
import dev.rejoin.client.SyncStatus;
import dev.rejoin.conformance.process.RoundTrip;
import dev.rejoin.conformance.process.SlowWire;
import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.ReadLevel;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.server.SyncServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sessions of the Java client over two real servers, each with its own store, with a slow link between them. */
@Timeout(120)
class LiveSessionIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long ROUND_TRIP_MILLIS = 40;
    private static final int WARMING_READS = 8_000;
    private static final int MEASURED_READS = 100;

    @TempDir
    Path directory;

    private TwoServers servers;
    private SyncServer a;
    private SyncServer b;

    @BeforeEach
    void start() throws Exception {
        servers = new TwoServers(directory);
        a = servers.a;
        b = servers.b;
    }

    @AfterEach
    void stop() throws Exception {
        servers.close();
    }

    @Test
    void aClientThatMovesKeepsWhatItHasAndWritesOnTopOfIt() throws Exception {
        servers.meet();
        servers.slowDown();
        SlowWire wayToA = servers.keep(new SlowWire(a.port(), 0));
        SyncClient client = servers.keep(SyncClient.builder()
                .urls(List.of(URI.create("ws://127.0.0.1:" + wayToA.port() + "/sync"), b.syncUri()))
                .document("d")
                .moveAfter(Duration.ZERO)
                .build());
        add(client, "at a");
        SessionToken token = client.session().token();
        assertFalse(shownAt(b, "at a"), "the link is too slow for that");
        wayToA.close();
        client.write(d -> d.set("tags", ValueCodec.STRING).remove("at a"))
                .durable()
                .get(60, TimeUnit.SECONDS);
        add(client, "at b");
        assertEquals(List.of(), client.rejections());
        assertEquals(List.of("at b"), client.snapshot().set("tags", ValueCodec.STRING));
        until(() -> shownAt(b, "at b") && !shownAt(b, "at a"));
        until(() -> !client.session().freshness().isBehind());
        assertTrue(client.session().token().includes(token));
    }

    @Test
    void aTokenOfAnotherClientShowsAfterTheFirstRead() throws Exception {
        servers.meet();
        servers.slowDown();
        SyncClient author = at(a);
        add(author, "at a");
        SyncClient reader = servers.keep(SyncClient.builder()
                .url(b.syncUri())
                .document("d")
                .startOffline()
                .build());
        reader.session().observe(author.session().token());
        reader.goOnline();
        List<String> read = reader.session()
                .read(ReadLevel.SESSION, PATIENCE)
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS)
                .set("tags", ValueCodec.STRING);
        assertEquals(List.of("at a"), read);
        until(() -> !reader.session().freshness().isBehind());
    }

    /** Without a session the same read is stale: the control of the test above. */
    @Test
    void withoutItsTokenTheSameReadIsStale() throws Exception {
        servers.meet();
        servers.slowDown();
        SyncClient client = at(a);
        add(client, "at a");
        SyncClient other = reader();
        assertEquals(List.of(), other.snapshot().set("tags", ValueCodec.STRING));
    }

    /** What was here, what had to be fetched, and what cannot be had: the answer says which. */
    @Test
    void anAnswerSaysHowItCameToHoldWhatTheSessionHasSeen() throws Exception {
        servers.meet();
        servers.slowDown();
        SyncClient author = at(a);
        SyncClient reader = reader();
        for (String tag : List.of("first", "second")) {
            add(author, tag);
            SessionToken token = author.session().token();
            HttpResponse<String> fetched = readAtB(token, "wait=20");
            assertEquals("pulled", outcome(fetched), fetched.body());
            assertTrue(fetched.body().contains(tag), fetched.body());
            assertEquals("local", outcome(readAtB(token, "wait=20")));
        }
        b.peers().orElseThrow().faults(TwoServers.address(a)).cut(true);
        add(author, "third");
        SessionToken token = author.session().token();
        assertEquals(503, readAtB(token, "wait=1").statusCode());
        HttpResponse<String> stale = readAtB(token, "wait=1, handling=lenient");
        assertEquals("stale", outcome(stale), stale.body());
        assertFalse(stale.body().contains("third"), stale.body());
    }

    /** Nobody has ever named the document at the server that is asked: it is fetched like anything else that the session has seen. */
    @Test
    void whatWasBegunElsewhereIsFetchedByTheFirstRead() throws Exception {
        servers.meet();
        servers.slowDown();
        SyncClient author = at(a);
        add(author, "begun");
        SessionToken token = author.session().token();
        HttpResponse<String> without = readAtB();
        assertEquals(404, without.statusCode(), "the link is too slow for that");
        HttpResponse<String> fetched = readAtB(token, "wait=20");
        assertEquals("pulled", outcome(fetched), fetched.body());
        assertTrue(fetched.body().contains("begun"), fetched.body());
    }

    /** What cannot be fetched is not there: no empty document stands in for it, and none is left behind. */
    @Test
    void whatWasBegunElsewhereAndCannotBeFetchedIsNotShownAsEmpty() throws Exception {
        servers.meet();
        b.peers().orElseThrow().faults(TwoServers.address(a)).cut(true);
        SyncClient author = at(a);
        add(author, "begun");
        SessionToken token = author.session().token();
        for (String preference : List.of("wait=1", "wait=1, handling=lenient")) {
            HttpResponse<String> refused = readAtB(token, preference);
            assertEquals(503, refused.statusCode(), refused.body());
            assertTrue(refused.body().contains("session-not-satisfied"), refused.body());
        }
        b.peers().orElseThrow().faults(TwoServers.address(a)).cut(false);
        HttpResponse<String> fetched = readAtB(token, "wait=30");
        assertEquals(200, fetched.statusCode(), fetched.body());
        assertTrue(fetched.body().contains("begun"), fetched.body());
    }

    private SyncClient at(SyncServer server) {
        return servers.keep(
                SyncClient.builder().url(server.syncUri()).document("d").build());
    }

    /** A client of B that has all that is there. */
    private SyncClient reader() throws InterruptedException {
        SyncClient reader = at(b);
        until(() -> reader.sync() == SyncStatus.SYNCHRONIZED);
        return reader;
    }

    private HttpResponse<String> readAtB(SessionToken token, String preference) throws Exception {
        return readAtB("Session-Token", token.text(), "Prefer", preference);
    }

    private HttpResponse<String> readAtB(String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(b.uri().resolve("/v1/documents/d"));
        return HttpClient.newHttpClient()
                .send(
                        (headers.length == 0 ? request : request.headers(headers)).build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    private static String outcome(HttpResponse<String> answer) {
        return answer.headers().firstValue("Consistency-Outcome").orElse("");
    }

    @Test
    void aTokenFromSomebodyElseShowsWithoutAnybodyPolling() throws Exception {
        servers.meet();
        servers.slowDown();
        SyncClient author = at(a);
        SyncClient reader = reader();
        add(author, "look at this");
        String link = author.session().token().text();
        reader.session()
                .awaitVisible(SessionToken.parse(link), PATIENCE)
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        assertEquals(List.of("look at this"), reader.snapshot().set("tags", ValueCodec.STRING));
        PositionVector[] beyond = {PositionVector.EMPTY};
        author.session()
                .token()
                .reads("d", epoch(b))
                .forEach((origin, sequence) -> beyond[0] = beyond[0].with(new Position(origin, sequence + 1_000_000)));
        SessionToken never = SessionToken.ofRead("d", epoch(b), beyond[0]);
        ExecutionException late = assertThrows(
                ExecutionException.class,
                () -> reader.session()
                        .awaitVisible(never, Duration.ofMillis(50))
                        .toCompletableFuture()
                        .get(60, TimeUnit.SECONDS));
        assertEquals("session-not-satisfied", ((NotShownException) late.getCause()).code());
        assertEquals(ConnectionStatus.CONNECTED, reader.connection());
    }

    @Test
    void pinsStallNeitherReplicationNorTheClient() throws Exception {
        servers.meet();
        SyncClient reader = reader();
        PinnedView pin = reader.session().pin();
        SyncClient author = at(a);
        for (int i = 0; i < 50; i++) {
            add(author, "t" + i);
        }
        until(() -> reader.snapshot().set("tags", ValueCodec.STRING).size() == 50);
        assertEquals(List.of(), pin.snapshot().set("tags", ValueCodec.STRING));
        assertTrue(pin.behindBy() > 0);
        pin.repin();
        assertEquals(50, pin.snapshot().set("tags", ValueCodec.STRING).size());
    }

    /**
     * A read that has to be pulled costs one round trip between the servers: the links go through a wire of {@value #ROUND_TRIP_MILLIS} ms. Prints what it takes; with
     * {@code -Drejoin.measure=true} on a quiet machine it is held to the round trip, as it is on this machine, and 5 ms at the 95th percentile, else the fastest is held to less than two round trips.
     */
    @Test
    @Timeout(300)
    void aPulledReadTakesOneRoundTripBetweenTheServers() throws Exception {
        /* Where the rest goes
         * -------------------
         * There is no second round trip and no timer in it. Medians of 300 reads while the machine did little else: the commit at B took 0.9 ms, B's answer until the
         * client's future 1.1, the client's question until B's room 0.4, both ways through the wire and the sockets at its ends 0.6 more than an echo; the rest is a
         * dozen hops between threads. That commit has to be waited for: what is shown is claimed, and what is claimed survives a crash (decision 0024).
         *
         * Both servers, both clients and the wire are threads of this process, on two cores. While the compiler of the JVM runs, a thread that is woken up on its core
         * waits for the next tick of the kernel, up to 4 ms (Linux 6.18, 250 ticks a second, no preemption): where the slowest reads were late, it was by about that,
         * mostly in one of three places: on the way to A, at A, or behind the commit. After 2,000 reads the compiler still ran for 8.5 % of the time, and nearly as many
         * reads were late: the 95th percentiles of a dozen runs were 4.9 to 7.8 ms above the round trip, also with the stores in memory. So where times are judged, 8,000
         * reads over the wire without its delay come first; the compiler runs for 2.6 % then. Two judged runs: medians 2.2 and 1.9 ms above the round trip, 95th percentiles
         * 3.7 and 3.3.
         */
        boolean isMeasured = Boolean.getBoolean("rejoin.measure");
        SlowWire wire = servers.keep(new SlowWire(a.port(), ROUND_TRIP_MILLIS / 2));
        URI throughWire = URI.create("ws://127.0.0.1:" + wire.port());
        servers.meet(throughWire);
        servers.slowDown(throughWire, Duration.ofMinutes(10));
        SyncClient author = at(a);
        SyncClient reader = reader();
        if (isMeasured) {
            wire.delay(0);
            for (int i = 0; i < WARMING_READS; i++) {
                pulledRead(author, reader);
            }
            wire.delay(ROUND_TRIP_MILLIS / 2);
        }
        double before = RoundTrip.medianMillis(ROUND_TRIP_MILLIS / 2);
        double[] millis = new double[MEASURED_READS];
        for (int i = 0; i < MEASURED_READS; i++) {
            millis[i] = pulledRead(author, reader);
        }
        double roundTrip = (before + RoundTrip.medianMillis(ROUND_TRIP_MILLIS / 2)) / 2;
        Arrays.sort(millis);
        double median = millis[MEASURED_READS / 2];
        double p95 = millis[MEASURED_READS * 95 / 100];
        System.out.printf(
                "pulled read over a round trip of %.1f ms: median %.1f ms (%.1f above it), p95 %.1f ms (%.1f above it)%n",
                roundTrip, median, median - roundTrip, p95, p95 - roundTrip);
        assertTrue(median >= ROUND_TRIP_MILLIS, "it was not pulled over the wire: " + median);
        assertTrue(millis[0] < 2 * ROUND_TRIP_MILLIS, "not one took less than two round trips: " + millis[0] + " ms");
        if (isMeasured) {
            assertTrue(p95 <= roundTrip + 5, "p95 of " + p95 + " ms");
        }
    }

    /** How long it takes, in milliseconds, until the reader shows one more increment of the author. */
    private static double pulledRead(SyncClient author, SyncClient reader) throws Exception {
        long before = reader.snapshot().counter("reads");
        author.write(d -> d.counter("reads").increment()).durable().get(60, TimeUnit.SECONDS);
        SessionToken token = author.session().token();
        long began = System.nanoTime();
        reader.session().awaitVisible(token, PATIENCE).toCompletableFuture().get(60, TimeUnit.SECONDS);
        double millis = (System.nanoTime() - began) / 1e6;
        assertEquals(before + 1, reader.snapshot().counter("reads"));
        return millis;
    }

    private static void add(SyncClient client, String tag) throws Exception {
        client.write(d -> d.set("tags", ValueCodec.STRING).add(tag)).durable().get(60, TimeUnit.SECONDS);
    }

    private static boolean shownAt(SyncServer server, String tag) {
        return server.document("d")
                .read()
                .toCompletableFuture()
                .join()
                .map(view -> view.snapshot().set("tags", ValueCodec.STRING).contains(tag))
                .orElse(false);
    }

    private static long epoch(SyncServer server) {
        return server.document("d")
                .read()
                .toCompletableFuture()
                .join()
                .orElseThrow()
                .epoch();
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.currentTimeMillis() + 60_000;
        while (!condition.getAsBoolean()) {
            assertTrue(System.currentTimeMillis() < deadline, "in vain");
            Thread.sleep(10);
        }
    }
}
