package dev.rejoin.crdt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.clock.Dot;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ObjectStoreTest {
    private static final ObjectKey TAGS = ObjectKey.root(ObjectType.OR_SET, "tags");
    private static final ObjectKey COUNT = ObjectKey.root(ObjectType.PNCOUNTER, "n");

    private static ObjectStore store(long id) {
        return new ObjectStore(ReplicaId.of(id), false, () -> 1_000);
    }

    private static OrSet<Object> tags(ObjectStore store) {
        return store.set(TAGS, ValueCodec.VALUE);
    }

    /** Strings that differ and have one hash code: "Aa" and "BB" do, and so does every sequence of them. */
    private static List<String> colliding(int count) {
        List<String> strings = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            StringBuilder text = new StringBuilder();
            for (int bit = 0; bit < 12; bit++) {
                text.append((i >> bit & 1) == 0 ? "Aa" : "BB");
            }
            strings.add(text.toString());
        }
        return strings;
    }

    @Test
    void collidingHashCodesDoNotSlowASetDown() {
        OrSet<String> set = OrSet.standalone(ReplicaId.of(1), ValueCodec.STRING);
        List<String> colliding = colliding(4_096);
        colliding.forEach(set::add);
        SetView view = (SetView) set.store.view(set.key);
        assertTrue(view.isKeyed());
        assertTrue(colliding.stream().allMatch(set::contains));
        assertEquals(4_096, set.size());
        colliding.subList(0, 4_000).forEach(set::remove);
        assertEquals(colliding.subList(4_000, 4_096), set.elements());
        set.store.checkInvariants();
    }

    @Test
    void concurrentAddsOfOneElementAreNoAttack() {
        ObjectStore all = store(1);
        for (int i = 2; i < 100; i++) {
            ObjectStore each = store(i);
            all.merge(tags(each).add("x"), null);
        }
        assertEquals(1, tags(all).size());
        assertTrue(!((SetView) all.view(TAGS)).isKeyed());
        tags(all).remove("x");
        assertTrue(tags(all).isEmpty());
        all.checkInvariants();
    }

    @Test
    void randomWritesAndMergesKeepEveryCountRight() {
        for (long seed = 1; seed <= 60; seed++) {
            Random random = new Random(seed);
            try {
                List<ObjectStore> stores = List.of(store(3), store(1L << 63), store(2));
                List<Delta> deltas = new ArrayList<>();
                for (int step = 0; step < 300; step++) {
                    ObjectStore at = stores.get(random.nextInt(3));
                    deltas.add(write(at, random));
                    if (random.nextInt(3) == 0) {
                        at.merge(deltas.get(random.nextInt(deltas.size())), null);
                    }
                    if (random.nextInt(40) == 0) {
                        ObjectStore other = stores.get(random.nextInt(3));
                        at.merge(other.deltaSince(at.version()), null);
                    }
                }
                for (ObjectStore a : stores) {
                    a.checkInvariants();
                    deltas.forEach(delta -> a.merge(delta, null));
                    a.checkInvariants();
                }
                assertArrayEquals(
                        stores.get(0).state().encode(), stores.get(1).state().encode());
                assertEquals(stores.get(0).digest(), stores.get(2).digest());
            } catch (RuntimeException | AssertionError failed) {
                throw new AssertionError("seed " + seed, failed);
            }
        }
    }

    private static Delta write(ObjectStore store, Random random) {
        Long element = (long) random.nextInt(20);
        ObjectKey map = ObjectKey.root(ObjectType.MAP, "m");
        return switch (random.nextInt(12)) {
            case 0, 1, 2 -> tags(store).add(element);
            case 3 -> tags(store).remove(element);
            case 4 -> store.counter(COUNT).add(random.nextInt(9) - 4);
            case 5 -> random.nextInt(4) == 0 ? store.counter(COUNT).reset() : Delta.EMPTY;
            case 6 -> store.map(map).removeWinsSet("rw", ValueCodec.VALUE).add(element);
            case 7 -> store.map(map).removeWinsSet("rw", ValueCodec.VALUE).remove(element);
            case 8 -> store.map(map).register("title", ValueCodec.VALUE).set(element);
            case 9 -> store.map(map).mvRegister("all", ValueCodec.VALUE).set(element);
            case 10 -> store.map(map).counter("c").increment();
            default -> store.map(map).remove(random.nextBoolean() ? "c" : "rw");
        };
    }

    @Test
    void aPageIsFreedWithItsLastCell() {
        ObjectStore store = store(1);
        for (int i = 0; i < 100_000; i++) {
            store.counter(COUNT).increment();
        }
        assertEquals(1, store.digest().pageCount());
        assertEquals(100_000, store.counter(COUNT).value());
        assertEquals(1, store.state().cellCount());
    }

    @Test
    void equalDigestsMeanEqualStates() {
        ObjectStore a = store(1);
        ObjectStore b = store(2);
        assertEquals(a.digest(), b.digest());
        for (int i = 0; i < 5_000; i++) {
            tags(a).add((long) i);
        }
        b.merge(a.state(), null);
        assertEquals(a.digest(), b.digest());
        assertEquals(0, a.digest().differingPages(b.digest()));
        tags(b).add(1_000_000L);
        tags(b).remove(7L);
        assertNotEquals(a.digest(), b.digest());
        assertEquals(2, a.digest().differingPages(b.digest()));
        a.merge(Delta.voided(ReplicaId.of(9), 1, 1), null);
        b.merge(a.deltaSince(b.version()), null);
        a.merge(b.deltaSince(a.version()), null);
        assertEquals(a.digest(), b.digest());
        assertEquals(a.digest(), PageDigest.decode(a.digest().encode()));
        assertEquals(0, a.digest().differingPages(PageDigest.decode(b.digest().encode())));
        assertThrows(MalformedDeltaException.class, () -> PageDigest.decode(new byte[] {1, 2}));
    }

    @Test
    void exchangingDifferingPagesMakesReplicasEqual() {
        for (long seed = 1; seed <= 30; seed++) {
            Random random = new Random(seed);
            ObjectStore a = store(1);
            ObjectStore b = store(2);
            ObjectStore c = store(3);
            for (int i = 0; i < 3_000; i++) {
                tags(a).add((long) i);
            }
            b.merge(a.state(), null);
            for (int i = 0; i < 50; i++) {
                ObjectStore at = random.nextBoolean() ? a : b;
                Delta delta = random.nextBoolean()
                        ? tags(at).remove((long) random.nextInt(3_000))
                        : tags(c).add((long) random.nextInt(9_000));
                if (random.nextInt(3) > 0) {
                    at.merge(delta, null);
                }
            }
            PageDigest ofA = a.digest();
            PageDigest ofB = b.digest();
            Version versionA = a.version();
            Version versionB = b.version();
            Delta forB = a.deltaFor(ofB, versionB);
            a.merge(b.deltaFor(ofA, versionA), null);
            b.merge(forB, null);
            assertArrayEquals(a.state().encode(), b.state().encode(), "seed " + seed);
            assertEquals(a.digest(), b.digest(), "seed " + seed);
            assertTrue(forB.cellCount() < 200, "carries the difference and not the state");
        }
    }

    @Test
    void aCollisionOfPageHashesIsNoticedAndRepaired() {
        ObjectStore a = store(1);
        ObjectStore b = store(2);
        a.pageHashMask = 0;
        b.pageHashMask = 0;
        tags(a).add("x");
        tags(a).add("y");
        b.merge(a.state(), null);
        tags(a).remove("x");
        b.merge(Delta.voided(ReplicaId.of(1), 3, 3), null);
        assertEquals(a.version(), b.version());
        assertEquals(0, a.digest().differingPages(b.digest()));
        b.merge(a.deltaFor(b.digest(), b.version()), null);
        assertNotEquals(a.digest(), b.digest());
        b.merge(a.state(), null);
        assertEquals(a.digest(), b.digest());
    }

    @Test
    void aForkedReplicaIsDetectedBeforeAnythingChanges() {
        ObjectStore one = store(7);
        ObjectStore two = store(7);
        Delta first = tags(one).add("x");
        Delta second = tags(two).add("y");
        ObjectStore other = store(1);
        other.merge(first, null);
        Delta both = store(2).state().join(second);
        byte[] before = other.state().encode();
        assertThrows(ReplicaConflictException.class, () -> other.merge(both, null));
        assertArrayEquals(before, other.state().encode());
        tags(two).add("z");
        assertThrows(ReplicaConflictException.class, () -> one.merge(two.state(), null));
    }

    @Test
    void foldingTakesOnlyWhatTheAuthorKnowsToBeJudged() {
        ObjectStore client = new ObjectStore(ReplicaId.of(5), true, () -> 0);
        ObjectStore server = store(9);
        for (int i = 1; i <= 10; i++) {
            server.merge(client.counter(COUNT).increment(i), null);
        }
        Delta fold = server.fold(Map.of(ReplicaId.of(5), 6L, ReplicaId.of(77), 9L), 2);
        assertEquals(55, server.counter(COUNT).value());
        assertEquals(1, fold.cellCount());
        assertEquals(5, server.state().cellCount());
        assertEquals(Delta.EMPTY, server.fold(Map.of(ReplicaId.of(5), 6L), 2));
        server.fold(Map.of(ReplicaId.of(5), 10L), 2);
        assertEquals(1, server.state().cellCount());
        assertEquals(55, server.counter(COUNT).value());
        server.checkInvariants();
    }

    @Test
    void aTableOfPagesFindsEveryPageByItsDotsAndItsNumber() {
        long seed = Long.getLong("rejoin.seed", System.nanoTime());
        Random random = new Random(seed);
        String replay = replay(seed);
        PageTable table = new PageTable();
        Map<Long, CellPage> model = new HashMap<>();
        for (int step = 0; step < 20_000; step++) {
            long first = (long) random.nextInt(3) << PackedDot.COUNTER_BITS
                    | (long) random.nextInt(step < 10_000 ? 1_000 : 50) << CellPage.SHIFT;
            CellPage known = model.get(first);
            assertEquals(known, table.find(first + random.nextInt(CellPage.SIZE)), replay);
            if (known == null) {
                CellPage page = new CellPage(this, first);
                table.add(page);
                model.put(first, page);
                assertTrue(page.number > 0, replay);
            } else if (random.nextInt(4) == 0) {
                CellPage copy = known.copy(replay);
                table.replace(copy);
                model.put(first, copy);
            } else {
                table.remove(known);
                model.remove(first);
            }
            for (CellPage page : step % 500 == 0 ? List.copyOf(model.values()) : List.<CellPage>of()) {
                assertEquals(page, table.of(page.number << CellPage.SHIFT | 255), replay);
                assertEquals(page, table.find(page.first), replay);
            }
        }
    }

    /** What the store remembers of its latest deltas is bounded, so some of these are served from there and some from all cells. */
    @Test
    void whoeverKnowsAnEarlierVersionIsBroughtUpToDate() {
        long seed = Long.getLong("rejoin.seed", System.nanoTime());
        Random random = new Random(seed);
        String replay = replay(seed);
        for (int elements : new int[] {3, 40, 4_000}) {
            OrSet<Long> set = OrSet.standalone(ReplicaId.of(1), ValueCodec.LONG);
            OrSet<Long> other = OrSet.standalone(ReplicaId.of(2), ValueCodec.LONG);
            List<Delta> late = new ArrayList<>();
            List<OrSet<Long>> holders = new ArrayList<>();
            for (int step = 0; step < 4_000; step++) {
                long element = random.nextInt(elements);
                switch (random.nextInt(8)) {
                    case 0 -> set.remove(element);
                    case 1 -> late.add(random.nextBoolean() ? other.add(element) : other.remove(element));
                    case 2 -> {
                        if (!late.isEmpty()) {
                            set.merge(late.remove(independent(late, random.nextInt(late.size()))));
                        }
                    }
                    case 3 -> other.merge(set.state());
                    default -> set.add(element);
                }
                if (step % 100 == 0 || step > 3_950) {
                    OrSet<Long> holder = OrSet.standalone(ReplicaId.of(10 + step), ValueCodec.LONG);
                    holder.merge(set.state());
                    holders.add(holder);
                }
            }
            set.store.checkInvariants();
            for (OrSet<Long> holder : holders) {
                holder.merge(set.deltaSince(holder.version()));
                assertEquals(set.state(), holder.state(), replay);
            }
        }
    }

    /**
     * This delta, or the one that it builds on: whoever learns of a dot only from the delta that removes it holds a version that says nothing of what that dot had
     * removed, and is not brought up to date by it.
     */
    private static int independent(List<Delta> late, int at) {
        for (int before = 0; before < at; before++) {
            if (claimsAnyOf(late.get(at), late.get(before).context())) {
                return independent(late, before);
            }
        }
        return at;
    }

    private static boolean claimsAnyOf(Delta delta, Version dots) {
        boolean[] any = {false};
        delta.forEachRun((replica, low, high, live) -> {
            for (long counter = low; counter <= high; counter++) {
                any[0] |= dots.contains(new Dot(replica, counter));
            }
        });
        return any[0];
    }

    private static String replay(long seed) {
        return "replay: mvn -pl crdt-core test -Dtest=ObjectStoreTest -DargLine=-Drejoin.seed=" + seed;
    }

    @Test
    void aTableOfDotsBehavesLikeASet() {
        Random random = new Random(42);
        DotTable table = new DotTable();
        Set<Long> model = new HashSet<>();
        Map<Long, Boolean> hidden = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            long dot = (long) random.nextInt(30) << PackedDot.COUNTER_BITS | 1 + random.nextInt(20);
            if (model.add(dot)) {
                table.add(dot);
                hidden.put(dot, false);
            } else if (random.nextBoolean()) {
                table.setHidden(dot, !hidden.get(dot));
                hidden.put(dot, !hidden.get(dot));
            } else {
                table.remove(dot);
                model.remove(dot);
            }
            if (i % 97 == 0) {
                Set<Long> found = new HashSet<>();
                for (long each : table.toArray()) {
                    found.add(each & Long.MAX_VALUE);
                    assertEquals(hidden.get(each & Long.MAX_VALUE), each < 0);
                }
                assertEquals(model, found);
                assertEquals(model.size(), table.size());
            }
        }
    }

    @Test
    void aListenerThatThrowsDisturbsNobody() {
        ObjectStore store = store(1);
        List<RuntimeException> failures = new ArrayList<>();
        List<CommitEvent> heard = new ArrayList<>();
        store.onListenerFailure(failures::add);
        store.onCommit(event -> {
            throw new IllegalStateException("no");
        });
        store.onCommit(heard::add);
        tags(store).add("x");
        assertEquals(1, failures.size());
        assertEquals(1, heard.size());
        assertTrue(tags(store).contains("x"));
    }

    @Test
    void aStampFromTheFarFutureIsTopped() {
        LwwRegister<String> ahead = LwwRegister.standalone(ReplicaId.of(1), ValueCodec.STRING, () -> 10_000_000_000L);
        LwwRegister<String> behind = LwwRegister.standalone(ReplicaId.of(2), ValueCodec.STRING, () -> 1_000);
        LwwRegister<String> third = LwwRegister.standalone(ReplicaId.of(3), ValueCodec.STRING, () -> 1_000);
        Delta first = ahead.set("far");
        behind.merge(first);
        Delta second = behind.set("seen");
        third.merge(ahead.set("again"));
        third.merge(second);
        assertEquals("seen", behind.get());
        third.merge(first);
        assertEquals("seen", third.get());
        assertEquals(List.of("again"), third.conflicts());
    }
}
