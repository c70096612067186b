package dev.rejoin.server.room;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.GuardPolicy;
import dev.rejoin.consistency.session.ReadLevel;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.yjs.StateVector;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What a read waits for whose document has to be fetched from another server, and what it does not wait for. */
class PulledReadTest {
    private static final GuardPolicy PATIENT = GuardPolicy.DEFAULT;

    private final List<String> told = new ArrayList<>();
    private final ClusterDesk a = new ClusterDesk(1, 42, entry -> {});
    private final ClusterDesk b = new ClusterDesk(2, 42, this::tell);

    /** On a loop, as replication does it, which may be that of the room. */
    private void tell(Admitted entry) {
        b.loop.execute(() -> told.add("server"));
    }

    private static void add(ClusterDesk desk, String tag) {
        desk.rooms()
                .document(ClusterDesk.NAME)
                .transact(
                        document -> document.register("tag", ValueCodec.STRING).set(tag));
    }

    private CompletableFuture<Optional<GuardedRead<DocumentView>>> readAtB(Excerpt needed) {
        SessionToken token = SessionToken.ofRead(
                ClusterDesk.NAME.value(), needed.epoch(), needed.held().vector());
        CompletableFuture<Optional<GuardedRead<DocumentView>>> read = b.rooms()
                .read(ClusterDesk.NAME, token, ReadLevel.SESSION, PATIENT, () -> true)
                .toCompletableFuture();
        b.loop.run();
        return read;
    }

    private Excerpt writtenAtA(String tag) {
        add(a, tag);
        a.commit();
        return a.lacking(b.holding()).orElseThrow();
    }

    @Test
    void whatAReadHasHadFetchedIsCommittedWithoutRegardToThePace() {
        b.take(writtenAtA("begun"));
        Excerpt more = writtenAtA("read");
        CompletableFuture<Optional<GuardedRead<DocumentView>>> read = readAtB(more);
        assertFalse(read.isDone());
        b.take(more);
        assertTrue(b.log.wasUrgent);
        assertEquals("pulled", read.join().orElseThrow().outcome().label());
    }

    @Test
    void whatNobodyWaitsForKeepsThePace() {
        b.take(writtenAtA("begun"));
        b.take(writtenAtA("fetched, since all documents are compared"));
        assertFalse(b.log.wasUrgent);
        Excerpt more = writtenAtA("read");
        CompletableFuture<Optional<GuardedRead<DocumentView>>> read = readAtB(more);
        add(b, "own");
        b.commit();
        assertFalse(b.log.wasUrgent, "the read does not wait for this");
        assertFalse(read.isDone());
    }

    @Test
    void whoWaitsHereIsAnsweredBeforeOtherServersAreTold() {
        b.take(writtenAtA("begun"));
        Excerpt more = writtenAtA("read");
        told.clear();
        readAtB(more).whenComplete((answer, failure) -> told.add("read"));
        b.take(more);
        assertEquals(List.of("read", "server"), told);
    }

    /** Nobody has been told of what is under way, so no session can ask for it. */
    @Test
    void whatAServerLacksOfDurableObjectsIsToldWhileMoreOfThemIsUnderWay() {
        Excerpt first = writtenAtA("durable");
        add(a, "under way");
        a.loop.run();
        CompletableFuture<Optional<Excerpt>> asked = excerptOfA();
        assertTrue(asked.isDone());
        assertEquals(first.held(), asked.join().orElseThrow().held());
        b.take(asked.join().orElseThrow());
        assertEquals("durable", b.view().orElseThrow().snapshot().toMap().get("tag"));
        a.commit();
        b.take(a.lacking(b.holding()).orElseThrow());
        assertEquals("under way", b.view().orElseThrow().snapshot().toMap().get("tag"));
    }

    @Test
    void contentThatIsUnderWayIsWaitedFor() {
        writtenAtA("durable");
        a.rooms()
                .document(ClusterDesk.NAME)
                .transact(document -> document.content().getText("t").insert(0, "text"));
        a.loop.run();
        CompletableFuture<Optional<Excerpt>> asked = excerptOfA();
        assertFalse(asked.isDone());
        a.commit();
        assertTrue(asked.join().orElseThrow().update().length > 0);
    }

    private CompletableFuture<Optional<Excerpt>> excerptOfA() {
        CompletableFuture<Optional<Excerpt>> asked = a.rooms()
                .excerpt(ClusterDesk.NAME, 5, Version.EMPTY.encode(), StateVector.EMPTY.encode(), false)
                .toCompletableFuture();
        a.loop.run();
        return asked;
    }
}
