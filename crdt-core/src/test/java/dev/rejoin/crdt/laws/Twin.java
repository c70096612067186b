package dev.rejoin.crdt.laws;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * The naive twin of a document: confirmed state, pending transactions, and nothing remembered besides. What a user
 * sees is the join of all of it, worked out anew at every question.
 *
 * <p>A judged twin is a client: its writes pend until {@link #confirm}. Any other joins its writes at once.
 */
class Twin {
    record Pending(long first, long last, Fragment delta) {}

    final long replica;
    final boolean judged;
    final Views views;
    private final LongSupplier millis;
    Fragment confirmed = new Fragment();
    List<Pending> pending = new ArrayList<>();
    long next = 1;
    private long lastStamp;

    Twin(long replica, boolean judged, LongSupplier millis, Views views) {
        this.replica = replica;
        this.judged = judged;
        this.millis = millis;
        this.views = views;
    }

    Twin(long replica, boolean judged, LongSupplier millis) {
        this(replica, judged, millis, new Views());
    }

    /** Confirmed and pending joined: what the user sees. */
    Fragment view() {
        Fragment view = confirmed;
        for (Pending p : pending) {
            view = Fragment.join(view, p.delta);
        }
        return view;
    }

    Object read(Address object) {
        return views.read(object, view().cells);
    }

    void merge(Fragment delta) {
        confirmed = join(confirmed, delta);
        observe(delta);
    }

    /** One transaction; null if nothing happened. */
    Fragment commit(List<Op> ops) {
        Open open = new Open();
        ops.forEach(open::perform);
        Fragment delta = open.close();
        if (delta != null) {
            if (judged) {
                pending.add(new Pending(open.first, next - 1, delta));
            } else {
                confirmed = join(confirmed, delta);
            }
        }
        return delta;
    }

    /** Takes judged transactions off the overlay and joins what the judge says about the rest of the world. */
    void confirm(Fragment remote, long ackedThrough, List<long[]> voided) {
        List<Pending> still = new ArrayList<>();
        for (Pending p : pending) {
            if (p.last > ackedThrough) {
                still.add(p);
            } else if (voided.stream().anyMatch(v -> v[0] <= p.first && p.last <= v[1])) {
                confirmed = Fragment.join(confirmed, Fragment.voided(replica, p.first, p.last));
            } else {
                confirmed = Fragment.join(confirmed, p.delta);
            }
        }
        pending = still;
        merge(remote);
    }

    /** The one join; a mutant may put another in its place. */
    Fragment join(Fragment state, Fragment delta) {
        return Fragment.join(state, delta);
    }

    void observe(Fragment delta) {
        for (TwinCell cell : delta.cells.values()) {
            if (cell.payload() instanceof Payload.Stamped s) {
                lastStamp = Math.max(lastStamp, s.hlc());
            }
        }
    }

    long stamp() {
        lastStamp = Math.max(lastStamp + 1, millis.getAsLong() << 16);
        return lastStamp;
    }

    /** Folds the amounts of every owner up to its watermark into one cell for each owner and counter; null if none. */
    Fragment fold(Map<Long, Long> watermarks) {
        Fragment delta = new Fragment();
        Set<Address> counters = new LinkedHashSet<>();
        confirmed.cells.values().stream()
                .filter(c -> c.object().known() && c.object().kind().counts())
                .forEach(c -> counters.add(c.object()));
        for (Address counter : counters) {
            SortedMap<At, TwinCell> cells = Views.of(counter, confirmed.cells);
            Views.Contributions c = Views.Contributions.of(counter, confirmed.cells);
            watermarks.forEach((owner, watermark) -> {
                Payload.Totals base = Views.Contributions.later(
                        c.tallies.getOrDefault(owner, new Payload.Totals(0, 0, 0)),
                        c.baselines.getOrDefault(owner, new Payload.Totals(0, 0, 0)));
                long upto = base.upto();
                long p = base.p();
                long n = base.n();
                for (Map.Entry<At, Long> amount : c.amounts.entrySet()) {
                    At dot = amount.getKey();
                    if (dot.replica() == owner && dot.counter() <= watermark && dot.counter() > upto) {
                        upto = dot.counter();
                        p += Math.max(amount.getValue(), 0);
                        n += Math.max(-amount.getValue(), 0);
                        delta.dead(dot);
                    }
                }
                if (upto > base.upto()) {
                    cells.forEach((dot, cell) -> {
                        if (cell.payload() instanceof Payload.Fold f && f.owner() == owner) {
                            delta.dead(dot);
                        }
                    });
                    delta.live(
                            new At(replica, next++),
                            new TwinCell(counter, new Payload.Fold(owner, new Payload.Totals(upto, p, n))));
                }
            });
        }
        if (delta.context.isEmpty()) {
            return null;
        }
        confirmed = Fragment.join(confirmed, delta);
        return delta;
    }

    /** What a pending removal may observe; the rule of void-safety is that it is everything, hidden cells too. */
    SortedMap<At, TwinCell> observable() {
        TreeMap<At, TwinCell> all = new TreeMap<>(confirmed.cells);
        pending.forEach(p -> all.putAll(p.delta.cells));
        return all;
    }

    /** How an increment is written by a judged replica. */
    void judgedIncrement(Open open, Address counter, long n) {
        open.write(counter, new Payload.Amount(n));
    }

    /** The cells whose contribution a reset may write into its baseline. */
    SortedMap<At, TwinCell> resettable(Open open) {
        return judged ? confirmed.cells : open.now();
    }

    /** The entries of the baseline that a reset writes; empty for none. */
    Map<Long, Payload.Totals> baseline(Address counter, Open open) {
        return Views.Contributions.of(counter, resettable(open)).totals();
    }

    /** One open transaction. */
    final class Open {
        final long first = next;
        final TreeMap<At, TwinCell> fresh = new TreeMap<>();
        final Set<At> removed = new LinkedHashSet<>();

        /** All observable cells, with those of this transaction; an unjudged removal takes effect at once. */
        SortedMap<At, TwinCell> now() {
            TreeMap<At, TwinCell> now = new TreeMap<>(observable());
            now.putAll(fresh);
            if (!judged) {
                now.keySet().removeAll(removed);
            }
            return now;
        }

        void write(Address object, Payload payload) {
            fresh.put(new At(replica, next++), new TwinCell(object, payload));
        }

        void remove(Address object) {
            removed.addAll(Views.of(object, now()).keySet());
        }

        void removeElement(Address object, Object element) {
            String identity = TwinCodec.identity(element);
            Views.of(object, now()).forEach((dot, cell) -> {
                Object value = cell.payload() instanceof Payload.Value v
                        ? v.value()
                        : ((Payload.Absent) cell.payload()).value();
                if (TwinCodec.identity(value).equals(identity)) {
                    removed.add(dot);
                }
            });
        }

        void perform(Op op) {
            Address object = op.object();
            switch (op.verb()) {
                case ADD -> {
                    removeElement(object, op.value());
                    write(object, new Payload.Value(op.value()));
                }
                case REMOVE -> {
                    if (object.kind() == Kind.MAP) {
                        removeChildren(object, (String) op.value());
                    } else {
                        removeElement(object, op.value());
                        if (object.kind().removeWins()) {
                            write(object, new Payload.Absent(op.value()));
                        }
                    }
                }
                case SET -> {
                    remove(object);
                    if (object.kind() == Kind.MVREGISTER) {
                        write(object, new Payload.Value(op.value()));
                    } else {
                        long stamp = stamp();
                        write(object, new Payload.Stamped(stamp >> 16, stamp & 0xffff, op.value()));
                    }
                }
                case CLEAR -> clear(object);
                case INCREMENT -> increment(object, (Long) op.value());
                case RESET -> reset(object);
            }
        }

        void clear(Address object) {
            if (object.kind() == Kind.MAP) {
                removeChildren(object, null);
            } else if (object.kind().removeWins()) {
                clearRemoveWins(object);
            } else {
                remove(object);
            }
        }

        /**
         * Removes the values, and writes a removal for those that are more than pending. A removal of what only a
         * refused add ever brought in would outlive it.
         */
        void clearRemoveWins(Address object) {
            for (Object element : views.present(object, now(), false)) {
                String identity = TwinCodec.identity(element);
                List<At> values = new ArrayList<>();
                Views.of(object, now()).forEach((dot, cell) -> {
                    if (cell.payload() instanceof Payload.Value v
                            && TwinCodec.identity(v.value()).equals(identity)) {
                        values.add(dot);
                    }
                });
                if (!judged || values.stream().anyMatch(confirmed.cells::containsKey)) {
                    removeElement(object, element);
                    write(object, new Payload.Absent(element));
                } else {
                    removed.addAll(values);
                }
            }
        }

        void increment(Address counter, long n) {
            if (judged) {
                judgedIncrement(this, counter, n);
            } else {
                tally(counter, n);
            }
        }

        /** Continues from the higher of the own tally and the own baseline, and replaces the own tally. */
        void tally(Address counter, long n) {
            Views.Contributions c = Views.Contributions.of(counter, now());
            Payload.Totals own = Views.Contributions.later(
                    c.tallies.getOrDefault(replica, new Payload.Totals(0, 0, 0)),
                    c.baselines.getOrDefault(replica, new Payload.Totals(0, 0, 0)));
            Views.of(counter, now()).forEach((dot, cell) -> {
                if (dot.replica() == replica && cell.payload() instanceof Payload.Tally) {
                    removed.add(dot);
                }
            });
            write(
                    counter,
                    new Payload.Tally(Math.addExact(own.p(), Math.max(n, 0)), Math.addExact(own.n(), Math.max(-n, 0))));
        }

        void reset(Address counter) {
            Map<Long, Payload.Totals> entries = baseline(counter, this);
            remove(counter);
            if (!entries.isEmpty()) {
                write(counter, Payload.Baseline.of(entries));
            }
        }

        /** Empties everything below one key of the map, or below all of them. */
        void removeChildren(Address map, String key) {
            Set<Address> objects = new LinkedHashSet<>();
            for (TwinCell cell : now().values()) {
                for (Address a = cell.object(); a.parent() != null; a = a.parent()) {
                    if (a.parent().equals(map) && (key == null || a.key().equals(key))) {
                        objects.add(cell.object());
                    }
                }
            }
            for (Address object : objects) {
                if (object.kind().counts()) {
                    reset(object);
                } else {
                    remove(object);
                }
            }
        }

        /** A transaction that only removes burns one dot, so that versions cover removals. */
        Fragment close() {
            if (next == first && removed.isEmpty()) {
                return null;
            }
            if (next == first) {
                next++;
            }
            Fragment delta = new Fragment();
            for (long n = first; n < next; n++) {
                delta.dead(new At(replica, n));
            }
            removed.forEach(delta::dead);
            fresh.forEach((dot, cell) -> {
                if (!removed.contains(dot)) {
                    delta.live(dot, cell);
                }
            });
            return delta;
        }
    }
}
