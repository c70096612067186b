package dev.rejoin.crdt;

/** How counters are written: as amounts under a judge, as running totals otherwise. */
final class CounterWrites {
    private CounterWrites() {}

    static Delta add(ReplicatedObject counter, long amount) {
        ObjectStore store = counter.store;
        return counter.mutate(Mutation.Op.INCREMENT, amount, () -> {
            CounterView view = (CounterView) counter.view();
            if (store.isJudged()) {
                store.write(view, new Amount(amount));
                return;
            }
            long[] totals = view.ownTotals(store.self());
            long previous = view.ownTally(store.self());
            Tally tally = amount > 0
                    ? new Tally(Math.addExact(totals[0], amount), totals[1])
                    : new Tally(totals[0], Math.subtractExact(totals[1], amount));
            if (previous == 0) {
                store.write(view, tally);
            } else {
                store.replace(view, previous, tally);
            }
        });
    }

    /** Removes every observed cell and leaves the observed totals, so that a concurrent fold cannot bring them back. */
    static void reset(ObjectStore store, CounterView view) {
        Baseline observed = view.observed();
        for (long dot : view.dots()) {
            store.erase(dot & Long.MAX_VALUE);
        }
        if (observed != null) {
            store.write(view, observed);
        }
    }
}
