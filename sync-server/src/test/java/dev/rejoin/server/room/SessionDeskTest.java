package dev.rejoin.server.room;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.Origins;
import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.sync.session.Admission;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.wire.Answer;
import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.Frames;
import dev.rejoin.sync.wire.OriginLag;
import dev.rejoin.sync.wire.ProtocolLimits;
import dev.rejoin.sync.wire.ServerMessage;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Watermark;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What sessions are told of where a room stands. Time, the log and the other servers do what the test says. */
class SessionDeskTest {
    private static final DocumentName NAME = DocumentName.of("notes/1");
    private static final byte[] NOTHING = {};

    private final RoomDesk desk = new RoomDesk();
    private final Others others = new Others();

    /** Servers that have nothing, and cannot all be asked unless it is said that they can. */
    private static final class Others implements OtherServers {
        boolean areReachable;
        List<OriginLag> lag = List.of();

        @Override
        public Origins origins(String document) {
            return new Origins() {
                @Override
                public CompletionStage<PositionVector> heads() {
                    return areReachable
                            ? CompletableFuture.completedFuture(PositionVector.EMPTY)
                            : CompletableFuture.failedFuture(new IllegalStateException("not reached"));
                }
            };
        }

        @Override
        public List<OriginLag> lag() {
            return lag;
        }
    }

    private Peer join(long replica, long epoch, Version version, byte[] token) {
        Peer peer = new Peer(replica);
        peer.seat = desk.rooms()
                .join(NAME, new Seat.Join(peer.replica, new byte[16], epoch, version, 0, false, token), peer);
        desk.commit();
        return peer;
    }

    private Peer join(long replica) {
        return join(replica, 0, Version.EMPTY, SessionToken.EMPTY.encode());
    }

    private SessionToken never(Peer peer) {
        return SessionToken.ofRead(NAME.value(), peer.admitted().epoch(), PositionVector.of(new Position(0xABCDEF, 1)));
    }

    private void pass(long millis) {
        desk.loop.pass(millis);
        desk.commit();
    }

    @Test
    void anAnswerComesAfterWhatItIsAboutAlsoToThoseWhoDoNotKeepUp() {
        Peer slow = join(1);
        Peer author = join(2);
        slow.hasRoom = false;
        author.write("late");
        desk.commit();
        slow.seat.await(new Await(5, NOTHING, "", 1_000));
        desk.commit();
        assertEquals(List.of(), slow.heard, "nothing is queued for it");
        slow.hasRoom = true;
        slow.seat.drained();
        desk.commit();
        assertInstanceOf(Update.class, slow.heard.get(0));
        Watermark answer = assertInstanceOf(Watermark.class, slow.heard.get(1));
        assertEquals(List.of(Answer.shown(5, "local")), answer.standing().answers());
    }

    @Test
    void aServerAloneSaysAtOnceWhatIsLostAndInTimeWhatNeverCame() {
        Peer first = join(1);
        first.write("here");
        desk.commit();
        Peer expecting = join(2, 0, Version.EMPTY, never(first).encode());
        assertTrue(expecting.admitted().behind());
        expecting.write("waits");
        desk.commit();
        assertEquals(0, expecting.acked);
        pass(SessionDesk.WRITES_WAIT_MILLIS);
        assertEquals(1, expecting.acked);
        assertEquals(List.of(Answer.failed(0, "session-not-satisfied")), expecting.answers());
        Peer ahead = join(3, first.admitted().epoch(), version("gone"), NOTHING);
        assertEquals(FailureCode.EPOCH_CHANGED, ahead.failure);
    }

    @Test
    void whatOtherServersMayHaveIsWaitedForAndWhatNobodyHasIsLost() {
        desk.others = others;
        Peer first = join(1);
        first.write("here");
        desk.commit();
        Peer ahead = join(2, first.admitted().epoch(), version("elsewhere"), SessionToken.EMPTY.encode());
        assertTrue(ahead.admitted().behind());
        ahead.write("on top of it");
        pass(600_000);
        assertEquals(0, ahead.acked, "not judged against what it has not seen");
        assertEquals(null, ahead.failure);
        others.areReachable = true;
        pass(2_000);
        assertEquals(FailureCode.EPOCH_CHANGED, ahead.failure);
    }

