package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.server.storage.MemoryDeltaLog;
import dev.rejoin.sync.wire.Answer;
import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.OriginLag;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Watermark;
import dev.rejoin.sync.wire.Welcome;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Live sessions over the native protocol, at two real servers with a link between them. */
@Timeout(120)
class LiveSessionsIT {
    private static final byte[] NOTHING = {};
    private static final byte[] KEEPS_A_SESSION = SessionToken.EMPTY.encode();
    private static final String DOCUMENT = "d";

    @TempDir
    Path directory;

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private SyncServer a;
    private SyncServer b;

    @BeforeEach
    void start() throws Exception {
        a = server(30_000);
        b = server(-30_000);
        a.peers().orElseThrow().follow(List.of(address(b)));
        b.peers().orElseThrow().follow(List.of(address(a)));
        until("links", () -> caughtUp(a) && caughtUp(b));
        write(a, "before");
        until("the first write", () -> tags(b).equals("[before]"));
    }

    @AfterEach
    void stop() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }

    @Test
    void aServerSaysWhatItHoldsAndThatItIsBehindUntilItHasFetchedTheRest() throws Exception {
        TestPeer reader = peer();
        reader.connect(b.syncUri());
        delay(Duration.ofSeconds(20));
        write(a, "after");
        SessionToken token = token(a);
        Welcome welcome = greet(reader, 0, NOTHING, token.encode());
        assertTrue(welcome.behind());
        assertFalse(PositionVector.decode(welcome.standing().held()).includes(token.reads(DOCUMENT, welcome.epoch())));
        assertEquals("[before]", shown(reader), "what is here is sent at once");
        assertTrue(answer(reader, Answer.OF_HELLO).isShown());
        assertEquals("[before, after]", shown(reader), "the answer comes after what it is about");
        assertTrue(seen.includes(token.reads(DOCUMENT, welcome.epoch())));
        assertTrue(SessionToken.ofRead(DOCUMENT, welcome.epoch(), seen).encode().length <= 64);
    }

    @Test
    void whatAClientHoldsAndAServerLacksIsFetchedBeforeItsWritesAreJudged() throws Exception {
        TestPeer writer = peer();
        writer.connect(a.syncUri());
        Welcome home = greet(writer, 0, NOTHING, KEEPS_A_SESSION);
        delay(Duration.ofSeconds(20));
        Document mine = Document.builder().replica(writer.replica).judged(true).build();
        mine.confirm(writer.state, 0, List.of());
        writer.submit(mine.transact(() -> mine.set("tags", ValueCodec.STRING).add("mine"))
                .delta()
                .encode());
        writer.update();
        TestPeer moved = peer();
        moved.state = writer.state;
        moved.connect(b.syncUri());
        Document there = Document.builder().replica(moved.replica).judged(true).build();
        there.confirm(moved.state, 0, List.of());
        // of what a client holds without a token only all servers together can tell whether it is lost
        Welcome welcome = greet(moved, home.epoch(), there.confirmedVersion().encode(), KEEPS_A_SESSION);
        assertTrue(welcome.behind());
        Delta removal = there.transact(
                        () -> there.set("tags", ValueCodec.STRING).remove("mine"))
                .delta();
        moved.submit(removal.encode());
        Update verdict = moved.update();
        while (verdict.ackedThrough() == 0) {
            verdict = moved.update();
        }
        assertEquals(List.of(), verdict.rejections(), "it removes what it has observed");
        until("the removal", () -> tags(b).equals("[before]") && tags(a).equals("[before]"));
    }

    @Test
    void anAwaitIsAnsweredWhenItsTokenShowsOrItsTimeIsUp() throws Exception {
        TestPeer reader = peer();
        reader.connect(b.syncUri());
        greet(reader, 0, NOTHING, KEEPS_A_SESSION);
        delay(Duration.ofSeconds(20));
        write(a, "after");
        reader.send(new Await(7, token(a).encode(), "", 10_000));
        assertTrue(answer(reader, 7).isShown());
        assertEquals("[before, after]", shown(reader));
        reader.send(new Await(8, never(a).encode(), "", 50));
        assertEquals(Answer.failed(8, "session-not-satisfied"), answer(reader, 8));
        reader.send(new Await(9, NOTHING, "strong", 10_000));
        assertTrue(answer(reader, 9).isShown());
    }

    @Test
    void hostileTokensAreToldByCodeAndTheConnectionLives() throws Exception {
        TestPeer peer = peer();
        peer.connect(b.syncUri());
        Welcome welcome = greet(peer, 0, NOTHING, new byte[] {1, 2, 3});
        assertFalse(welcome.behind());
        assertEquals(Answer.failed(Answer.OF_HELLO, "token-invalid"), answer(peer, Answer.OF_HELLO));
        peer.send(new Await(1, new byte[] {0x11}, "", 1_000));
        assertEquals(Answer.failed(1, "token-invalid"), answer(peer, 1));
        peer.send(new Await(2, NOTHING, "yesterday", 1_000));
        assertEquals(Answer.failed(2, "bad-consistency"), answer(peer, 2));
        SessionToken otherLife = SessionToken.ofWrite(DOCUMENT, welcome.epoch() + 1, new Position(1, 1));
        peer.send(new Await(3, otherLife.encode(), "", 1_000));
        assertEquals(Answer.failed(3, "epoch-changed"), answer(peer, 3));
        byte[] never = never(a).encode();
        for (int i = 0; i < 17; i++) {
            peer.send(new Await(100 + i, never, "", 60_000));
        }
        assertEquals(Answer.failed(116, "overloaded"), answer(peer, 116));
        write(b, "still here");
        while (!shown(peer).contains("still here")) {
            peer.update();
        }
    }

    @Test
    void theLagOfEachOtherServerIsToldAndIsThatOfTheLink() throws Exception {
        TestPeer peer = peer();
        peer.connect(b.syncUri());
        greet(peer, 0, NOTHING, KEEPS_A_SESSION);
        delay(Duration.ofMillis(1_500));
        // with clocks a minute apart; the timeout of the class ends it
        while (Math.abs(lagTold(peer) - 1_500) > 100) {}
    }

    private static long lagTold(TestPeer peer) throws Exception {
        List<OriginLag> all = List.of();
        while (all.isEmpty()) {
            all = peer.next(Watermark.class).standing().lag();
        }
        assertEquals(1, all.size());
        return all.get(0).lagMillis();
    }

    // the two servers

    private SyncServer server(long offsetMillis) throws Exception {
        Path secret = directory.resolve("secret");
        Files.writeString(secret, "a secret that nobody knows, of enough bytes");
        SyncServer server = SyncServer.builder()
                .config(ServerConfig.DEFAULTS.with(ServerConfig.PEER_SECRET_FILE, Optional.of(secret)))
                .port(0)
                .log(new MemoryDeltaLog())
                .time(() -> System.currentTimeMillis() + offsetMillis)
                .start();
        open.push(server);
        return server;
    }

    private static URI address(SyncServer server) {
        return URI.create("ws://127.0.0.1:" + server.port());
    }

    private static boolean caughtUp(SyncServer server) {
        return server.peers().orElseThrow().links().stream().anyMatch(link -> link.caughtUp());
    }

    /** What A sends by itself comes to B so much later from now on. */
    private void delay(Duration delay) {
        b.peers().orElseThrow().faults(address(a)).delay(delay);
    }

    private static void write(SyncServer server, String tag) throws Exception {
        server.document(DOCUMENT)
                .transact(each -> each.set("tags", ValueCodec.STRING).add(tag))
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    private static String tags(SyncServer server) {
        return server.document(DOCUMENT)
                .read()
                .toCompletableFuture()
                .join()
                .map(view -> view.snapshot().set("tags", ValueCodec.STRING).toString())
                .orElse("none");
    }

    /** A token for the last entry of this server. */
    private static SessionToken token(SyncServer server) {
        var view = server.document(DOCUMENT).read().toCompletableFuture().join().orElseThrow();
        return SessionToken.ofRead(
                DOCUMENT,
                view.epoch(),
                PositionVector.of(Position.of(
                        view.position().incarnation(), view.position().sequence())));
    }

    /** A token for what this server, which runs, may admit yet. */
    private static SessionToken never(SyncServer server) {
        var view = server.document(DOCUMENT).read().toCompletableFuture().join().orElseThrow();
        return SessionToken.ofRead(
                DOCUMENT,
                view.epoch(),
                PositionVector.of(Position.of(view.position().incarnation(), 1_000_000)));
    }

    // the client

    private final List<Answer> answers = new ArrayList<>();
    private PositionVector seen = PositionVector.EMPTY;

    private TestPeer peer() {
        TestPeer peer = TestPeer.random();
        open.push(peer);
        return peer;
    }

    private static Welcome greet(TestPeer peer, long epoch, byte[] version, byte[] sessionToken) throws Exception {
        peer.send(new Hello(DOCUMENT, peer.replica.bits(), peer.key, epoch, version, 0, "test", "", sessionToken, 0));
        Welcome welcome = peer.next(Welcome.class);
        peer.update();
        return welcome;
    }

    private static String shown(TestPeer peer) {
        Document document = Document.create();
        document.merge(peer.state);
        return document.set("tags", ValueCodec.STRING).elements().toString();
    }

    /** The answer of this id, with all that comes before it. */
    private Answer answer(TestPeer peer, long id) throws Exception {
        while (true) {
            for (Answer answer : answers) {
                if (answer.id() == id) {
                    answers.remove(answer);
                    return answer;
                }
            }
            if (peer.any() instanceof Watermark watermark) {
                seen = seen.union(PositionVector.decode(watermark.standing().held()));
                answers.addAll(watermark.standing().answers());
            }
        }
    }

    private static void until(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.currentTimeMillis() + 60_000;
        while (!condition.getAsBoolean()) {
            if (System.currentTimeMillis() > deadline) {
                throw new AssertionError("in vain: " + what);
            }
            Thread.sleep(20);
        }
    }
}
