package dev.rejoin.crdt.yjs;

import java.util.Arrays;

/**
 * The items of one client in the order of their clocks, without holes: chunks of at most 256 item numbers and first clocks.
 *
 * <p>Finding by clock looks at the newest item, then at the chunk found last, then searches. {@link #locate} leaves a position for the insertions
 * and removals that follow it.
 */
final class ClientItems {
    private static final int MOST = 256;
    private static final int FEW = 4;
    private static final int NEAR = 3;

    /** What a chunk grows by once it is not small any more. */
    private static final int STEP = 16;

    /** Places that a chunk which is not the last may have to spare. */
    private static final int SPARE = 2 * STEP;

    /** Who may write; a frozen copy takes that away by changing the store's stamp. */
    Object owner;

    /** The clock of the client's next unit. */
    int next;

    private int[][] items;
    private int[][] clocks;
    private int[] counts;
    private boolean[] shared;
    private int chunks;

    /** Where {@link #locate} found its item. */
    private int chunk;

    private int index;

    ClientItems(Object owner) {
        this.owner = owner;
        items = new int[1][FEW];
        clocks = new int[1][FEW];
        counts = new int[1];
        shared = new boolean[1];
        chunks = 1;
    }

    /** A copy that {@code newOwner} may write to; the chunks are copied when they are. O(chunks) */
    ClientItems(ClientItems source, Object newOwner) {
        owner = newOwner;
        next = source.next;
        chunks = source.chunks;
        items = Arrays.copyOf(source.items, chunks);
        clocks = Arrays.copyOf(source.clocks, chunks);
        counts = Arrays.copyOf(source.counts, chunks);
        shared = new boolean[chunks];
        Arrays.fill(shared, true);
    }

    boolean isEmpty() {
        return counts[0] == 0;
    }

    /** The number of items. O(chunks) */
    int size() {
        int size = 0;
        for (int i = 0; i < chunks; i++) {
            size += counts[i];
        }
        return size;
    }

    int chunkCount() {
        return chunks;
    }

    int count(int at) {
        return counts[at];
    }

    int item(int at, int i) {
        return items[at][i];
    }

    int clock(int at, int i) {
        return clocks[at][i];
    }

    int locatedChunk() {
        return chunk;
    }

    int locatedIndex() {
        return index;
    }

    int lastItem() {
        return items[chunks - 1][counts[chunks - 1] - 1];
    }

    /** Finds the item that holds {@code clock}, which must be below {@link #next} and at least 0. O(log items) */
    int locate(int clock) {
        long position = position(clock);
        chunk = (int) (position >>> 32);
        index = (int) position;
        return items[chunk][index];
    }

    /** As {@link #locate}, without leaving a trace: the chunk in the upper half, the place in the chunk in the lower. */
    long position(int clock) {
        int last = chunks - 1;
        int[] starts = clocks[last];
        int at = counts[last] - 1;
        if (clock >= starts[at]) {
            return (long) last << 32 | at;
        }
        int c = chunk;
        if (c < chunks) {
            int found = near(c, index, clock);
            if (found >= 0) {
                return (long) c << 32 | found;
            }
        }
        if (c >= chunks || clock < clocks[c][0] || c < last && clock >= clocks[c + 1][0]) {
            c = 0;
            for (int rest = chunks; rest > 1; ) {
                int half = rest >>> 1;
                c = clocks[c + half][0] <= clock ? c + half : c;
                rest -= half;
            }
        }
        // without a branch that depends on the clock: which way it goes is anybody's guess
        starts = clocks[c];
        int low = 0;
        for (int rest = counts[c]; rest > 1; ) {
            int half = rest >>> 1;
            low = starts[low + half] <= clock ? low + half : low;
            rest -= half;
        }
        return (long) c << 32 | low;
    }

    /** Where in a chunk the item that holds {@code clock} is, if it is the one found last or one of those that follow it, else −1. */
    private int near(int c, int found, int clock) {
        int[] starts = clocks[c];
        int most = Math.min(counts[c] - 1, found + NEAR);
        if (found > most || clock < starts[found]) {
            return -1;
        }
        for (int i = found; i < most; i++) {
            if (clock < starts[i + 1]) {
                return i;
            }
        }
        return -1;
    }

    /** Adds the item that begins at {@link #next}. */
    void append(int item, int length) {
        int last = chunks - 1;
        if (counts[last] == MOST) {
            addChunk(chunks, new int[MOST], new int[MOST], 0);
            last++;
        }
        room(last);
        items[last][counts[last]] = item;
        clocks[last][counts[last]++] = next;
        next = Math.addExact(next, length);
    }

