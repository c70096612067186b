package dev.rejoin.crdt.laws;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** What a set of live cells reads as, type by type, by definition. */
class Views {
    /** Sets and flags read as the list of their elements in dot order, registers as the list of their values, best first. */
    Object read(Address object, SortedMap<At, TwinCell> cells) {
        return switch (object.kind()) {
            case GCOUNTER, COUNTER -> counter(object, cells);
            case SET, FLAG -> present(object, cells, false);
            case RWSET, DWFLAG -> present(object, cells, true);
            case MVREGISTER -> values(object, cells);
            case REGISTER -> register(object, cells);
            case MAP -> keys(object, cells);
        };
    }

    List<Object> present(Address object, SortedMap<At, TwinCell> cells, boolean absentWins) {
        Map<String, Object> present = new LinkedHashMap<>();
        List<String> absent = new ArrayList<>();
        for (TwinCell cell : of(object, cells).values()) {
            if (cell.payload() instanceof Payload.Value v) {
                present.putIfAbsent(TwinCodec.identity(v.value()), v.value());
            } else if (cell.payload() instanceof Payload.Absent a) {
                absent.add(TwinCodec.identity(a.value()));
            }
        }
        if (absentWins) {
            present.keySet().removeAll(absent);
        }
        return List.copyOf(present.values());
    }

    List<Object> values(Address object, SortedMap<At, TwinCell> cells) {
        return of(object, cells).values().stream()
                .map(c -> ((Payload.Value) c.payload()).value())
                .toList();
    }

    /** The winner first, then the values concurrent to it in falling order. */
    List<Object> register(Address object, SortedMap<At, TwinCell> cells) {
        return of(object, cells).entrySet().stream()
                .sorted((a, b) -> {
                    int byClock = Long.compareUnsigned(stamp(b), stamp(a));
                    return byClock != 0 ? byClock : b.getKey().compareTo(a.getKey());
                })
                .map(e -> ((Payload.Stamped) e.getValue().payload()).value())
                .toList();
    }

    BigInteger counter(Address object, SortedMap<At, TwinCell> cells) {
        Contributions c = Contributions.of(object, cells);
        BigInteger sum = BigInteger.ZERO;
        for (long amount : c.amounts.values()) {
            sum = sum.add(BigInteger.valueOf(amount));
        }
        for (Map.Entry<Long, Payload.Totals> owner : c.tallies.entrySet()) {
            Payload.Totals tally = owner.getValue();
            Payload.Totals base = c.baselines.getOrDefault(owner.getKey(), new Payload.Totals(0, 0, 0));
            if (tally.upto() > base.upto()) {
                sum = sum.add(BigInteger.valueOf(tally.p()))
                        .subtract(BigInteger.valueOf(tally.n()))
                        .subtract(BigInteger.valueOf(base.p()))
                        .add(BigInteger.valueOf(base.n()));
            }
        }
        return sum;
    }

    /** The children that show something: an element, a value, a contribution; baselines and removals are none. */
    List<Object> keys(Address map, SortedMap<At, TwinCell> cells) {
        TreeSet<String> keys = new TreeSet<>();
        for (TwinCell cell : cells.values()) {
            boolean shows = !(cell.payload() instanceof Payload.Baseline);
            if (cell.object().known() && cell.object().kind().removeWins()) {
                shows = !present(cell.object(), cells, true).isEmpty();
            }
            for (Address a = cell.object(); shows && a.parent() != null; a = a.parent()) {
                if (a.parent().equals(map)) {
                    keys.add(a.key());
                }
            }
        }
        return List.copyOf(keys);
    }

    static SortedMap<At, TwinCell> of(Address object, SortedMap<At, TwinCell> cells) {
        TreeMap<At, TwinCell> own = new TreeMap<>();
        cells.forEach((dot, cell) -> {
            if (cell.object().equals(object)) {
                own.put(dot, cell);
            }
        });
        return own;
    }

    private static long stamp(Map.Entry<At, TwinCell> e) {
        return ((Payload.Stamped) e.getValue().payload()).hlc();
    }

    /** The cells of one counter, sorted by what they contribute. */
    static final class Contributions {
        final TreeMap<At, Long> amounts = new TreeMap<>();
        final TreeMap<Long, Payload.Totals> tallies = new TreeMap<>(Long::compareUnsigned);
        final TreeMap<Long, Payload.Totals> baselines = new TreeMap<>(Long::compareUnsigned);

        static Contributions of(Address object, SortedMap<At, TwinCell> cells) {
            Contributions c = new Contributions();
            Views.of(object, cells).forEach((dot, cell) -> {
                if (cell.payload() instanceof Payload.Amount a) {
                    c.amounts.put(dot, a.n());
                } else if (cell.payload() instanceof Payload.Tally t) {
                    c.tallies.merge(
                            dot.replica(), new Payload.Totals(dot.counter(), t.p(), t.n()), Contributions::later);
                } else if (cell.payload() instanceof Payload.Fold f) {
                    c.tallies.merge(f.owner(), f.totals(), Contributions::later);
                } else if (cell.payload() instanceof Payload.Baseline b) {
                    b.entries().forEach((owner, totals) -> c.baselines.merge(owner, totals, Contributions::later));
                }
            });
            return c;
        }

        static Payload.Totals later(Payload.Totals a, Payload.Totals b) {
            return b.upto() > a.upto() ? b : a;
        }

        boolean isEmpty() {
            return amounts.isEmpty() && tallies.isEmpty() && baselines.isEmpty();
        }

        /** Per owner the highest observed dot and the totals up to there. */
        TreeMap<Long, Payload.Totals> totals() {
            TreeMap<Long, Payload.Totals> totals = new TreeMap<>(Long::compareUnsigned);
            tallies.forEach((owner, t) -> totals.merge(owner, t, Contributions::later));
            baselines.forEach((owner, t) -> totals.merge(owner, t, Contributions::later));
            amounts.forEach((dot, n) -> {
                Payload.Totals t = totals.getOrDefault(dot.replica(), new Payload.Totals(0, 0, 0));
                if (dot.counter() > t.upto()) {
                    totals.put(
                            dot.replica(),
                            new Payload.Totals(dot.counter(), t.p() + Math.max(n, 0), t.n() + Math.max(-n, 0)));
                }
            });
            return totals;
        }
    }
}
