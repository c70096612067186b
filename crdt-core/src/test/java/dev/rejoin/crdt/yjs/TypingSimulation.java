package dev.rejoin.crdt.yjs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * People who type and backspace: what a keystroke does by itself is what it does inside a transaction, here and elsewhere. {@code -Drejoin.tries=N}
 * plays N histories, {@code -Drejoin.seed=S} begins with seed S.
 */
class TypingSimulation {
    private static final int TRIES = Integer.getInteger("rejoin.tries", 300);
    private static final String[] CHARACTERS = {"a", "b", " ", "é", "ÿ", "xyz", "ab cd", "…", "漢", "😀"};

    /** Two documents of one client that are edited alike: the first directly, the second inside transactions that somebody watches. */
    private static final class Pair {
        final YDoc direct;
        final YDoc watched;
        final List<byte[]> updates = new ArrayList<>();
        final List<byte[]> sameUpdates = new ArrayList<>();
        final List<String> events = new ArrayList<>();
        final List<String> sameEvents = new ArrayList<>();
        int cursor;

        Pair(long client, boolean gc, boolean paired, boolean observed) {
            direct = RandomEdits.document(client, gc);
            watched = RandomEdits.document(client, gc);
            if (paired) {
                direct.pair(new Partner(direct));
            }
            if (observed) {
                direct.getText("text").observe(event -> events.add(described(event)));
                watched.getText("text").observe(event -> sameEvents.add(described(event)));
            }
            direct.onUpdate((update, origin, of) -> {
                if (origin == null) {
                    updates.add(update);
                }
            });
            watched.onUpdate((update, origin, of) -> {
                if (origin == null) {
                    sameUpdates.add(update);
                }
            });
            watched.afterTransaction(transaction -> {});
        }

        private static String described(YEvent event) {
            YTransaction transaction = event.transaction();
            return event.delta() + " " + transaction.before() + " " + transaction.after() + " "
                    + transaction.deleteSet() + " " + transaction.origin() + " " + transaction.isLocal();
        }

        void press(Random random) {
            int length = direct.getText("text").length();
            cursor = Math.min(cursor, length);
            int key = random.nextInt(30);
            if (key == 0) {
                cursor = random.nextInt(length + 1);
            } else if (key < 11 && cursor > 0) {
                int units = Math.min(cursor, random.nextInt(8) == 0 ? 3 : 1);
                if (isBetweenCharacters(cursor) && isBetweenCharacters(cursor - units)) {
                    cursor -= units;
                    direct.getText("text").delete(cursor, units);
                    watched.transact(() -> watched.getText("text").delete(cursor, units));
                }
            } else if (key < 15 && cursor < length) {
                int units = Math.min(length - cursor, random.nextInt(8) == 0 ? 3 : 1);
                if (isBetweenCharacters(cursor) && isBetweenCharacters(cursor + units)) {
                    direct.getText("text").delete(cursor, units);
                    watched.transact(() -> watched.getText("text").delete(cursor, units));
                }
            } else if (isBetweenCharacters(cursor)) {
                String typed = CHARACTERS[
                        random.nextInt(random.nextInt(4) == 0 ? CHARACTERS.length : random.nextInt(8) == 0 ? 7 : 3)];
                direct.getText("text").insert(cursor, typed);
                watched.transact(() -> watched.getText("text").insert(cursor, typed));
                cursor += typed.length();
            }
        }

        private boolean isBetweenCharacters(int at) {
            String text = direct.getText("text").toString();
            return at == 0 || at == text.length() || !Character.isLowSurrogate(text.charAt(at));
        }

        void receive(byte[] update) {
            direct.applyUpdate(update, "remote");
            watched.applyUpdate(update, "remote");
        }

        void check() {
            direct.checkInvariants();
            assertEquals(sameEvents, events);
            assertEquals(sameUpdates.size(), updates.size());
            for (int i = 0; i < updates.size(); i++) {
                assertArrayEquals(sameUpdates.get(i), updates.get(i));
            }
            assertArrayEquals(watched.encodeStateAsUpdate(), direct.encodeStateAsUpdate());
        }
    }

    /** A partner who hears of everything in the order in which partners do, and to whom nothing is done while he may not see it. */
    private static final class Partner implements YPartner {
        private final YDoc doc;
        private String heard = "told";
        private StateVector stateBefore = StateVector.EMPTY;
        private byte[] taken = {};

        Partner(YDoc doc) {
            this.doc = doc;
            doc.onUpdate((update, origin, of) -> {
                after("taken", "updated");
                assertArrayEquals(taken, update);
            });
        }

        private void after(String expected, String now) {
            assertEquals(expected, heard);
            heard = now;
        }

        @Override
        public void begin() {
            after("told", "begun");
            stateBefore = doc.stateVector();
        }

        @Override
        public void rollBack() {
            after("begun", "told");
        }

        @Override
        public Consumer<byte[]> commit(@Nullable Object origin, boolean local) {
            after("begun", "committed");
            assertEquals(origin == null, local);
            return update -> {
                after("committed", "taken");
                if (update.length > 0) {
                    // nothing had changed yet when it began
                    assertEquals(update[0] == 0, stateBefore.equals(doc.stateVector()));
                }
                taken = update;
            };
        }

        @Override
        public void tell() {
            after(taken.length > 0 ? "updated" : "taken", "told");
        }
    }

