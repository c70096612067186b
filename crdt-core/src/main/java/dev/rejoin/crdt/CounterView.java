package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.ReplicaId;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A counter: the sum of its visible amounts and, per owner, of its tally less its baseline.
 *
 * <p>The sum is kept in 128 bits and changed by the difference each cell makes, so reading it costs nothing and a merge costs the
 * same with one replica or a thousand.
 */
final class CounterView extends View {
    private final DotTable dots = new DotTable();
    private final Map<ReplicaId, Owner> owners = new HashMap<>();
    private long high;
    private long low;

    /** The owner of the last tally, because increments come in runs. */
    private @Nullable Owner recent;

    CounterView(ObjectStore store, ObjectKey key, int index, @Nullable View parent) {
        super(store, key, index, parent);
    }

    /** One total: everything that an owner did up to a dot. */
    private record Total(long dot, long upto, long p, long n, boolean hidden) {
        /** Of totals up to the same dot, which only a liar writes, the larger counts, in whatever order they come. */
        static final Comparator<Total> ORDER = Comparator.comparingLong(Total::upto)
                .thenComparingLong(Total::p)
                .thenComparingLong(Total::n)
                .thenComparingLong(Total::dot);

        boolean beats(@Nullable Total other) {
            return other == null || ORDER.compare(this, other) > 0;
        }
    }

    /** The baselines of one owner: a short array, and beyond that an order, so that a crowd of them costs little each. */
    private static final class Baselines {
        private static final int FEW = 8;

        private Total[] few = Owner.NONE;
        private @Nullable Map<Long, Total> many;
        private final TreeSet<Total> shown = new TreeSet<>(Total.ORDER);

        void add(Total added) {
            if (many == null && few.length < FEW) {
                few = Owner.with(few, added);
                return;
            }
            if (many == null) {
                many = new HashMap<>();
                for (Total total : few) {
                    many.put(total.dot, total);
                    show(total);
                }
                few = Owner.NONE;
            }
            many.put(added.dot, added);
            show(added);
        }

        private void show(Total total) {
            if (!total.hidden) {
                shown.add(total);
            }
        }

        void remove(long dot) {
            if (many == null) {
                few = Owner.without(few, dot);
                return;
            }
            Total removed = many.remove(dot);
            if (removed != null) {
                shown.remove(removed);
            }
            if (many.size() <= FEW / 2) {
                few = many.values().toArray(Owner.NONE);
                many = null;
                shown.clear();
            }
        }

        void hide(long dot, boolean hidden) {
            if (many == null) {
                Owner.hide(few, dot, hidden);
                return;
            }
            Total total = many.get(dot);
            if (total != null) {
                shown.remove(total);
                Total changed = new Total(dot, total.upto, total.p, total.n, hidden);
                many.put(dot, changed);
                show(changed);
            }
        }

        /** The one that counts among the visible. */
        @Nullable
        Total visible() {
            return many == null ? Owner.visible(few) : shown.isEmpty() ? null : shown.last();
        }

        Total[] all() {
            return many == null ? few : many.values().toArray(Owner.NONE);
        }

        boolean isEmpty() {
            return many == null && few.length == 0;
        }
    }

    /** What is known of one replica's contribution; almost always one tally and at most one baseline. */
    private static final class Owner {
        final ReplicaId id;
        Total[] tallies = NONE;

        @Nullable
        Baselines baselines;

        Owner(ReplicaId id) {
            this.id = id;
        }

        private static final Total[] NONE = new Total[0];

        /** The one that counts among the visible. */
        static @Nullable Total visible(Total[] totals) {
            Total best = null;
            for (Total total : totals) {
                if (!total.hidden && total.beats(best)) {
                    best = total;
                }
            }
            return best;
        }

        /** The later of what counts as tally and as baseline, hidden ones included, pending ones not. */
        @Nullable
        Total confirmed(ObjectStore store) {
            return confirmed(store, tallies, baselines == null ? null : confirmed(store, baselines.all(), null));
        }

        private static @Nullable Total confirmed(ObjectStore store, Total[] totals, @Nullable Total first) {
            Total best = first;
            for (Total total : totals) {
                if (total.beats(best) && !store.isPendingDot(total.dot)) {
                    best = total;
                }
            }
            return best;
        }

        static Total[] with(Total[] totals, Total added) {
            if (totals.length == 0) {
                return new Total[] {added};
            }
            Total[] grown = Arrays.copyOf(totals, totals.length + 1);
            grown[totals.length] = added;
            return grown;
        }

        static Total[] without(Total[] totals, long dot) {
            if (totals.length == 1 && totals[0].dot == dot) {
                return NONE;
            }
            Total[] left = new Total[totals.length - 1];
            int filled = 0;
            for (Total total : totals) {
                if (total.dot != dot) {
                    left[filled++] = total;
                }
            }
            return left;
        }

        static void hide(Total[] totals, long dot, boolean hidden) {
            for (int i = 0; i < totals.length; i++) {
                Total total = totals[i];
                if (total.dot == dot) {
                    totals[i] = new Total(dot, total.upto, total.p, total.n, hidden);
                }
            }
        }
    }

