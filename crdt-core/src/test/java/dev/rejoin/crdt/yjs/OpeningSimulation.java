package dev.rejoin.crdt.yjs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.clock.CpuTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Opening a document, which has a way of its own, ends as taking the same update in struct by struct does. {@code -Drejoin.tries=N} plays N histories,
 * {@code -Drejoin.seed=S} begins with seed S.
 */
class OpeningSimulation {
    private static final int TRIES = Integer.getInteger("rejoin.tries", 300);

    /** Somebody who opens a document, and hears what comes of it. */
    private static final class Reader {
        final YDoc doc;
        final List<byte[]> told = new ArrayList<>();
        final List<byte[]> toldV2 = new ArrayList<>();

        /** @param watched whether somebody wants to know of types, who is told on the ordinary way only */
        Reader(boolean gc, boolean watched) {
            doc = RandomEdits.document(77, gc);
            if (watched) {
                doc.afterTransaction(transaction -> {});
            }
            doc.onUpdate((update, origin, of) -> told.add(update));
            doc.onUpdateV2((update, origin, of) -> toldV2.add(update));
        }

        ApplyResult open(byte[] update, boolean second) {
            return second ? doc.applyUpdateV2(Updates.convertV1toV2(update)) : doc.applyUpdate(update);
        }
    }

    @Test
    void openingADocumentIsTakingItsStructsInOneByOne() {
        long first = Long.getLong("rejoin.seed", System.nanoTime());
        for (long seed = first; seed < first + TRIES; seed++) {
            try {
                play(new Random(seed));
            } catch (RuntimeException | AssertionError failure) {
                throw new AssertionError(
                        "replay: mvn -pl crdt-core test -Dtest=OpeningSimulation -DargLine=\"-Drejoin.seed=" + seed
                                + " -Drejoin.tries=1\"",
                        failure);
            }
        }
    }

