package dev.rejoin.crdt.yjs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random histories of several documents. {@code -Drejoin.tries=N} plays N of each, {@code -Drejoin.seed=S} begins with seed S. */
class YDocSimulation {
    private static final int TRIES = Integer.getInteger("rejoin.tries", 200);

    /** A history, drawn from a seed. */
    private interface History {
        void play(Random random);
    }

    private static void forAll(String test, History history) {
        long first = Long.getLong("rejoin.seed", System.nanoTime());
        for (long seed = first; seed < first + TRIES; seed++) {
            try {
                history.play(new Random(seed));
            } catch (RuntimeException | AssertionError failure) {
                throw new AssertionError(
                        "replay: mvn -pl crdt-core test -Dtest=YDocSimulation#" + test + " -DargLine=\"-Drejoin.seed="
                                + seed + " -Drejoin.tries=1\"",
                        failure);
            }
        }
    }

    private static List<YDoc> documents(Random random, List<List<byte[]>> updates) {
        List<YDoc> docs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            YDoc doc = RandomEdits.document(1 + random.nextInt(1_000_000), random.nextInt(3) > 0);
            List<byte[]> made = new ArrayList<>();
            doc.onUpdate((update, origin, of) -> {
                if (origin == null) {
                    made.add(update);
                }
            });
            updates.add(made);
            docs.add(doc);
        }
        return docs;
    }

    @Test
    void everyOrderOfArrivalEndsAlike() {
        forAll("everyOrderOfArrivalEndsAlike", random -> {
            List<List<byte[]>> updates = new ArrayList<>();
            List<YDoc> docs = documents(random, updates);
            RandomEdits edits = new RandomEdits(random);
            for (int step = 0; step < 40; step++) {
                int at = random.nextInt(3);
                edits.edit(docs.get(at));
                int from = random.nextInt(3);
                if (from != at && !updates.get(from).isEmpty()) {
                    // any one of them, perhaps for the second time, perhaps before what it needs
                    docs.get(at)
                            .applyUpdate(
                                    updates.get(from)
                                            .get(random.nextInt(
                                                    updates.get(from).size())),
                                    "remote");
                }
                docs.get(at).checkInvariants();
            }
            for (int at = 0; at < 3; at++) {
                List<byte[]> missing = new ArrayList<>();
                for (int from = 0; from < 3; from++) {
                    missing.addAll(updates.get(from));
                }
                java.util.Collections.shuffle(missing, random);
                for (byte[] update : missing) {
                    docs.get(at).applyUpdate(update, "remote");
                }
                docs.get(at).checkInvariants();
                assertEquals(
                        0,
                        docs.get(at).pending().structs()
                                + docs.get(at).pending().deletes());
            }
            YDoc loaded = RandomEdits.document(7, true);
            loaded.applyUpdate(docs.get(0).encodeStateAsUpdate());
            loaded.checkInvariants();
            for (YDoc doc : List.of(docs.get(1), docs.get(2), loaded)) {
                assertEquals(plain(docs.get(0)), plain(doc));
                assertEquals(docs.get(0).stateVector(), doc.stateVector());
                assertEquals(docs.get(0).deleteSet(), doc.deleteSet());
            }
        });
    }

    private static Object plain(YDoc doc) {
        return List.of(doc.toJson(), doc.getText("text").toDelta());
    }

    @Test
    void whatIsKnownMayBeSaidAgainInAnyPieces() {
        forAll("whatIsKnownMayBeSaidAgainInAnyPieces", random -> {
            List<List<byte[]>> updates = new ArrayList<>();
            List<YDoc> docs = documents(random, updates);
            YDoc judge = YDoc.create(YDocOptions.defaults().withContradictionsRefused(true));
            RandomEdits edits = new RandomEdits(random);
            for (int step = 0; step < 40; step++) {
                YDoc doc = docs.get(random.nextInt(3));
                edits.edit(doc);
                YDoc other = docs.get(random.nextInt(3));
                if (random.nextInt(3) == 0) {
                    other.applyUpdate(doc.encodeStateAsUpdate(other.stateVector()), "remote");
                }
                if (random.nextInt(4) == 0) {
                    judge.applyUpdate(other.encodeStateAsUpdate());
                }
                if (random.nextBoolean()) {
                    StateVector.Builder less = StateVector.builder();
                    doc.stateVector().forEach((client, clock) -> less.add(client, random.nextInt((int) clock + 1)));
                    judge.applyUpdate(doc.encodeStateAsUpdate(less.build()));
                }
            }
            List<byte[]> all = new ArrayList<>();
            updates.forEach(all::addAll);
            java.util.Collections.shuffle(all, random);
            all.forEach(judge::applyUpdate);
            judge.applyUpdate(Updates.merge(all));
            all.forEach(judge::applyUpdate);
            judge.checkInvariants();
            docs.forEach(doc -> assertTrue(judge.stateVector().includes(doc.stateVector())));
        });
    }

    @Test
    void aTransactionThatThrowsLeavesNoTrace() {
        forAll("aTransactionThatThrowsLeavesNoTrace", random -> {
            YDoc doc = RandomEdits.document(5, random.nextBoolean());
            RandomEdits edits = new RandomEdits(random);
            for (int step = 0; step < 20; step++) {
                edits.edit(doc);
            }
            Object before = plain(doc);
            byte[] state = doc.encodeStateAsUpdate();
            assertThrows(
                    IllegalStateException.class,
                    () -> doc.transact(() -> {
                        for (int step = 0; step < 8; step++) {
                            edits.edit(doc);
                        }
                        throw new IllegalStateException("no");
                    }));
            doc.checkInvariants();
            assertEquals(before, plain(doc));
            assertArrayEquals(state, doc.encodeStateAsUpdate());
            edits.edit(doc);
            doc.checkInvariants();
        });
    }

    @Test
    void aViewStaysWhatItWas() {
        forAll("aViewStaysWhatItWas", random -> {
            YDoc doc = RandomEdits.document(5, random.nextBoolean());
            RandomEdits edits = new RandomEdits(random);
            List<YDocView> views = new ArrayList<>();
            List<byte[]> states = new ArrayList<>();
            List<Object> contents = new ArrayList<>();
            for (int step = 0; step < 40; step++) {
                edits.edit(doc);
                if (step % 5 == 0) {
                    views.add(doc.view());
                    states.add(doc.encodeStateAsUpdate());
                    contents.add(plain(doc));
                }
            }
            doc.checkInvariants();
            for (int i = 0; i < views.size(); i++) {
                assertArrayEquals(states.get(i), views.get(i).encodeStateAsUpdate());
                assertEquals(
                        contents.get(i),
                        List.of(views.get(i).toJson(), views.get(i).delta("text")));
            }
        });
    }

    @Test
    void foldingEventsGivesTheText() {
        forAll("foldingEventsGivesTheText", random -> {
            List<List<byte[]>> updates = new ArrayList<>();
            List<YDoc> docs = documents(random, updates);
            RandomEdits edits = new RandomEdits(random);
            YDoc watched = docs.get(0);
            YDoc shadow = RandomEdits.document(9, true);
            List<Object> array = new ArrayList<>();
            watched.getText("text").observe(event -> shadow.getText("text").applyDelta(event.delta()));
            watched.getArray("array").observe(event -> fold(array, event.delta()));
            for (int step = 0; step < 30; step++) {
                int at = random.nextInt(3);
                watched.transact(() -> {
                    if (at == 0) {
                        for (int i = random.nextInt(3); i >= 0; i--) {
                            edits.edit(watched);
                        }
                    }
                });
                if (at > 0) {
                    edits.edit(docs.get(at));
                    for (byte[] update : updates.get(at)) {
                        watched.applyUpdate(update, "remote");
                    }
                }
                assertEquals(
                        rendered(watched.getText("text").toDelta()),
                        rendered(shadow.getText("text").toDelta()));
                assertEquals(watched.getArray("array").toList(), array);
            }
        });
    }

    private static String rendered(TextDelta delta) {
        StringBuilder out = new StringBuilder();
        for (TextDelta.Op op : delta.ops()) {
            TextDelta.Insert insert = (TextDelta.Insert) op;
            Object value = insert.value();
            java.util.TreeMap<String, Object> sorted = new java.util.TreeMap<>(insert.attributes());
            if (value instanceof String text) {
                text.chars().forEach(unit -> out.append((char) unit).append(sorted));
            } else {
                out.append(value).append(sorted);
            }
        }
        return out.toString();
    }

    private static void fold(List<Object> list, TextDelta delta) {
        int at = 0;
        for (TextDelta.Op op : delta.ops()) {
            if (op instanceof TextDelta.Retain retain) {
                at += retain.length();
            } else if (op instanceof TextDelta.Delete delete) {
                list.subList(at, at + delete.length()).clear();
            } else if (op instanceof TextDelta.Insert insert) {
                List<?> values = (List<?>) insert.value();
                list.addAll(at, values);
                at += values.size();
            }
        }
    }

    @Test
    void undoingAllTakesBackOnesOwnEditsAlone() {
        forAll("undoingAllTakesBackOnesOwnEditsAlone", random -> {
            YDoc doc = RandomEdits.document(5, random.nextBoolean());
            RandomEdits edits = new RandomEdits(random);
            edits.editText(doc.getText("text"));
            String before = doc.getText("text").toString();
            UndoManager undo = UndoManager.of(
                    List.of(doc.getText("text")), UndoManager.Options.defaults().withCaptureMillis(0));
            for (int step = 0; step < 12; step++) {
                edits.editText(doc.getText("text"));
            }
            String after = doc.getText("text").toString();
            while (undo.canUndo()) {
                undo.undo();
                doc.checkInvariants();
            }
            assertEquals(before, doc.getText("text").toString());
            while (undo.canRedo()) {
                undo.redo();
                doc.checkInvariants();
            }
            assertEquals(after, doc.getText("text").toString());
        });
    }

    @Test
    void gapsArePendingAndReported() {
        YDoc author = RandomEdits.document(1, true);
        List<byte[]> updates = new ArrayList<>();
        author.onUpdate((update, origin, doc) -> updates.add(update));
        for (String word : Arrays.asList("a", "b", "c", "d")) {
            author.getText("text").insert(0, word);
        }
        YDoc reader = RandomEdits.document(2, true);
        assertEquals(
                new StateVectorOf(1, 1).value(),
                reader.applyUpdate(updates.get(2)).missing());
        assertTrue(reader.applyUpdate(updates.get(0)).complete());
        ApplyResult last = reader.applyUpdate(updates.get(3));
        assertEquals(false, last.complete());
        assertEquals(2, reader.pending().structs());
        assertTrue(reader.applyUpdate(updates.get(1)).complete());
        assertEquals(0, reader.pending().structs());
        assertEquals("dcba", reader.getText("text").toString());
    }

    /** A state vector with one entry. */
    private record StateVectorOf(long client, long clock) {
        StateVector value() {
            return StateVector.builder().add(client, clock).build();
        }
    }
}
