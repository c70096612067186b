package dev.rejoin.server.replication;

import java.util.TreeSet;

/** What has begun and not ended, in the order of beginning. */
final class Unfinished {
    private final TreeSet<Long> open = new TreeSet<>();
    private long next = 1;

    long begin() {
        open.add(next);
        return next++;
    }

    void finish(long operation) {
        open.remove(operation);
    }

    /** Stands for everything that has begun by now. */
    long mark() {
        return next;
    }

    /** Whether everything that had begun by then has ended. */
    boolean passed(long mark) {
        return open.isEmpty() || open.first() >= mark;
    }

    void clear() {
        open.clear();
    }
}