    private static void play(Random random) {
        List<YDoc> docs = new ArrayList<>();
        List<byte[]> updates = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            YDoc doc = RandomEdits.document(1 + random.nextInt(1_000), random.nextInt(3) > 0);
            doc.onUpdate((update, origin, of) -> {
                if (origin == null) {
                    updates.add(update);
                }
            });
            docs.add(doc);
        }
        RandomEdits edits = new RandomEdits(random);
        boolean textOnly = random.nextBoolean();
        for (int step = random.nextInt(120); step >= 0; step--) {
            YDoc at = docs.get(random.nextInt(3));
            if (textOnly) {
                edits.editText(at.getText("text"));
            } else {
                edits.edit(at);
            }
            if (random.nextInt(6) == 0) {
                YDoc other = docs.get(random.nextInt(3));
                at.applyUpdate(other.encodeStateAsUpdate(at.stateVector()), "remote");
            }
        }
        byte[] whole;
        if (random.nextBoolean()) {
            // as a log is merged: runs that were cut in the documents are one again
            List<byte[]> log = new ArrayList<>(updates);
            Collections.shuffle(log, random);
            if (!log.isEmpty() && random.nextInt(8) == 0) {
                log.remove(0);
            }
            whole = Updates.merge(log);
        } else {
            YDoc all = docs.get(0);
            all.applyUpdate(docs.get(1).encodeStateAsUpdate(), "remote");
            all.applyUpdate(docs.get(2).encodeStateAsUpdate(), "remote");
            whole = all.encodeStateAsUpdate();
        }
        boolean gc = random.nextInt(4) > 0;
        boolean second = random.nextInt(3) == 0;
        Reader opened = new Reader(gc, false);
        Reader ordinary = new Reader(gc, true);
        assertEquals(ordinary.open(whole, second), opened.open(whole, second));
        assertEqual(ordinary, opened);
        // and it can be gone on with
        RandomEdits same = new RandomEdits(new Random(1));
        RandomEdits alike = new RandomEdits(new Random(1));
        for (int i = 0; i < 10; i++) {
            same.edit(opened.doc);
            alike.edit(ordinary.doc);
        }
        assertEqual(ordinary, opened);
        YDoc taken = RandomEdits.document(77, gc);
        try {
            taken.transact(() -> {
                taken.applyUpdate(whole);
                throw new IllegalStateException("taken back");
            });
        } catch (IllegalStateException thrown) {
            taken.checkInvariants();
            assertEquals(StateVector.EMPTY, taken.stateVector());
            assertEquals("", taken.getText("text").toString());
        }
    }

    private static void assertEqual(Reader expected, Reader actual) {
        actual.doc.checkInvariants();
        assertEquals(expected.told.size(), actual.told.size());
        for (int i = 0; i < expected.told.size(); i++) {
            assertArrayEquals(expected.told.get(i), actual.told.get(i));
            assertArrayEquals(expected.toldV2.get(i), actual.toldV2.get(i));
        }
        assertArrayEquals(expected.doc.encodeStateAsUpdate(), actual.doc.encodeStateAsUpdate());
        assertArrayEquals(expected.doc.encodeStateAsUpdateV2(), actual.doc.encodeStateAsUpdateV2());
        assertEquals(expected.doc.toJson().toString(), actual.doc.toJson().toString());
        assertEquals(shown(expected.doc), shown(actual.doc));
        assertEquals(expected.doc.deleteSet(), actual.doc.deleteSet());
        assertEquals(expected.doc.pending().missing(), actual.doc.pending().missing());
    }

    /**
     * What a text shows. Two authors may have drawn one client id: then what one of them has put elsewhere may stand in it, and each document has its own handle
     * of that.
     */
    private static List<Object> shown(YDoc doc) {
        List<Object> shown = new ArrayList<>();
        for (TextDelta.Op op : doc.getText("text").toDelta().ops()) {
            TextDelta.Insert insert = (TextDelta.Insert) op;
            shown.add(insert.value() instanceof YType type ? type.toJson() : insert.value());
            shown.add(insert.attributes());
        }
        return shown;
    }

    @Test
    void aCutThroughACharacterIsOneOnEitherWay() {
        YDoc author = RandomEdits.document(1, true);
        author.getText("text").insert(0, "before \ud83d\ude00 after");
        // somebody who counts otherwise has put a letter between the halves
        byte[] torn = {1, 1, 2, 0, (byte) 0xc4, 1, 7, 1, 8, 1, 'x', 0};
        List<byte[]> updates = new ArrayList<>(List.of(author.encodeStateAsUpdate(), torn));
        for (int client = 3; client < 30; client++) {
            YDoc other = RandomEdits.document(client, true);
            other.getMap("map").set("k" + client, client);
            updates.add(other.encodeStateAsUpdate());
        }
        Reader opened = new Reader(true, false);
        Reader ordinary = new Reader(true, true);
        byte[] whole = Updates.merge(updates);
        opened.open(whole, false);
        ordinary.open(whole, false);
        assertEqual(ordinary, opened);
        assertTrue(opened.doc.getText("text").toString().contains("\ufffdx\ufffd"));
    }

    @Test
    void valuesUnderAKeyThatAreReferredToWithinAreTakenInOneByOne() {
        // a value of two units under a key, and one of somebody else behind its first unit
        byte[] two = {1, 1, 1, 0, 0x28, 1, 3, 'm', 'a', 'p', 1, 'k', 2, 125, 1, 125, 2, 0};
        byte[] between = {1, 1, 2, 0, (byte) 0xa8, 1, 0, 1, 125, 3, 0};
        List<byte[]> updates = new ArrayList<>(List.of(two, between));
        for (int client = 3; client < 30; client++) {
            YDoc other = RandomEdits.document(client, true);
            other.getText("text").insert(0, "t" + client);
            updates.add(other.encodeStateAsUpdate());
        }
        Reader opened = new Reader(true, false);
        Reader ordinary = new Reader(true, true);
        byte[] whole = Updates.merge(updates);
        opened.open(whole, false);
        ordinary.open(whole, false);
        assertEqual(ordinary, opened);
        assertEquals("{k=3}", opened.doc.getMap("map").toJson().toString());
    }

    @Test
    void aCrowdAtOnePlaceCostsNoMoreThanOnTheOrdinaryWay() {
        List<byte[]> updates = new ArrayList<>();
        for (int client = 1; client <= 20_000; client++) {
            YDoc other = RandomEdits.document(client, true);
            other.getText("text").insert(0, "x");
            updates.add(other.encodeStateAsUpdate());
        }
        byte[] whole = Updates.merge(updates);
        CpuTime.assertWithin(Duration.ofSeconds(5), () -> {
            YDoc doc = RandomEdits.document(1 << 20, true);
            doc.applyUpdate(whole);
            assertEquals(20_000, doc.getText("text").length());
        });
    }

    @Test
    void rangesOutOfOrderCostNoMoreThanTheirLogarithm() {
        YDoc author = RandomEdits.document(1, false);
        YText text = author.getText("text");
        for (int i = 0; i < 30_000; i++) {
            text.insert(0, "x");
        }
        text.delete(0, 30_000);
        byte[] state = author.encodeStateAsUpdate();
        byte[] structs = Updates.diff(state, StateVector.EMPTY);
        Sink hostile = new Sink(structs.length + 1_000_000);
        hostile.raw(structs, 0, structs.length - 7);
        DeleteSet gone = Updates.deleteSet(structs);
        assertEquals(1, gone.rangeCount());
        hostile.varUint(1);
        hostile.varUint(1);
        hostile.varUint(60_000);
        for (int i = 0; i < 30_000; i++) {
            hostile.varUint(29_999 - i);
            hostile.varUint(1);
            hostile.varUint(0);
            hostile.varUint(30_000);
        }
        CpuTime.assertWithin(Duration.ofSeconds(5), () -> {
            YDoc doc = RandomEdits.document(2, true);
            doc.applyUpdate(hostile.toByteArray());
            assertEquals(0, doc.getText("text").length());
            doc.checkInvariants();
        });
    }
}
