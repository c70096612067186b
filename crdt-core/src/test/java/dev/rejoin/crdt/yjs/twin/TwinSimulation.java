package dev.rejoin.crdt.yjs.twin;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rejoin.crdt.yjs.Units;
import dev.rejoin.crdt.yjs.YArray;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import dev.rejoin.crdt.yjs.YMap;
import dev.rejoin.crdt.yjs.YText;
import dev.rejoin.crdt.yjs.YType;
import dev.rejoin.crdt.yjs.twin.Unit.Content;
import dev.rejoin.crdt.yjs.twin.Unit.Id;
import dev.rejoin.crdt.yjs.twin.Unit.Parent;
import dev.rejoin.crdt.yjs.twin.Unit.Place;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;

/** The engine places every unit where the naive twin does, whoever of them writes the history and however it arrives. */
class TwinSimulation {
    private static final int HISTORIES = Integer.getInteger("rejoin.histories", 1_500);

    /** One update in both shapes. */
    private record Sent(byte[] bytes, List<Unit> units, Set<Id> deletes) {
        Sent(List<Unit> units, Set<Id> deletes) {
            this(TwinCodec.write(units, deletes), units, deletes);
        }
    }

    @Test
    void engineFollowsHistoriesOfTwins() {
        forEachSeed(seed -> {
            Random random = new Random(seed);
            List<Sent> history = history(random);
            for (boolean gc : new boolean[] {false, true}) {
                YDoc doc = document(900, gc);
                TwinDocument twin = new TwinDocument();
                List<Sent> arrivals = new ArrayList<>(history);
                for (int i = random.nextInt(5); i > 0; i--) {
                    arrivals.add(history.get(random.nextInt(history.size())));
                }
                Collections.shuffle(arrivals, random);
                for (Sent sent : arrivals) {
                    boolean complete = doc.applyUpdate(sent.bytes).complete();
                    twin.apply(copies(sent.units), sent.deletes);
                    assertEquals(twin.clocks(), clocks(doc));
                    assertEquals(
                            twin.isComplete(),
                            complete && doc.pending().structs() + doc.pending().deletes() == 0);
                    same(twin, doc);
                }
                doc.checkInvariants();
                TwinDocument copy = new TwinDocument();
                TwinCodec.Update whole = TwinCodec.read(doc.encodeStateAsUpdate());
                copy.apply(whole.units(), whole.deletes());
                same(copy, doc);
            }
        });
    }

    @Test
    void twinFollowsHistoriesOfEngines() {
        forEachSeed(seed -> {
            Random random = new Random(seed);
            List<byte[]> updates = new ArrayList<>();
            List<YDoc> docs = new ArrayList<>();
            for (int i = 1 + random.nextInt(4); i >= 0; i--) {
                YDoc doc = document(1 + random.nextInt(1000) * 7L + i, random.nextBoolean());
                doc.onUpdate((update, origin, of) -> {
                    if (origin == null) {
                        updates.add(update);
                    }
                });
                docs.add(doc);
            }
            for (int step = 5 + random.nextInt(40); step > 0; step--) {
                YDoc doc = docs.get(random.nextInt(docs.size()));
                if (random.nextInt(3) == 0 && !updates.isEmpty()) {
                    doc.applyUpdate(updates.get(random.nextInt(updates.size())), "other");
                } else {
                    edit(doc, random);
                }
            }
            Collections.shuffle(updates, random);
            TwinDocument twin = new TwinDocument();
            for (byte[] bytes : updates) {
                TwinCodec.Update update = TwinCodec.read(bytes);
                twin.apply(update.units(), update.deletes());
            }
            for (YDoc doc : docs) {
                updates.forEach(update -> doc.applyUpdate(update, "other"));
                same(twin, doc);
            }
        });
    }

    @Test
    void twinFollowsCrowdsAtOnePlace() {
        forEachSeed(20, seed -> {
            Random random = new Random(seed);
            List<byte[]> updates = new ArrayList<>();
            YDoc first = document(500, true);
            first.onUpdate((update, origin, of) -> updates.add(update));
            first.getText("t").insert(0, "abcd");
            for (int i = 50 + random.nextInt(200); i > 0; i--) {
                YDoc doc = document(1 + random.nextInt(1000) * 400L + i, random.nextBoolean());
                for (int known = random.nextInt(4); known > 0; known--) {
                    doc.applyUpdate(updates.get(random.nextInt(1 + random.nextInt(updates.size()))), "other");
                }
                doc.applyUpdate(updates.get(0), "other");
                doc.onUpdate((update, origin, of) -> updates.add(update));
                YText text = doc.getText("t");
                int at = Math.min(text.length(), 2);
                text.insert(at, "x");
                switch (random.nextInt(6)) {
                    case 0 -> text.insert(at, "y");
                    case 1 -> text.insert(at + 1, "zz");
                    case 2 -> text.delete(at, 1);
                    case 3 -> text.delete(Math.max(0, at - 1), 1);
                    default -> {}
                }
            }
            Collections.shuffle(updates, random);
            TwinDocument twin = new TwinDocument();
            for (byte[] bytes : updates) {
                TwinCodec.Update update = TwinCodec.read(bytes);
                twin.apply(update.units(), update.deletes());
            }
            for (boolean gc : new boolean[] {false, true}) {
                YDoc doc = document(900_000, gc);
                Collections.shuffle(updates, random);
                updates.forEach(doc::applyUpdate);
                doc.checkInvariants();
                same(twin, doc);
            }
        });
    }

