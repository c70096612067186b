package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.Dot;
import dev.rejoin.crdt.clock.ReplicaId;

/** The join of two deltas: one sweep over the runs of both, from the highest dot of each replica downwards. */
final class DeltaJoin {

    private DeltaJoin() {}

    static Delta join(Delta a, Delta b) {
        DeltaAssembler out = new DeltaAssembler();
        Cursor x = new Cursor(a);
        Cursor y = new Cursor(b);
        while (x.hasSection() || y.hasSection()) {
            int order = !x.hasSection() ? 1 : !y.hasSection() ? -1 : x.replica().compareTo(y.replica());
            out.section(order <= 0 ? x.replica() : y.replica());
            if (order == 0) {
                sweep(x, y, out);
            }
            if (order <= 0) {
                x.drain(out);
            }
            if (order >= 0) {
                y.drain(out);
            }
        }
        return out.build();
    }

    private static void sweep(Cursor x, Cursor y, DeltaAssembler out) {
        while (x.hasRun() && y.hasRun()) {
            if (x.high > y.high) {
                x.take(Math.max(x.low, y.high + 1), out);
            } else if (y.high > x.high) {
                y.take(Math.max(y.low, x.high + 1), out);
            } else {
                takeBoth(x, y, Math.max(x.low, y.low), out);
            }
        }
    }

    private static void takeBoth(Cursor x, Cursor y, long low, DeltaAssembler out) {
        if (x.live && y.live) {
            x.checkSame(y, low);
            x.take(low, out);
        } else {
            out.run(x.high, low, false);
            x.skip(low);
        }
        y.skip(low);
    }

    /** A place in the walk over a delta: what is left of the present run, and the cell of its highest dot. */
    private static final class Cursor {

        private final Delta delta;
        private int section;
        private int run;
        private int cell;
        private long high;
        private long low;
        private boolean live;

        Cursor(Delta delta) {
            this.delta = delta;
            load();
        }

        boolean hasSection() {
            return section < delta.replicas.length;
        }

        ReplicaId replica() {
            return delta.replicas[section];
        }

        boolean hasRun() {
            return run < delta.runEnds[section];
        }

        private void load() {
            if (2 * run < delta.runs.length) {
                high = delta.runs[2 * run] >>> 1;
                live = (delta.runs[2 * run] & 1) != 0;
                low = delta.runs[2 * run + 1];
            }
        }

        /** Moves the dots from the present one down to {@code to}, all of the present run, over to {@code out}. */
        void take(long to, DeltaAssembler out) {
            out.run(high, to, live);
            if (live) {
                out.cells(delta.cells, cell, (int) (high - to + 1));
            }
            skip(to);
        }

        void skip(long to) {
            if (live) {
                cell += (int) (high - to + 1);
            }
            if (to > low) {
                high = to - 1;
            } else {
                run++;
                load();
            }
        }

        void drain(DeltaAssembler out) {
            while (hasRun()) {
                take(low, out);
            }
            section++;
        }

        void checkSame(Cursor other, long to) {
            for (int i = 0, n = (int) (high - to + 1); i < n; i++) {
                if (!delta.cells[cell + i].equals(other.delta.cells[other.cell + i])) {
                    throw new ReplicaConflictException(
                            "one dot with two different cells", new Dot(replica(), high - i));
                }
            }
        }
    }
}
