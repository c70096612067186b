package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.ReplicaId;
import java.util.Arrays;

/**
 * What a store knows of each replica, by the number that it has given it; the store's own is 0.
 *
 * <p>The array and each entry carry the stamp of their writer. {@link #share} hands both out by changing the stamp, so that the next
 * write copies what it touches, and nothing else.
 */
final class ReplicaDirectory {
    private Object stamp = new Object();
    private Object owner = stamp;
    final ReplicaIndex index = new ReplicaIndex();
    private ReplicaCells[] cells = new ReplicaCells[2];
    private int count;

    /** The cells by number; those who keep the array say so by {@link #share}. */
    ReplicaCells[] cells() {
        return cells;
    }

    int count() {
        return count;
    }

    /** From now on what has been handed out is not written any more. */
    void share() {
        stamp = new Object();
    }

    /** The number of a replica, or −1. */
    int find(ReplicaId id) {
        return index.find(id);
    }

    ReplicaCells get(int number) {
        return cells[number];
    }

    ReplicaId idOf(long dot) {
        return cells[PackedDot.replica(dot)].id;
    }

    /** The number of a replica, given at first sight. */
    int intern(ReplicaId id) {
        int number = index.find(id);
        if (number >= 0) {
            return number;
        }
        if (count == PackedDot.MAX_REPLICAS) {
            throw new IllegalStateException("more than " + PackedDot.MAX_REPLICAS + " replicas");
        }
        number = index.add(id);
        if (count == cells.length || owner != stamp) {
            cells = Arrays.copyOf(cells, Math.max(cells.length, count * 2));
            owner = stamp;
        }
        cells[number] = new ReplicaCells(id, number, stamp);
        count++;
        return number;
    }

    /** The cells of a replica, to be written. */
    ReplicaCells writable(int number) {
        ReplicaCells known = cells[number];
        if (known.owner != stamp) {
            if (owner != stamp) {
                cells = cells.clone();
                owner = stamp;
            }
            known = known.copy(stamp);
            cells[number] = known;
        }
        return known;
    }

    /** Sorts dots by replica id and counter, in place where that can be. */
    long[] inDotOrder(long[] dots) {
        if (dots.length < 2) {
            return dots;
        }
        Arrays.sort(dots);
        if (PackedDot.replica(dots[0]) == PackedDot.replica(dots[dots.length - 1])) {
            return dots;
        }
        // numbers are given in order of sight, which differs between replicas: order the groups by id
        long[] ordered = new long[dots.length];
        int filled = 0;
        for (ReplicaCells each : CellReader.sorted(cells, count)) {
            long base = PackedDot.of(index.find(each.id), 0);
            int from = Arrays.binarySearch(dots, base);
            from = from < 0 ? -from - 1 : from;
            while (from < dots.length && PackedDot.replica(dots[from]) == PackedDot.replica(base)) {
                ordered[filled++] = dots[from++];
            }
        }
        return ordered;
    }
}