    private Owner owner(ReplicaId id) {
        Owner owner = recent;
        if (owner == null || owner.id.bits() != id.bits()) {
            owner = owners.get(id);
            if (owner == null) {
                owner = new Owner(id);
                owners.put(id, owner);
            }
            recent = owner;
        }
        return owner;
    }

    private void addToSum(long amount) {
        long before = low;
        low += amount;
        high += (amount >> 63) + (Long.compareUnsigned(low, before) < 0 ? 1 : 0);
    }

    /** Not the same as adding −amount: the least amount has no opposite. */
    private void takeFromSum(long amount) {
        high -= (amount >> 63) + (Long.compareUnsigned(low, amount) < 0 ? 1 : 0);
        low -= amount;
    }

    /** Adds (sign = 1) or takes away (sign = −1) an owner's contribution. */
    private void contribute(Owner owner, int sign) {
        Total tally = Owner.visible(owner.tallies);
        if (tally == null) {
            return;
        }
        Total baseline = owner.baselines == null ? null : owner.baselines.visible();
        if (baseline == null) {
            addToSum(sign * tally.p);
            addToSum(-sign * tally.n);
        } else if (tally.upto > baseline.upto) {
            addToSum(sign * (tally.p - baseline.p));
            addToSum(-sign * (tally.n - baseline.n));
        }
    }

    @Override
    void add(long dot, Object payload) {
        dots.add(dot);
        if (payload instanceof Amount amount) {
            addToSum(amount.n());
            countPresent(1);
        } else if (payload instanceof Tally tally) {
            addTally(store.replicaOf(dot), new Total(dot, PackedDot.counter(dot), tally.p(), tally.n(), false));
        } else if (payload instanceof Fold fold) {
            addTally(fold.owner(), new Total(dot, fold.upto(), fold.p(), fold.n(), false));
        } else if (payload instanceof Baseline baseline) {
            for (Baseline.Entry entry : baseline.entries()) {
                Owner owner = owner(entry.owner());
                contribute(owner, -1);
                if (owner.baselines == null) {
                    owner.baselines = new Baselines();
                }
                owner.baselines.add(new Total(dot, entry.upto(), entry.p(), entry.n(), false));
                contribute(owner, 1);
            }
        }
    }

    private void addTally(ReplicaId id, Total total) {
        Owner owner = owner(id);
        contribute(owner, -1);
        owner.tallies = Owner.with(owner.tallies, total);
        contribute(owner, 1);
        countPresent(1);
    }

    @Override
    void remove(long dot, Object payload, boolean hidden) {
        dots.remove(dot);
        if (payload instanceof Amount amount) {
            if (!hidden) {
                takeFromSum(amount.n());
                countPresent(-1);
            }
        } else if (payload instanceof Baseline baseline) {
            for (Baseline.Entry entry : baseline.entries()) {
                Owner owner = owner(entry.owner());
                contribute(owner, -1);
                if (owner.baselines != null) {
                    owner.baselines.remove(dot);
                    owner.baselines = owner.baselines.isEmpty() ? null : owner.baselines;
                }
                contribute(owner, 1);
                forgetIfEmpty(owner);
            }
        } else if (payload instanceof Tally || payload instanceof Fold) {
            Owner owner = owner(payload instanceof Fold fold ? fold.owner() : store.replicaOf(dot));
            contribute(owner, -1);
            owner.tallies = Owner.without(owner.tallies, dot);
            contribute(owner, 1);
            forgetIfEmpty(owner);
            if (!hidden) {
                countPresent(-1);
            }
        }
    }

    private void forgetIfEmpty(Owner owner) {
        if (owner.tallies.length == 0 && owner.baselines == null && owner != recent) {
            owners.remove(owner.id);
        }
    }

    @Override
    void replace(long old, Object oldPayload, long dot, Object payload) {
        if (payload instanceof Tally tally && oldPayload instanceof Tally) {
            Owner owner = owner(store.replicaOf(dot));
            if (owner.tallies.length == 1 && owner.tallies[0].dot == old) {
                dots.replace(old, dot);
                contribute(owner, -1);
                owner.tallies[0] = new Total(dot, PackedDot.counter(dot), tally.p(), tally.n(), false);
                contribute(owner, 1);
                return;
            }
        }
        super.replace(old, oldPayload, dot, payload);
    }

    @Override
    void setHidden(long dot, Object payload, boolean hidden) {
        dots.setHidden(dot, hidden);
        if (payload instanceof Amount amount) {
            if (hidden) {
                takeFromSum(amount.n());
            } else {
                addToSum(amount.n());
            }
            countPresent(hidden ? -1 : 1);
        } else if (payload instanceof Baseline baseline) {
            for (Baseline.Entry entry : baseline.entries()) {
                Owner owner = owner(entry.owner());
                contribute(owner, -1);
                if (owner.baselines != null) {
                    owner.baselines.hide(dot, hidden);
                }
                contribute(owner, 1);
            }
        } else if (payload instanceof Tally || payload instanceof Fold) {
            Owner owner = owner(payload instanceof Fold fold ? fold.owner() : store.replicaOf(dot));
            contribute(owner, -1);
            Owner.hide(owner.tallies, dot, hidden);
            contribute(owner, 1);
            countPresent(hidden ? -1 : 1);
        }
    }