    /** Adds the items of these numbers, the client's first, which begin at these clocks. */
    void fill(int[] numbers, int from, int to, long[] starts, long[] lengths) {
        chunks = (to - from + MOST - 1) / MOST;
        items = new int[chunks][];
        clocks = new int[chunks][];
        counts = new int[chunks];
        shared = new boolean[chunks];
        for (int c = 0, first = from; c < chunks; c++, first += MOST) {
            int count = Math.min(MOST, to - first);
            int[] begins = new int[count];
            for (int i = 0; i < count; i++) {
                begins[i] = (int) starts[first + i];
            }
            items[c] = Arrays.copyOfRange(numbers, first, first + count);
            clocks[c] = begins;
            counts[c] = count;
        }
        next = (int) (starts[to - 1] + lengths[to - 1]);
    }

    /** Adds the item that begins at {@code clock} behind the located one, which stays located. */
    void insertAfterLocated(int item, int clock) {
        if (counts[chunk] == MOST) {
            splitLocated();
        }
        room(chunk);
        int at = index + 1;
        int count = counts[chunk]++;
        System.arraycopy(items[chunk], at, items[chunk], at + 1, count - at);
        System.arraycopy(clocks[chunk], at, clocks[chunk], at + 1, count - at);
        items[chunk][at] = item;
        clocks[chunk][at] = clock;
    }

    /** Takes the located item out; the one before it is located then, if there is one in the same chunk. */
    void removeLocated() {
        own(chunk);
        int count = --counts[chunk];
        System.arraycopy(items[chunk], index + 1, items[chunk], index, count - index);
        System.arraycopy(clocks[chunk], index + 1, clocks[chunk], index, count - index);
        if (count == 0 && chunks > 1) {
            int moved = chunks - chunk - 1;
            System.arraycopy(items, chunk + 1, items, chunk, moved);
            System.arraycopy(clocks, chunk + 1, clocks, chunk, moved);
            System.arraycopy(counts, chunk + 1, counts, chunk, moved);
            System.arraycopy(shared, chunk + 1, shared, chunk, moved);
            chunks--;
            chunk = Math.max(0, chunk - 1);
            index = counts[chunk] - 1;
        } else {
            index = Math.max(0, index - 1);
            if (items[chunk].length - count > SPARE && chunk < chunks - 1) {
                items[chunk] = Arrays.copyOf(items[chunk], count + STEP);
                clocks[chunk] = Arrays.copyOf(clocks[chunk], count + STEP);
            }
        }
    }

    /** Puts another item number in the place of the located one. */
    void replaceLocated(int item) {
        own(chunk);
        items[chunk][index] = item;
    }

    /** The located item begins at another clock now, between its neighbours'. */
    void moveLocated(int clock) {
        own(chunk);
        clocks[chunk][index] = clock;
    }

    /** Makes the chunk of the located item writable for {@link #clock(int, int, int)}. */
    void ownLocated() {
        own(chunk);
    }

    /** The item at a place in a chunk that is writable begins at another clock now, between its neighbours'. */
    void clock(int at, int i, int clock) {
        clocks[at][i] = clock;
    }

    private void splitLocated() {
        int half = MOST / 2;
        int[] upperItems = new int[half + STEP];
        int[] upperClocks = new int[half + STEP];
        System.arraycopy(items[chunk], half, upperItems, 0, MOST - half);
        System.arraycopy(clocks[chunk], half, upperClocks, 0, MOST - half);
        items[chunk] = Arrays.copyOf(items[chunk], half + STEP);
        clocks[chunk] = Arrays.copyOf(clocks[chunk], half + STEP);
        shared[chunk] = false;
        addChunk(chunk + 1, upperItems, upperClocks, MOST - half);
        counts[chunk] = half;
        if (index >= half) {
            chunk++;
            index -= half;
        }
    }

    private void addChunk(int at, int[] newItems, int[] newClocks, int count) {
        if (chunks == items.length) {
            int room = chunks + (chunks >> 1) + 1;
            items = Arrays.copyOf(items, room);
            clocks = Arrays.copyOf(clocks, room);
            counts = Arrays.copyOf(counts, room);
            shared = Arrays.copyOf(shared, room);
        }
        int moved = chunks - at;
        System.arraycopy(items, at, items, at + 1, moved);
        System.arraycopy(clocks, at, clocks, at + 1, moved);
        System.arraycopy(counts, at, counts, at + 1, moved);
        System.arraycopy(shared, at, shared, at + 1, moved);
        items[at] = newItems;
        clocks[at] = newClocks;
        counts[at] = count;
        shared[at] = false;
        chunks++;
    }

    /** Makes the chunk writable, with a place to spare. */
    private void room(int at) {
        int length = items[at].length;
        if (counts[at] == length) {
            int room = Math.min(MOST, length + Math.min(length, STEP));
            items[at] = Arrays.copyOf(items[at], room);
            clocks[at] = Arrays.copyOf(clocks[at], room);
            shared[at] = false;
        } else {
            own(at);
        }
    }

    private void own(int at) {
        if (shared[at]) {
            items[at] = items[at].clone();
            clocks[at] = clocks[at].clone();
            shared[at] = false;
        }
    }
}