    @Test
    void questionsOfASessionAreBounded() {
        Peer peer = join(1);
        for (int i = 1; i <= SessionDesk.MAX_ASKED + 1; i++) {
            peer.seat.await(new Await(i, never(peer).encode(), "", Long.MAX_VALUE));
        }
        desk.commit();
        assertEquals(List.of(Answer.failed(SessionDesk.MAX_ASKED + 1, "overloaded")), peer.answers());
        pass(SessionDesk.MAX_WAIT_MILLIS);
        assertEquals(SessionDesk.MAX_ASKED + 1, peer.answers().size());
    }

    @Test
    void lagIsToldWhenItChangesToSpeakOf() {
        desk.others = others;
        others.lag = List.of(lag(20));
        Peer peer = join(1);
        Peer keepsNone = join(2, 0, Version.EMPTY, NOTHING);
        assertEquals(others.lag, peer.admitted().standing().lag());
        assertEquals(List.of(), keepsNone.admitted().standing().lag());
        pass(1_000);
        peer.heard.clear();
        others.lag = List.of(lag(200));
        pass(1_000);
        assertEquals(List.of(), peer.heard);
        others.lag = List.of(lag(300));
        pass(1_000);
        assertEquals(
                others.lag,
                assertInstanceOf(Watermark.class, peer.heard.get(0)).standing().lag());
        assertEquals(1, peer.heard.size());
        assertEquals(List.of(), keepsNone.heard);
    }

    @Test
    void aSessionThatIsOverIsToldNothing() {
        Peer peer = join(1);
        peer.seat.await(new Await(1, never(peer).encode(), "", 1_000));
        peer.seat.leave();
        pass(2_000);
        assertEquals(List.of(), peer.heard);
        assertFalse(peer.admitted().behind());
    }

    private static OriginLag lag(long millis) {
        return new OriginLag(1, millis, 0, 0, 0, 0, false);
    }

    /** Of a document that somebody else has written this into. */
    private static Version version(String tag) {
        Document other = Document.builder().replica(ReplicaId.of(99)).build();
        other.set("tags", ValueCodec.STRING).add(tag);
        return other.version();
    }

    /** A session that remembers what it hears. */
    private static final class Peer implements Outlet {
        final ReplicaId replica;
        final List<ServerMessage> heard = new ArrayList<>();
        private final Document document;
        boolean hasRoom = true;
        long acked;
        private @Nullable Admission admission;

        @Nullable
        FailureCode failure;

        Seat seat;

        @SuppressWarnings("NullAway.Init")
        Peer(long replica) {
            this.replica = ReplicaId.of(replica);
            this.document =
                    Document.builder().replica(this.replica).judged(true).build();
        }

        Admission admitted() {
            return Objects.requireNonNull(admission);
        }

        void write(String tag) {
            seat.submit(document.transact(
                            () -> document.set("tags", ValueCodec.STRING).add(tag))
                    .delta()
                    .encode());
        }

        List<Answer> answers() {
            return heard.stream()
                    .filter(Watermark.class::isInstance)
                    .flatMap(each -> ((Watermark) each).standing().answers().stream())
                    .toList();
        }

        @Override
        public boolean hasRoom() {
            return hasRoom;
        }

        @Override
        public void welcome(Admission welcome, Update first) {
            admission = welcome;
        }

        @Override
        public void update(Update update, int judged) {
            acked = Math.max(acked, update.ackedThrough());
            heard.add(update);
        }

        @Override
        public void relay(byte[] frame, dev.rejoin.sync.wire.Position position) {
            heard.add(Frames.decodeServer(frame, ProtocolLimits.DEFAULT));
        }

        @Override
        public void presence(long session, byte[] payload) {}

        @Override
        public void fail(FailureCode code, String message) {
            failure = code;
        }
    }
}