    @Override
    int knownCells() {
        return dots.size();
    }

    @Override
    long[] knownDots() {
        return dots.toArray();
    }

    long longValue() {
        if (high != low >> 63) {
            throw new ArithmeticException("counter beyond 64 bits: " + value());
        }
        return low;
    }

    @Override
    BigInteger value() {
        return BigInteger.valueOf(high).shiftLeft(64).add(new BigInteger(Long.toUnsignedString(low)));
    }

    /** The own total to continue from: the later of tally and baseline, p in [0] and n in [1]. */
    long[] ownTotals(ReplicaId self) {
        Total total = owner(self).confirmed(store);
        return total == null ? new long[2] : new long[] {total.p, total.n};
    }

    /** The dot of the own live tally, or 0. */
    long ownTally(ReplicaId self) {
        for (Total total : owner(self).tallies) {
            if (store.payload(total.dot) instanceof Tally) {
                return total.dot;
            }
        }
        return 0;
    }

    /**
     * What a reset observes per owner: the highest dot of a contribution to this counter, and the totals up to there. What the author
     * has pending does not count, because a voided amount must never be part of a total. Nor does what comes after an amount with which
     * a total would leave 63 bits: {@link #fold} ends there too, so no fold can bring it back. O(cells log cells)
     */
    @Nullable
    Baseline observed() {
        TreeMap<ReplicaId, Baseline.Entry> entries = new TreeMap<>();
        for (Owner owner : owners.values()) {
            Total total = owner.confirmed(store);
            if (total != null) {
                entries.put(owner.id, new Baseline.Entry(owner.id, total.upto, total.p, total.n));
            }
        }
        ReplicaId full = null;
        for (long dot : store.inDotOrder(dots.toArray())) {
            if (store.payload(dot) instanceof Amount amount && !store.isPendingDot(dot)) {
                ReplicaId id = store.replicaOf(dot);
                Baseline.Entry entry = entries.get(id);
                long counter = PackedDot.counter(dot);
                if (!id.equals(full) && (entry == null || counter > entry.upto())) {
                    Baseline.Entry more = plus(id, entry, counter, amount.n());
                    if (more == null) {
                        full = id;
                    } else {
                        entries.put(id, more);
                    }
                }
            }
        }
        return entries.isEmpty() ? null : new Baseline(List.copyOf(entries.values()));
    }

    /** A total with one amount more; null where that would leave 63 bits. */
    private static Baseline.@Nullable Entry plus(ReplicaId id, Baseline.@Nullable Entry entry, long upto, long amount) {
        long p = entry == null ? 0 : entry.p();
        long n = entry == null ? 0 : entry.n();
        if (amount > 0) {
            p += amount;
        } else {
            n -= amount;
        }
        return p < 0 || n < 0 ? null : new Baseline.Entry(id, upto, p, n);
    }

    /** Folds, owner by owner, the amounts up to the given dots where there are enough. O(cells log cells) */
    void fold(Map<ReplicaId, Long> limits, int atLeast) {
        long[] all = store.inDotOrder(dots.toArray());
        int from = 0;
        while (from < all.length) {
            ReplicaId id = store.replicaOf(all[from]);
            int to = from + 1;
            while (to < all.length && store.replicaOf(all[to]).equals(id)) {
                to++;
            }
            Long limit = limits.get(id);
            if (limit != null) {
                fold(id, all, from, to, limit, atLeast);
            }
            from = to;
        }
    }

    private void fold(ReplicaId id, long[] all, int from, int to, long limit, int atLeast) {
        Owner owner = owners.get(id);
        Total base = owner == null ? null : owner.confirmed(store);
        Baseline.Entry total = base == null ? null : new Baseline.Entry(id, base.upto, base.p, base.n);
        long[] amounts = new long[to - from];
        int count = 0;
        for (int i = from; i < to; i++) {
            long counter = PackedDot.counter(all[i]);
            if (counter <= limit
                    && (base == null || counter > base.upto)
                    && store.payload(all[i]) instanceof Amount amount) {
                Baseline.Entry more = plus(id, total, counter, amount.n());
                if (more == null) {
                    break;
                }
                total = more;
                amounts[count++] = all[i];
            }
        }
        if (count < Math.max(1, atLeast) || total == null) {
            return;
        }
        Total[] replaced = owner == null ? Owner.NONE : owner.tallies;
        store.write(this, new Fold(id, total.upto(), total.p(), total.n()));
        for (int i = 0; i < count; i++) {
            store.erase(amounts[i]);
        }
        for (Total old : replaced) {
            store.erase(old.dot);
        }
    }
}
