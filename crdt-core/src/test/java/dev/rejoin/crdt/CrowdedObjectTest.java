package dev.rejoin.crdt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.clock.ReplicaId;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Very many cells about one thing, which only somebody who means harm writes, cost what as many cells about many things cost. */
class CrowdedObjectTest {
    private static final ReplicaId A = ReplicaId.of(0xa1);
    private static final int CROWD = 65_536;
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static ObjectStore store() {
        return new ObjectStore(ReplicaId.of(9), false, () -> 0);
    }

    @Test
    void anElementAddedManyTimesInOneTransaction() {
        ObjectKey key = ObjectKey.root(ObjectType.OR_SET, "s");
        FragmentBuilder cells = FragmentBuilder.delta();
        for (int i = 1; i <= CROWD; i++) {
            cells.cell(A, i, key, 1);
        }
        Delta crowd = cells.build();
        ObjectStore store = store();
        OrSet<Long> set = store.set(key, ValueCodec.LONG);
        assertTimeoutPreemptively(PATIENCE, () -> {
            store.merge(crowd, null);
            for (int i = 0; i < CROWD; i++) {
                assertTrue(set.contains(1L));
            }
            assertEquals(List.of(1L), set.elements());
            store.merge(Delta.voided(A, 1, CROWD - 1), null);
            assertTrue(set.contains(1L));
            assertEquals(1, set.size());
            store.checkInvariants();
            store.merge(Delta.voided(A, CROWD, CROWD), null);
        });
        assertFalse(set.contains(1L));
        store.checkInvariants();
    }

    @Test
    void anElementAddedAndRemovedManyTimesInARemoveWinsSet() {
        ObjectKey key = ObjectKey.root(ObjectType.RW_SET, "s");
        FragmentBuilder cells = FragmentBuilder.delta();
        for (int i = 1; i <= CROWD; i++) {
            cells.cell(A, i, key, i % 2 == 0 ? 1 : new Absent(1L));
        }
        Delta crowd = cells.build();
        ObjectStore store = store();
        OrSet<Long> set = store.set(key, ValueCodec.LONG);
        assertTimeoutPreemptively(PATIENCE, () -> {
            store.merge(crowd, null);
            for (int i = 0; i < CROWD; i++) {
                assertFalse(set.contains(1L));
            }
            assertEquals(0, set.size());
            for (int i = 1; i <= CROWD; i += 2) {
                store.merge(Delta.voided(A, i, i), null);
            }
            assertTrue(set.contains(1L));
            store.checkInvariants();
            store.merge(Delta.voided(A, 1, CROWD), null);
        });
        assertFalse(set.contains(1L));
        store.checkInvariants();
    }

    @Test
    void aPendingRemovalOfACrowdIsTakenBack() {
        ObjectKey key = ObjectKey.root(ObjectType.OR_SET, "s");
        FragmentBuilder cells = FragmentBuilder.delta();
        for (int i = 1; i <= CROWD; i++) {
            cells.cell(A, i, key, 1);
        }
        Delta crowd = cells.build();
        ObjectStore client = new ObjectStore(ReplicaId.of(7), true, () -> 0);
        OrSet<Long> set = client.set(key, ValueCodec.LONG);
        assertTimeoutPreemptively(PATIENCE, () -> {
            client.confirm(crowd, 0, List.of());
            set.remove(1L);
            assertFalse(set.contains(1L));
            client.confirm(Delta.EMPTY, 1, List.of(new DotRange(1, 1)));
            assertTrue(set.contains(1L));
            client.checkInvariants();
        });
    }

    @Test
    void aCounterResetManyTimes() {
        ObjectKey key = ObjectKey.root(ObjectType.PNCOUNTER, "n");
        FragmentBuilder cells = FragmentBuilder.delta();
        cells.cell(A, 1, key, new Tally(10, 0));
        for (int i = 2; i <= CROWD; i++) {
            cells.cell(A, i, key, new Baseline(List.of(new Baseline.Entry(A, i, i % 7, 0))));
        }
        Delta crowd = cells.build();
        ObjectStore store = store();
        PNCounter counter = store.counter(key);
        assertTimeoutPreemptively(PATIENCE, () -> {
            store.merge(crowd, null);
            assertEquals(0, counter.value());
            store.checkInvariants();
            store.merge(Delta.voided(A, 2, CROWD), null);
        });
        assertEquals(10, counter.value());
        store.checkInvariants();
    }

    @Test
    void aCrowdCountsLikeASmallNumber() {
        for (ObjectType type : List.of(ObjectType.OR_SET, ObjectType.RW_SET)) {
            for (long seed = 1; seed <= 40; seed++) {
                crowdsComeAndGo(type, new Random(seed), "seed " + seed);
            }
        }
    }

    /** Cells of two elements come, go and are hidden at random; what is shown is recounted from the cells at each step. */
    private static void crowdsComeAndGo(ObjectType type, Random random, String seed) {
        ObjectKey key = ObjectKey.root(type, "s");
        ObjectStore client = new ObjectStore(ReplicaId.of(7), true, () -> 0);
        OrSet<Long> set = client.set(key, ValueCodec.LONG);
        long next = 1;
        for (int step = 0; step < 150; step++) {
            switch (random.nextInt(6)) {
                case 0, 1, 2 -> {
                    FragmentBuilder cells = FragmentBuilder.delta();
                    for (int n = random.nextInt(40); n >= 0; n--) {
                        long element = random.nextInt(2);
                        boolean absent = type == ObjectType.RW_SET && random.nextInt(30) == 0;
                        cells.cell(A, next++, key, absent ? new Absent(element) : (Object) element);
                    }
                    client.confirm(cells.build(), 0, List.of());
                }
                case 3 -> {
                    long low = 1 + random.nextInt((int) next);
                    client.confirm(Delta.voided(A, low, low + random.nextInt(60)), 0, List.of());
                    next = Math.max(next, client.version().highest(A) + 1);
                }
                case 4 -> {
                    if (random.nextBoolean()) {
                        set.remove((long) random.nextInt(2));
                    } else {
                        set.add((long) random.nextInt(2));
                    }
                }
                default -> {
                    if (!client.pending().isEmpty()) {
                        PendingTransaction oldest = client.pending().get(0);
                        List<DotRange> voided =
                                random.nextBoolean() ? List.of(new DotRange(oldest.first(), oldest.last())) : List.of();
                        client.confirm(Delta.EMPTY, oldest.last(), voided);
                    }
                }
            }
            client.checkInvariants();
            assertEquals(set.elements().size(), set.size(), seed);
            for (long element = 0; element < 2; element++) {
                assertEquals(set.elements().contains(element), set.contains(element), seed);
            }
        }
    }
}
