package dev.rejoin.crdt.laws;

import java.util.Map;
import java.util.SortedMap;

/** What a cell carries, one record for each kind of the format. */
sealed interface Payload {
    record Value(Object value) implements Payload {}

    record Stamped(long millis, long logical, Object value) implements Payload {
        long hlc() {
            return millis << 16 | logical;
        }
    }

    record Amount(long n) implements Payload {}

    record Tally(long p, long n) implements Payload {}

    record Absent(Object value) implements Payload {}

    /** Totals of one owner up to a dot. */
    record Totals(long upto, long p, long n) {}

    /** Entries by replica bits, ascending unsigned. */
    record Baseline(SortedMap<Long, Totals> entries) implements Payload {
        public Baseline {
            if (entries.comparator() == null) {
                throw new IllegalArgumentException("entries must be ordered unsigned");
            }
        }

        static Baseline of(Map<Long, Totals> entries) {
            var sorted = new java.util.TreeMap<Long, Totals>(Long::compareUnsigned);
            sorted.putAll(entries);
            return new Baseline(sorted);
        }
    }

    record Fold(long owner, Totals totals) implements Payload {}

    /** An extended cell whose code is unknown here. */
    record Opaque(long code, String hex) implements Payload {}
}
