package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.server.replication.LinkFaults;
import dev.rejoin.sync.wire.Presence;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What sessions at one server show to those at another one, over real sockets of loopback. Editors: {@code EditorsOnTwoServersIT}. */
class PresenceBetweenServersIT {
    private static final long PATIENCE_MILLIS = 60_000;
    private static final String DOCUMENT = "d";

    @TempDir
    private Path directory;

    private final List<AutoCloseable> open = new ArrayList<>();
    private SyncServer a;
    private SyncServer b;

    @BeforeEach
    void start() throws Exception {
        Files.writeString(directory.resolve("secret"), "a secret that nobody knows, of enough bytes");
        a = server();
        b = server();
        follow(a, b);
        follow(b, a);
        awaitLink(a);
        awaitLink(b);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    @Test
    void whoComesSeesWhoIsThereAndWhatTheyShowFromThen() throws Exception {
        TestPeer ann = at(a);
        show(ann, "one");
        TestPeer bob = at(b);
        assertShows("one", bob);
        show(ann, "two");
        assertShows("two", bob);
        show(bob, "here too");
        assertShows("here too", ann);
        ann.close();
        assertShows("", bob);
    }

    @Test
    void ofManyMovesInAShortWhileTheLastOneArrives() throws Exception {
        TestPeer ann = at(a);
        TestPeer bob = at(b);
        show(ann, "first");
        assertShows("first", bob);
        int round = 0;
        do { // a short while may take long on a machine with other work
            assertTrue(round < 20, "each of the moves was told");
        } while (heardOf(15, ++round, ann, bob) == 15);
    }

    /** How many of so many moves are told, the last one among them. */
    private static int heardOf(int moves, int round, TestPeer ann, TestPeer bob) throws Exception {
        String move = "round " + round + ", move ";
        for (int i = 1; i <= moves; i++) {
            show(ann, move + i);
        }
        int heard = 1;
        while (!text(bob.next(Presence.class)).equals(move + moves)) {
            heard++;
        }
        return heard;
    }

    @Test
    void withTheLinkThoseAtItsOtherEndAreGoneAndComeBackWithIt() throws Exception {
        TestPeer ann = at(a);
        show(ann, "here");
        TestPeer bob = at(b);
        assertShows("here", bob);
        faults(b, a).cut(true);
        assertShows("", bob);
        show(ann, "moved while nobody could see it");
        faults(b, a).heal();
        assertShows("moved while nobody could see it", bob);
    }

    @Test
    void whoLeftWhileTheLinkWasCutIsNotThereAfterwards() throws Exception {
        TestPeer ann = at(a);
        show(ann, "here");
        TestPeer eve = at(a);
        TestPeer bob = at(b);
        assertShows("here", bob);
        faults(b, a).cut(true);
        assertShows("", bob);
        ann.close();
        assertShows("here", eve);
        assertShows("", eve);
        show(eve, "alone");
        faults(b, a).heal();
        assertShows("alone", bob);
    }

    @Test
    void whereNobodyIsNothingIsTold() throws Exception {
        TestPeer ann = at(a);
        TestPeer elsewhere = TestPeer.random().connect(sync(b));
        open.add(elsewhere);
        elsewhere.hello("another document");
        show(ann, "here");
        TestPeer bob = at(b);
        assertShows("here", bob);
        assertEquals(0, elsewhere.waiting());
    }

    @Test
    void aDelayMakesItLateAndNotLost() throws Exception {
        faults(b, a).delay(Duration.ofMillis(300));
        TestPeer bob = at(b);
        TestPeer ann = at(a);
        show(ann, "late");
        assertShows("late", bob);
        show(ann, "later");
        assertShows("later", bob);
    }

    @Test
    void ofThreeServersEachIsToldOnce() throws Exception {
        SyncServer c = server();
        follow(a, b, c);
        follow(b, a, c);
        follow(c, a, b);
        awaitLink(c);
        TestPeer bob = at(b);
        TestPeer eve = at(c);
        TestPeer ann = at(a);
        show(ann, "one");
        assertShows("one", bob);
        assertShows("one", eve);
        show(ann, "two");
        assertShows("two", bob);
        assertShows("two", eve);
        assertEquals(0, bob.waiting());
        assertEquals(0, eve.waiting());
    }

    private static void assertShows(String expected, TestPeer peer) throws Exception {
        assertEquals(expected, text(peer.next(Presence.class)));
    }

    private static String text(Presence presence) {
        return new String(presence.payload(), StandardCharsets.UTF_8);
    }

    private static void show(TestPeer peer, String text) throws Exception {
        peer.send(new Presence(0, text.getBytes(StandardCharsets.UTF_8)));
    }

    private TestPeer at(SyncServer server) throws Exception {
        TestPeer peer = TestPeer.random().connect(sync(server));
        open.add(0, peer);
        peer.hello(DOCUMENT);
        return peer;
    }

    private static URI sync(SyncServer server) {
        return URI.create("ws://127.0.0.1:" + server.port() + "/sync");
    }

    private SyncServer server() throws Exception {
        SyncServer server = SyncServer.builder()
                .config(ServerConfig.DEFAULTS.with(
                        ServerConfig.PEER_SECRET_FILE, Optional.of(directory.resolve("secret"))))
                .port(0)
                .log(new dev.rejoin.server.storage.MemoryDeltaLog())
                .start();
        open.add(server);
        return server;
    }

    private static URI address(SyncServer server) {
        return URI.create("ws://127.0.0.1:" + server.port());
    }

    private static void follow(SyncServer follower, SyncServer... followed) {
        follower.peers()
                .orElseThrow()
                .follow(List.of(followed).stream()
                        .map(PresenceBetweenServersIT::address)
                        .toList());
    }

    private static LinkFaults faults(SyncServer follower, SyncServer followed) {
        return follower.peers().orElseThrow().faults(address(followed));
    }

    private static void awaitLink(SyncServer server) throws InterruptedException {
        long until = System.currentTimeMillis() + PATIENCE_MILLIS;
        while (server.peers().orElseThrow().links().isEmpty()
                || !server.peers().orElseThrow().links().stream().allMatch(link -> link.caughtUp())) {
            assertTrue(System.currentTimeMillis() < until, "no link");
            Thread.sleep(20);
        }
    }
}
