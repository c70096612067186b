package dev.rejoin.crdt.yjs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
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
        int cursor;

        Pair(long client, boolean gc) {
            direct = RandomEdits.document(client, gc);
            watched = RandomEdits.document(client, gc);
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
            assertEquals(sameUpdates.size(), updates.size());
            for (int i = 0; i < updates.size(); i++) {
                assertArrayEquals(sameUpdates.get(i), updates.get(i));
            }
            assertArrayEquals(watched.encodeStateAsUpdate(), direct.encodeStateAsUpdate());
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
        Pair[] people = {new Pair(1 + random.nextInt(1 << 20), gc), new Pair(1L << 40, gc)};
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