    private static void forEachSeed(LongConsumer claim) {
        forEachSeed(1, claim);
    }

    /** As many histories as are asked for, or that part of them. */
    private static void forEachSeed(int part, LongConsumer claim) {
        long first = Long.getLong("rejoin.seed", System.nanoTime() >>> 8);
        for (int i = 0; i < Math.max(1, HISTORIES / part); i++) {
            try {
                claim.accept(first + i);
            } catch (RuntimeException | AssertionError thrown) {
                throw new AssertionError(
                        "replay: mvn -pl crdt-core test -Dtest=TwinSimulation -Drejoin.histories=1 -Drejoin.seed="
                                + (first + i),
                        thrown);
            }
        }
    }

    private static YDoc document(long client, boolean gc) {
        YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(client).withGc(gc));
        doc.getText("t");
        doc.getArray("a");
        doc.getMap("m");
        return doc;
    }

    private static void edit(YDoc doc, Random random) {
        YText text = doc.getText("t");
        YArray array = doc.getArray("a");
        YMap map = doc.getMap("m");
        int at = random.nextInt(text.length() + 1);
        switch (random.nextInt(9)) {
            case 0, 1, 2 -> text.insert(at, "abcdefgh".substring(random.nextInt(7)));
            case 3 -> text.delete(at, random.nextInt(text.length() - at + 1));
            case 4 -> text.format(at, random.nextInt(text.length() - at + 1), Map.of("b", random.nextBoolean()));
            case 5 -> array.insert(random.nextInt(array.length() + 1), List.of(random.nextInt(60), random.nextInt(60)));
            case 6 -> {
                int from = random.nextInt(array.length() + 1);
                array.delete(from, random.nextInt(array.length() - from + 1));
            }
            case 7 -> map.set("k" + random.nextInt(2), random.nextInt(60));
            default -> {
                if (map.get("n") instanceof YArray nested && random.nextInt(3) > 0) {
                    nested.insert(random.nextInt(nested.length() + 1), List.of(random.nextInt(60)));
                } else {
                    map.setArray("n");
                }
            }
        }
    }

    /** Updates of some replicas that see each other now and then and insert anywhere, between deleted units too. */
    private static List<Sent> history(Random random) {
        int replicas = 1 + random.nextInt(5);
        List<TwinDocument> twins = new ArrayList<>();
        Set<Long> clients = new LinkedHashSet<>();
        while (clients.size() < replicas) {
            twins.add(new TwinDocument());
            clients.add(random.nextBoolean() ? 1L + random.nextInt(20) : random.nextInt(1 << 30) * 4L + clients.size());
        }
        List<Long> ids = List.copyOf(clients);
        List<Sent> history = new ArrayList<>();
        int places = 1 + random.nextInt(4);
        for (int step = 5 + random.nextInt(30); step > 0; step--) {
            int who = random.nextInt(replicas);
            if (!history.isEmpty() && random.nextInt(3) == 0) {
                Sent sent = history.get(random.nextInt(history.size()));
                twins.get(who).apply(copies(sent.units), sent.deletes);
            } else {
                Sent sent = write(twins.get(who), ids.get(who), random, places);
                twins.get(who).apply(copies(sent.units), sent.deletes);
                history.add(sent);
            }
        }
        return history;
    }

    private static List<Unit> copies(List<Unit> units) {
        return units.stream()
                .map(unit -> new Unit(unit.id, unit.origin, unit.rightOrigin, unit.place, unit.content))
                .toList();
    }

    private static Sent write(TwinDocument twin, long client, Random random, int places) {
        Place place = place(twin, random, places);
        List<Unit> list = twin.list(place);
        if (place.key() == null && random.nextInt(4) == 0) {
            Set<Id> deletes = new HashSet<>();
            for (Unit unit : list) {
                if (random.nextInt(3) == 0) {
                    deletes.add(unit.id);
                }
            }
            return new Sent(List.of(), deletes);
        }
        int gap = place.key() != null || random.nextInt(4) == 0 ? list.size() : random.nextInt(list.size() + 1);
        Id right = gap == list.size() ? null : list.get(gap).id;
        Id left = gap == 0 ? null : list.get(gap - 1).id;
        boolean backwards = place.key() == null && random.nextInt(4) == 0;
        List<Unit> units = new ArrayList<>();
        Id next = new Id(client, twin.clock(client));
        for (int i = place.key() != null ? 0 : random.nextInt(4); i >= 0; i--) {
            units.add(new Unit(next, left, right, place, content(place, random)));
            if (backwards) {
                right = next;
            } else {
                left = next;
            }
            next = next.plus(1);
        }
        return new Sent(units, Set.of());
    }

    private static Content content(Place place, Random random) {
        if ("t".equals(place.parent().root())) {
            return new Content(Content.STRING, (char) ('a' + random.nextInt(26)));
        }
        return random.nextInt(4) == 0
                ? new Content(Content.TYPE, (long) random.nextInt(2))
                : new Content(Content.ANY, (long) random.nextInt(60));
    }

    private static Place place(TwinDocument twin, Random random, int places) {
        switch (random.nextInt(places)) {
            case 0 -> {
                return new Place(new Parent("t", null), null);
            }
            case 1 -> {
                return new Place(new Parent("a", null), null);
            }
            case 2 -> {
                return new Place(new Parent("m", null), "k" + random.nextInt(2));
            }
            default -> {
                List<Unit> holders = new ArrayList<>();
                for (Place place : twin.places()) {
                    twin.list(place).stream()
                            .filter(unit -> unit.content.kind() == Content.TYPE)
                            .forEach(holders::add);
                }
                if (holders.isEmpty()) {
                    return new Place(new Parent("a", null), null);
                }
                Unit holder = holders.get(random.nextInt(holders.size()));
                return new Place(
                        new Parent(null, holder.id), holder.content.value().equals(1L) ? "k" : null);
            }
        }
    }

    private static TreeMap<Long, Long> clocks(YDoc doc) {
        TreeMap<Long, Long> clocks = new TreeMap<>();
        doc.stateVector().forEach(clocks::put);
        return clocks;
    }

    private static void same(TwinDocument twin, YDoc doc) {
        Set<Id> deleted = new HashSet<>();
        doc.deleteSet().forEachRange((client, clock, length) -> {
            for (long i = 0; i < length; i++) {
                deleted.add(new Id(client, clock + i));
            }
        });
        assertEquals(twin.deleted(), deleted, "delete set");
        Place text = new Place(new Parent("t", null), null);
        assertEquals(twin.text(text), doc.getText("t").toString());
        same(twin, new Parent("t", null), doc.getText("t"));
        same(twin, new Parent("a", null), doc.getArray("a"));
        same(twin, new Parent("m", null), doc.getMap("m"));
    }

    /** Order of the units of a type and of all below it. */
    private static void same(TwinDocument twin, Parent parent, YType type) {
        List<Unit> list = twin.list(new Place(parent, null));
        assertEquals(ids(list), ids(Units.of(type)), () -> "list of " + parent);
        if (type instanceof YArray array) {
            List<Unit> live = list.stream().filter(unit -> !unit.deleted).toList();
            for (int i = 0; i < array.length(); i++) {
                below(twin, live.get(i), array.get(i));
            }
        }
        for (String key : new TreeSet<>(Units.keys(type))) {
            List<Unit> chain = twin.list(new Place(parent, key));
            assertEquals(ids(chain), ids(Units.ofKey(type, key)), () -> "chain of " + key + " in " + parent);
            Unit last = chain.get(chain.size() - 1);
            assertEquals(!last.deleted, ((YMap) type).containsKey(key));
            below(twin, last, ((YMap) type).get(key));
        }
    }

    private static void below(TwinDocument twin, Unit unit, Object value) {
        if (value instanceof YType nested) {
            same(twin, new Parent(null, unit.id), nested);
        } else if (!unit.deleted) {
            assertEquals(unit.content.value(), value);
        }
    }

    private static String ids(List<?> order) {
        StringBuilder ids = new StringBuilder();
        for (Object each : order) {
            if (each instanceof Units.Run run) {
                for (long i = 0; i < run.length(); i++) {
                    ids.append(run.client()).append(':').append(run.clock() + i);
                    ids.append(run.kind().equals("-") ? "- " : " ");
                }
            } else {
                ids.append(each).append(' ');
            }
        }
        return ids.toString();
    }
}
