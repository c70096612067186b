package dev.rejoin.crdt.clock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/** A set of ranges is the set of its counters. */
class DotRangesProperties {

    private static final long TOP = 70;

    record Range(long low, long high) {}

    @Provide
    Arbitrary<List<Range>> ranges() {
        Arbitrary<Long> low = Arbitraries.longs().between(1, 60);
        Arbitrary<Long> length = Arbitraries.frequencyOf(
                Tuple.of(5, Arbitraries.just(0L)),
                Tuple.of(2, Arbitraries.longs().between(0, 10)));
        return Combinators.combine(low, length)
                .as((from, more) -> new Range(from, from + more))
                .list()
                .ofMaxSize(40);
    }

    private static DotRanges set(List<Range> ranges) {
        DotRanges set = new DotRanges();
        ranges.forEach(range -> set.addRange(range.low(), range.high()));
        return set;
    }

    private static TreeSet<Long> model(List<Range> ranges) {
        TreeSet<Long> model = new TreeSet<>();
        ranges.forEach(range -> addTo(model, range));
        return model;
    }

    private static boolean addTo(TreeSet<Long> model, Range range) {
        boolean changed = false;
        for (long i = range.low(); i <= range.high(); i++) {
            changed |= model.add(i);
        }
        return changed;
    }

    private static void assertSame(TreeSet<Long> model, DotRanges set) {
        long prefix = 0;
        for (long i = 1; i <= TOP + 1; i++) {
            assertEquals(model.contains(i), set.contains(i), "contains " + i);
            if (prefix == i - 1 && model.contains(i)) {
                prefix = i;
            }
        }
        assertEquals(prefix, set.prefix());
        assertEquals(model.isEmpty() ? 0 : model.last(), set.highest());
        assertEquals(model.size(), set.count());
        assertEquals(model.isEmpty(), set.isEmpty());
        TreeSet<Long> visited = new TreeSet<>();
        long[] before = {-1};
        set.forEachRange((low, high) -> {
            assertEquals(true, low > before[0] + 1, "ranges are maximal and ascending");
            before[0] = high;
            addTo(visited, new Range(low, high));
        });
        assertEquals(model, visited);
    }

    @Property
    void addingAgreesWithASetOfCounters(@ForAll("ranges") List<Range> ranges) {
        DotRanges set = new DotRanges();
        TreeSet<Long> model = new TreeSet<>();
        for (Range range : ranges) {
            assertEquals(addTo(model, range), set.addRange(range.low(), range.high()), "reported change");
            assertSame(model, set);
        }
    }

    @Property
    void rangesAreContainedOrMetAsInASetOfCounters(@ForAll("ranges") List<Range> ranges) {
        DotRanges set = set(ranges);
        TreeSet<Long> model = model(ranges);
        for (long low = 1; low <= TOP; low += 3) {
            for (long high = low; high <= TOP; high += 2) {
                int present = model.subSet(low, true, high, true).size();
                assertEquals(present == high - low + 1, set.containsRange(low, high));
                assertEquals(present > 0, set.intersects(low, high));
            }
        }
    }

    @Property
    void unionAgreesWithASetOfCounters(@ForAll("ranges") List<Range> one, @ForAll("ranges") List<Range> other) {
        DotRanges set = set(one);
        DotRanges added = set(other);
        DotRanges untouched = added.copy();
        set.addAll(added);
        TreeSet<Long> model = model(one);
        model.addAll(model(other));
        assertSame(model, set);
        assertEquals(untouched, added);
        set.addAll(set);
        assertSame(model, set);
    }

    @Property
    void equalContentIsEqualWhateverTheOrder(@ForAll("ranges") List<Range> ranges) {
        DotRanges ascending = new DotRanges();
        model(ranges).forEach(ascending::add);
        DotRanges descending = new DotRanges();
        model(ranges).descendingSet().forEach(descending::add);
        assertEquals(set(ranges), ascending);
        assertEquals(ascending, descending);
        assertEquals(ascending.hashCode(), descending.hashCode());
        assertEquals(ascending.toString(), descending.toString());
    }

    @Property
    void aCopyIsIndependent(@ForAll("ranges") List<Range> ranges) {
        DotRanges set = set(ranges);
        DotRanges copy = set.copy();
        copy.addRange(1, TOP);
        assertSame(model(ranges), set);
    }

    @Example
    void rangesThatArriveDownwardsOrUpwardsAreAddedInLinearTime() {
        CpuTime.assertWithin(Duration.ofSeconds(5), () -> {
            DotRanges down = new DotRanges();
            DotRanges up = new DotRanges();
            for (long i = 500_000; i > 0; i--) {
                down.add(2 * i);
                up.add(2 * (500_001 - i));
            }
            assertEquals(up, down);
            for (long i = 0; i < 500_000; i++) {
                down.add(2 * i + 1);
            }
            assertEquals(1_000_000, down.prefix());
            DotRanges both = new DotRanges();
            for (long i = 0; i < 250_000; i++) {
                both.add(1_000_000 + 2 * i);
                both.add(999_998 - 2 * i);
            }
            assertEquals(500_000, both.rangeCount());
        });
    }

    @Example
    void countersOutsideTheFormatAreRefused() {
        DotRanges set = new DotRanges();
        assertThrows(IllegalArgumentException.class, () -> set.add(0));
        assertThrows(IllegalArgumentException.class, () -> set.add(Dot.MAX_COUNTER + 1));
        assertThrows(IllegalArgumentException.class, () -> set.addRange(3, 2));
        set.addRange(1, Dot.MAX_COUNTER);
        assertEquals(Dot.MAX_COUNTER, set.prefix());
    }
}