    @Test
    void aKeystrokeWritesNoItemWhoeverIsPairedOrObserves() {
        for (int kind = 0; kind < 3; kind++) {
            List<TextDelta> heard = new ArrayList<>();
            YDoc doc = listenedTo(1, kind, heard);
            List<byte[]> updates = new ArrayList<>();
            doc.onUpdate((update, origin, of) -> updates.add(update));
            YText text = doc.getText("text");
            List<Runnable> edits = List.of(
                    () -> text.insert(0, "abcd"),
                    () -> text.insert(4, "e"),
                    () -> text.insert(5, "f"),
                    () -> text.delete(5, 1),
                    () -> text.delete(4, 1),
                    () -> text.delete(3, 1));
            assertThirdAndLastAreKeystrokes(doc, edits);
            List<TextDelta> heardElsewhere = new ArrayList<>();
            YDoc other = listenedTo(2, kind, heardElsewhere);
            assertThirdAndLastAreKeystrokes(
                    other,
                    updates.stream()
                            .map(update -> (Runnable) () -> other.applyUpdate(update, "remote"))
                            .toList());
            assertEquals("abc", other.getText("text").toString());
            List<TextDelta> expected = List.of(
                    TextDelta.builder().insert("abcd").build(),
                    TextDelta.builder().retain(4).insert("e").build(),
                    TextDelta.builder().retain(5).insert("f").build(),
                    TextDelta.builder().retain(5).delete(1).build(),
                    TextDelta.builder().retain(4).delete(1).build(),
                    TextDelta.builder().retain(3).delete(1).build());
            assertEquals(kind == 2 ? expected : List.of(), heard);
            assertEquals(kind == 2 ? expected : List.of(), heardElsewhere);
        }
    }

    /** A document that nobody listens to, that is paired, or that is observed. */
    private static YDoc listenedTo(long client, int kind, List<TextDelta> heard) {
        YDoc doc = RandomEdits.document(client, true);
        if (kind == 1) {
            doc.pair(new Partner(doc));
        } else if (kind == 2) {
            doc.getText("text").observe(event -> heard.add(event.delta()));
        }
        return doc;
    }

    /** What writes an item is counted; a keystroke that goes on with another of its kind writes past that. */
    private static void assertThirdAndLastAreKeystrokes(YDoc doc, List<Runnable> edits) {
        for (int i = 0; i < edits.size(); i++) {
            long writes = doc.store.items.writes;
            edits.get(i).run();
            if (i == 2 || i == 5) {
                assertEquals(writes, doc.store.items.writes, "edit " + i);
            }
            doc.checkInvariants();
        }
    }

    @Test
    void keystrokesDoWhatTransactionsDo() {
        long first = Long.getLong("rejoin.seed", System.nanoTime());
        for (long seed = first; seed < first + TRIES; seed++) {
            try {
                play(new Random(seed));
            } catch (RuntimeException | AssertionError failure) {
                throw new AssertionError(
                        "replay: mvn -pl crdt-core test -Dtest=TypingSimulation -DargLine=\"-Drejoin.seed=" + seed
                                + " -Drejoin.tries=1\"",
                        failure);
            }
        }
    }

    private static void play(Random random) {
        boolean gc = random.nextInt(5) > 0;
        boolean paired = random.nextBoolean();
        boolean observed = random.nextBoolean();
        Pair[] people = {
            new Pair(1 + random.nextInt(1 << 20), gc, paired, observed), new Pair(1L << 40, gc, paired, observed)
        };
        int[] received = new int[2];
        YDoc reader = RandomEdits.document(5, random.nextBoolean());
        int[] read = new int[2];
        List<byte[]> relayed = new ArrayList<>();
        reader.onUpdate((update, origin, of) -> relayed.add(update));
        Map<YDocView, byte[]> views = new LinkedHashMap<>();
        for (int burst = 0; burst < 30; burst++) {
            int at = random.nextInt(2);
            for (int i = random.nextInt(12); i >= 0; i--) {
                people[at].press(random);
                if (random.nextInt(40) == 0) {
                    views.put(people[at].direct.view(), people[at].direct.encodeStateAsUpdate());
                }
                if (random.nextInt(60) == 0) {
                    people[at]
                            .direct
                            .getText("text")
                            .format(0, people[at].direct.getText("text").length(), Map.of("b", 1));
                    people[at].watched.transact(() -> people[at]
                            .watched
                            .getText("text")
                            .format(0, people[at].watched.getText("text").length(), Map.of("b", 1)));
                }
            }
            while (read[at] < people[at].updates.size()) {
                reader.applyUpdate(people[at].updates.get(read[at]++));
            }
            int to = random.nextInt(2);
            while (received[to] < people[1 - to].updates.size() && random.nextInt(20) > 0) {
                people[to].receive(people[1 - to].updates.get(received[to]++));
            }
            people[at].check();
        }
        for (int to = 0; to < 2; to++) {
            while (received[to] < people[1 - to].updates.size()) {
                people[to].receive(people[1 - to].updates.get(received[to]++));
            }
            people[to].check();
            while (read[to] < people[to].updates.size()) {
                reader.applyUpdate(people[to].updates.get(read[to]++));
            }
        }
        views.forEach((view, state) -> assertArrayEquals(state, view.encodeStateAsUpdate()));
        reader.checkInvariants();
        YDoc last = RandomEdits.document(6, true);
        relayed.forEach(last::applyUpdate);
        last.checkInvariants();
        for (YDoc doc : List.of(people[1].direct, reader, last)) {
            assertEquals(
                    people[0].direct.getText("text").toDelta(),
                    doc.getText("text").toDelta());
            assertEquals(people[0].direct.stateVector(), doc.stateVector());
            assertEquals(people[0].direct.deleteSet(), doc.deleteSet());
        }
    }
}
