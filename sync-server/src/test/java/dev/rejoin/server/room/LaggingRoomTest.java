package dev.rejoin.server.room;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.rejoin.consistency.session.Origins;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.sync.session.Admission;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.Position;
import dev.rejoin.sync.wire.Update;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Clients that come from another server and hold what this one has not heard yet. */
class LaggingRoomTest {
    private static final DocumentName NAME = DocumentName.of("d");
    private static final Version ELSEWHERE = Version.of(ReplicaId.of(99), 3);

    private final RoomDesk desk = new RoomDesk();

    private static final class Visitor implements Outlet {
        @Nullable
        Admission admission;

        @Nullable
        FailureCode failure;

        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public void welcome(Admission admission, Update first) {
            this.admission = admission;
        }

        @Override
        public void update(Update update, int judged) {}

        @Override
        public void relay(byte[] updateFrame, Position position) {}

        @Override
        public void presence(long session, byte[] payload) {}

        @Override
        public void fail(FailureCode code, String message) {
            failure = code;
        }
    }

    private Visitor come(long replica, long epoch, Version version) {
        Visitor visitor = new Visitor();
        desk.rooms().join(NAME, new Seat.Join(ReplicaId.of(replica), new byte[16], epoch, version, 0, false), visitor);
        desk.commit();
        return visitor;
    }

    private long begun() {
        desk.rooms()
                .document(NAME)
                .transact(document -> document.set("tags", ValueCodec.STRING).add("x"));
        desk.commit();
        Admission admission = come(1, 0, Version.EMPTY).admission;
        assertNotNull(admission);
        return admission.epoch();
    }

    @Test
    void whoHoldsWhatAnotherServerHasIsToldToComeAgainUntilThatIsHeardHere() {
        desk.others = document -> new Origins() {};
        long epoch = begun();
        assertEquals(FailureCode.OVERLOADED, come(2, epoch, ELSEWHERE).failure);
        Document elsewhere = Document.builder().replica(ReplicaId.of(99)).build();
        for (int i = 0; i < 3; i++) {
            elsewhere.counter("n").increment();
        }
        desk.rooms()
                .take(
                        NAME,
                        new Arrival(
                                epoch,
                                elsewhere.state().encode(),
                                new byte[0],
                                HeldPositions.NONE,
                                HeldPositions.NONE.with(9L << 32, 9L << 40, 1)));
        desk.commit();
        assertNull(come(2, epoch, ELSEWHERE).failure);
    }

    @Test
    void whatIsNotHeardWithinAMinuteIsLost() {
        desk.others = document -> new Origins() {};
        long epoch = begun();
        assertEquals(FailureCode.OVERLOADED, come(2, epoch, ELSEWHERE).failure);
        desk.loop.pass(59_000);
        assertEquals(FailureCode.OVERLOADED, come(2, epoch, ELSEWHERE).failure);
        desk.loop.pass(1_000);
        assertEquals(FailureCode.EPOCH_CHANGED, come(2, epoch, ELSEWHERE).failure);
        assertEquals(FailureCode.OVERLOADED, come(3, epoch, ELSEWHERE).failure, "who comes now has his own minute");
    }

    @Test
    void atAServerThatIsAloneItIsLostAtOnce() {
        long epoch = begun();
        assertEquals(FailureCode.EPOCH_CHANGED, come(2, epoch, ELSEWHERE).failure);
    }
}
