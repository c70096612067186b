package dev.rejoin.crdt.document;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.Change;
import dev.rejoin.crdt.CommitEvent;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.DotRange;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.ObjectKey;
import dev.rejoin.crdt.ObjectType;
import dev.rejoin.crdt.PendingTransaction;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DocumentTest {
    private static Document replica(long id) {
        return Document.builder().replica(ReplicaId.of(id)).build();
    }

    private static Document judged(long id) {
        return Document.builder().replica(ReplicaId.of(id)).judged(true).build();
    }

    private static void sync(Document a, Document b) {
        a.merge(b.deltaSince(a.version()));
        b.merge(a.deltaSince(b.version()));
        assertArrayEquals(a.state().encode(), b.state().encode());
    }

    @Test
    void removeLosesToConcurrentAdd() {
        Document a = replica(1);
        Document b = replica(2);
        a.set("tags", ValueCodec.STRING).add("x");
        sync(a, b);
        a.set("tags", ValueCodec.STRING).remove("x");
        b.set("tags", ValueCodec.STRING).add("x");
        sync(a, b);
        assertTrue(a.set("tags", ValueCodec.STRING).contains("x"));
        a.removeWinsSet("rw", ValueCodec.STRING).add("y");
        sync(a, b);
        a.removeWinsSet("rw", ValueCodec.STRING).remove("y");
        b.removeWinsSet("rw", ValueCodec.STRING).add("y");
        sync(a, b);
        assertFalse(b.removeWinsSet("rw", ValueCodec.STRING).contains("y"));
    }

    @Test
    void resetTakesBackTheObservedAndSparesTheConcurrent() {
        Document a = replica(1);
        Document b = replica(2);
        a.counter("n").increment(5);
        b.counter("n").increment(7);
        sync(a, b);
        assertEquals(12, a.counter("n").value());
        a.counter("n").reset();
        b.counter("n").increment(3);
        sync(a, b);
        assertEquals(3, a.counter("n").value());
        assertEquals(3, b.counter("n").value());
        a.counter("n").increment();
        sync(a, b);
        assertEquals(4, b.counter("n").value());
    }

    @Test
    void aTransactionThatThrowsLeavesNothing() {
        Document a = replica(1);
        a.set("tags", ValueCodec.STRING).add("x");
        a.counter("n").increment(2);
        byte[] before = a.state().encode();
        assertThrows(
                IllegalStateException.class,
                () -> a.transact(() -> {
                    a.set("tags", ValueCodec.STRING).remove("x");
                    a.set("tags", ValueCodec.STRING).add("y");
                    a.counter("n").increment(5);
                    a.register("title", ValueCodec.STRING).set("t");
                    throw new IllegalStateException("no");
                }));
        assertArrayEquals(before, a.state().encode());
        assertEquals(Map.of("tags", List.of("x"), "n", 2L), a.toMap());
    }

    @Test
    void refusingAnEarlierWriteLeavesTheLaterOnesMeaningTheSame() {
        Document server = replica(9);
        server.register("title", ValueCodec.STRING).set("old");
        Document client = judged(1);
        client.confirm(server.state(), 0, List.of());
        client.register("title", ValueCodec.STRING).set("refused");
        client.register("title", ValueCodec.STRING).set("kept");
        client.counter("n").increment(5);
        client.counter("n").increment(3);
        client.counter("n").reset();
        client.counter("n").increment(1);
        assertEquals("kept", client.register("title", ValueCodec.STRING).get());
        assertEquals(1, client.counter("n").value());
        List<PendingTransaction> pending = client.pending();
        for (int i = 0; i < pending.size(); i++) {
            boolean refuse = i == 0 || i == 2;
            PendingTransaction p = pending.get(i);
            server.merge(refuse ? Delta.voided(client.replica(), p.first(), p.last()) : p.delta());
            client.confirm(Delta.EMPTY, p.last(), refuse ? List.of(new DotRange(p.first(), p.last())) : List.of());
        }
        assertEquals("kept", client.register("title", ValueCodec.STRING).get());
        assertEquals(List.of(), client.register("title", ValueCodec.STRING).conflicts());
        assertEquals(1, client.counter("n").value());
        assertArrayEquals(server.state().encode(), client.state().encode());
    }

    @Test
    void refusedRemovalShowsTheElementAgainWithoutFlicker() {
        Document server = replica(9);
        server.set("tags", ValueCodec.STRING).add("x");
        Document client = judged(1);
        client.confirm(server.state(), 0, List.of());
        List<CommitEvent> events = new ArrayList<>();
        client.onCommit(events::add);
        client.set("tags", ValueCodec.STRING).remove("x");
        client.set("tags", ValueCodec.STRING).add("forbidden");
        assertEquals(List.of("forbidden"), client.set("tags", ValueCodec.STRING).elements());
        assertTrue(client.isPending(ObjectKey.root(ObjectType.OR_SET, "tags"), "x"));
        client.confirm(Delta.EMPTY, 1, List.of(new DotRange(1, 1)));
        client.confirm(Delta.EMPTY, 2, List.of());
        assertEquals(3, events.size());
        assertEquals(
                new Change.SetChange(ObjectKey.root(ObjectType.OR_SET, "tags"), List.of("x"), List.of()),
                events.get(2).changes().get(0));
        assertEquals(
                List.of("forbidden", "x"), client.set("tags", ValueCodec.STRING).elements());
    }

    @Test
    void aReloadedReplicaShowsWhatWasPending() {
        Document server = replica(9);
        server.set("tags", ValueCodec.STRING).add("x");
        Document client = judged(1);
        client.confirm(server.state(), 0, List.of());
        client.set("tags", ValueCodec.STRING).remove("x");
        client.map("m").map("n").counter("c").increment(4);
        Document reloaded = judged(1);
        reloaded.restore(client.confirmedState(), client.pending(), client.issued());
        assertEquals(client.toMap(), reloaded.toMap());
        assertEquals(client.pending(), reloaded.pending());
        reloaded.confirm(Delta.EMPTY, 2, List.of(new DotRange(1, 1)));
        assertEquals(Map.of("tags", List.of("x"), "m", Map.of("n", Map.of("c", 4L))), reloaded.toMap());
    }

    @Test
    void aSnapshotStaysAsItWas() {
        Document a = replica(1);
        for (int i = 0; i < 1000; i++) {
            a.set("tags", ValueCodec.LONG).add((long) i);
        }
        Snapshot snapshot = a.snapshot();
        byte[] before = a.state().encode();
        for (int i = 0; i < 1000; i += 3) {
            a.set("tags", ValueCodec.LONG).remove((long) i);
        }
        a.counter("n").increment();
        assertArrayEquals(before, snapshot.state().encode());
        assertEquals(1000, snapshot.set("tags", ValueCodec.LONG).size());
        assertEquals(666, a.set("tags", ValueCodec.LONG).size());
    }

    @Test
    void deltaSinceBringsRemovalsFromRecentHistoryAndFromTheStateAlike() {
        Document a = replica(1);
        Document b = replica(2);
        for (int i = 0; i < 3000; i++) {
            a.set("tags", ValueCodec.LONG).add((long) i);
        }
        sync(a, b);
        Version version = b.version();
        a.set("tags", ValueCodec.LONG).remove(5L);
        Delta recent = a.deltaSince(version);
        assertEquals(0, recent.cellCount());
        assertTrue(recent.encode().length < 40, () -> "bytes " + recent.encode().length);
        for (int i = 100; i < 2500; i++) {
            a.set("tags", ValueCodec.LONG).remove((long) i);
        }
        sync(a, b);
        assertEquals(599, b.set("tags", ValueCodec.LONG).size());
    }

    @Test
    void foldingAmountsKeepsTheValueAndConcurrentResetsExact() {
        Document server = replica(9);
        Document client = judged(1);
        for (int i = 1; i <= 10; i++) {
            client.counter("n").increment(i);
        }
        for (PendingTransaction p : client.pending()) {
            server.merge(p.delta());
        }
        client.confirm(Delta.EMPTY, 10, List.of());
        client.counter("n").reset();
        Delta fold = server.fold(Map.of(client.replica(), 10L), 2);
        assertEquals(55, server.counter("n").value());
        server.merge(client.pending().get(0).delta());
        client.confirm(fold, client.issued(), List.of());
        assertEquals(0, server.counter("n").value());
        assertEquals(0, client.counter("n").value());
        assertArrayEquals(server.state().encode(), client.state().encode());
    }

    @Test
    void mapsRemoveWhatTheyHaveObserved() {
        Document a = replica(1);
        Document b = replica(2);
        a.map("m").counter("c").increment(3);
        a.map("m").map("deep").set("s", ValueCodec.STRING).add("x");
        sync(a, b);
        a.transact(() -> {
            a.map("m").remove("c");
            a.map("m").remove("deep");
        });
        b.map("m").counter("c").increment();
        sync(a, b);
        assertEquals(Map.of("m", Map.of("c", 1L)), a.toMap());
        assertEquals(List.of("c"), List.copyOf(b.map("m").keys()));
    }

    @Test
    void describingAndApplyingMeetAgain() {
        Document a = replica(1);
        Document b = replica(2);
        var commit = a.transact(() -> {
            a.set("tags", ValueCodec.STRING).add("x");
            a.counter("n").add(-4);
            a.register("title", ValueCodec.STRING).set("t");
            a.map("m").flag("on").enable();
        });
        assertEquals(commit.mutations(), b.describe(commit.delta()));
        b.apply(commit.mutations());
        assertEquals(a.toMap(), b.toMap());
    }

    private static List<Mutation> mutations(List<String> path, Object element) {
        List<Mutation> all = new ArrayList<>();
        for (ObjectType type : ObjectType.values()) {
            List<Mutation.Op> ops = switch (type) {
                case GCOUNTER -> List.of(Mutation.Op.INCREMENT);
                case PNCOUNTER -> List.of(Mutation.Op.INCREMENT, Mutation.Op.RESET);
                case LWW_REGISTER, MV_REGISTER -> List.of(Mutation.Op.SET, Mutation.Op.CLEAR);
                case OR_SET, RW_SET -> List.of(Mutation.Op.ADD, Mutation.Op.REMOVE, Mutation.Op.CLEAR);
                case FLAG, DW_FLAG -> List.of(Mutation.Op.ENABLE, Mutation.Op.DISABLE);
                case MAP -> List.of(Mutation.Op.REMOVE, Mutation.Op.CLEAR);
            };
            for (Mutation.Op op : ops) {
                all.add(new Mutation(path, type, op, op == Mutation.Op.INCREMENT ? 1 : element));
            }
        }
        return all;
    }

    @Test
    void aMutationSaysWhichCellsItTakesOffFromThoseWhoHaveSeenThem() {
        List<Mutation> all = new ArrayList<>();
        for (List<String> path : List.of(List.of("a"), List.of("m"), List.of("m", "a"), List.of("m", "n", "a"))) {
            all.addAll(mutations(path, "a"));
            all.addAll(mutations(path, "n"));
        }
        int takenOff = 0;
        for (Mutation written : all) {
            Delta delta = judged(1).apply(List.of(written)).delta();
            for (Mutation later : all) {
                Document seen = judged(2);
                seen.confirm(delta, 0, List.of());
                Version claimed = seen.apply(List.of(later)).delta().context();
                delta.forEachCell((replica, counter, object, payload) -> assertEquals(
                        claimed.contains(replica, counter),
                        later.takesOff(object, payload),
                        () -> written + " and then " + later));
                takenOff += claimed.contains(ReplicaId.of(1), 1) ? 1 : 0;
            }
        }
        assertTrue(takenOff > all.size());
    }

    @Test
    void whatIsUnwantedGoesInTheStepThatBringsItAndNobodyIsTold() {
        Document author = replica(1);
        Delta milk = author.set("tags", ValueCodec.STRING).add("milk");
        Document client = judged(2);
        List<CommitEvent> told = new ArrayList<>();
        client.onCommit(told::add);
        List<Delta> takenOff = client.confirm(milk, 0, List.of(), List.of(milk, milk));
        assertEquals(List.of(), client.set("tags", ValueCodec.STRING).elements());
        assertTrue(client.holdsAny(milk));
        assertEquals(Delta.EMPTY, takenOff.get(1));
        assertEquals(List.of(), told);
        // refused, it shows
        client.confirm(Delta.EMPTY, 1, List.of(new DotRange(1, 1)));
        assertEquals(List.of("milk"), client.set("tags", ValueCodec.STRING).elements());
        // accepted, it is gone for everybody
        takenOff = client.confirm(Delta.EMPTY, 0, List.of(), List.of(milk));
        client.confirm(Delta.EMPTY, client.issued(), List.of());
        assertFalse(client.holdsAny(milk));
        author.merge(takenOff.get(0));
        assertEquals(Map.of(), author.toMap());
        assertThrows(IllegalStateException.class, () -> author.confirm(Delta.EMPTY, 0, List.of(), List.of(milk)));
    }

    @Test
    void whatSomebodyElseHasWrittenInItsPlaceIsNotUnwanted() {
        Delta milk = replica(1).set("tags", ValueCodec.STRING).add("milk");
        Delta bread = replica(1).set("tags", ValueCodec.STRING).add("bread");
        Document client = judged(2);
        client.confirm(bread, 0, List.of());
        assertEquals(List.of(Delta.EMPTY), client.confirm(Delta.EMPTY, 0, List.of(), List.of(milk)));
        assertEquals(List.of("bread"), client.set("tags", ValueCodec.STRING).elements());
    }
}
