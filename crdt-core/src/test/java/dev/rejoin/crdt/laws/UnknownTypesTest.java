package dev.rejoin.crdt.laws;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.document.Document;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** C2: an old node between two new ones carries, merges, snapshots and relays what it does not understand. */
class UnknownTypesTest {
    private static final Address UNKNOWN = new Address(Address.at(Kind.MAP, "m"), 77, "future");

    private static Fragment written() {
        return new Fragment()
                .live(new At(5, 1), new TwinCell(UNKNOWN, new Payload.Value("kept")))
                .live(new At(5, 2), new TwinCell(UNKNOWN, new Payload.Opaque(99, "cafe00")))
                .live(new At(5, 3), new TwinCell(Address.at(Kind.SET, "s"), new Payload.Value("known")))
                .live(new At(5, 4), new TwinCell(UNKNOWN, new Payload.Stamped(12, 3, "stamped")));
    }

    private static void survives(UnaryOperator<byte[]> oldNode) {
        Laws.same(written().encode(), oldNode.apply(written().encode()), "C2: what is unknown is relayed untouched");
        Fragment removal = new Fragment().dead(new At(5, 2)).dead(new At(6, 1));
        Fragment after = Fragment.join(written(), removal);
        byte[] both = Delta.decode(written().encode())
                .join(Delta.decode(removal.encode()))
                .encode();
        Laws.same(after.encode(), oldNode.apply(both), "C2: unknown cells are removed like any other");
    }

    private static byte[] throughADocument(byte[] bytes) {
        Document old = Document.builder().replica(ReplicaId.of(9)).build();
        old.merge(Delta.decode(bytes));
        byte[] snapshot = old.snapshot().state().encode();
        Document restored = Document.builder().replica(ReplicaId.of(10)).build();
        restored.restore(Delta.decode(snapshot), java.util.List.of(), 0);
        return restored.deltaSince(Version.EMPTY).encode();
    }

    @Test
    void unknownTypesAndKindsSurviveMergeSnapshotAndRelay() {
        survives(UnknownTypesTest::throughADocument);
        Document old = Document.builder().replica(ReplicaId.of(9)).build();
        old.merge(Delta.decode(written().encode()));
        assertEquals(java.util.List.of("known"), old.toMap().get("s"), "and what is known beside them is readable");
    }

    @Test
    void theLawCatchesANodeThatDropsWhatItDoesNotKnow() {
        assertThrows(
                AssertionError.class,
                () -> survives(bytes -> {
                    Fragment kept = Fragment.decode(bytes);
                    kept.cells.values().removeIf(cell -> !cell.object().known());
                    return kept.encode();
                }));
    }
}
