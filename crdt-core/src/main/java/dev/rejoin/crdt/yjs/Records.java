package dev.rejoin.crdt.yjs;

import java.util.Arrays;

/**
 * Numbered records of a fixed count of ints, in pages of 256 records; a frozen copy shares the pages until they are written.
 *
 * <p>A record's fields lie side by side, so that touching several of them costs one cache line. Reading goes through
 * {@link #pages}; writing through {@link #own}, which copies a page that a frozen copy shares. Freed numbers are given out again.
 */
class Records {
    static final int BITS = 8;
    static final int PER_PAGE = 1 << BITS;
    static final int MASK = PER_PAGE - 1;
    private static final int[] NO_PAGE = {};

    final int width;

    /** All pages; the newest of them may be shorter than the others. */
    int[][] pages;

    /** The pages that nobody else holds, {@link #NO_PAGE} for the others. */
    private int[][] mine;

    /** Grows with each page that is asked for to be written: while it stays, whatever was read stays true. */
    long writes;

    private boolean directoryShared;
    private int size;
    private int free = -1;
    private int freeCount;

    Records(int width) {
        this.width = width;
        pages = new int[1][];
        mine = new int[1][];
        pages[0] = NO_PAGE;
        mine[0] = NO_PAGE;
    }

    /** A copy of {@code source} that is never written; both share all pages from now on. */
    Records(Records source) {
        width = source.width;
        pages = source.pages;
        size = source.size;
        free = source.free;
        freeCount = source.freeCount;
        mine = new int[0][];
        source.share();
    }

    private void share() {
        writes++;
        directoryShared = true;
        mine = new int[pages.length][];
        Arrays.fill(mine, NO_PAGE);
    }

    /** Records in use. */
    int live() {
        return size - freeCount;
    }

    /** One above the highest number ever given out. */
    int limit() {
        return size;
    }

    int get(int record, int field) {
        return pages[record >>> BITS][(record & MASK) * width + field];
    }

    void set(int record, int field, int value) {
        own(record >>> BITS)[(record & MASK) * width + field] = value;
    }

    /** The page for writing. */
    int[] own(int page) {
        writes++;
        int[] owned = mine[page];
        return owned.length != 0 ? owned : take(page);
    }

    private int[] take(int page) {
        unshareDirectory();
        int[] copy = pages[page].clone();
        pages[page] = copy;
        mine[page] = copy;
        return copy;
    }

    private void unshareDirectory() {
        if (directoryShared) {
            pages = pages.clone();
            directoryShared = false;
        }
    }

    /** A number for a new record, its fields undefined. */
    int allocate() {
        if (free >= 0) {
            int record = free;
            free = get(record, 0);
            freeCount--;
            return record;
        }
        int record = size++;
        int page = record >>> BITS;
        if (page == pages.length) {
            int room = page + (page >> 1) + 1;
            pages = Arrays.copyOf(pages, room);
            directoryShared = false;
            mine = Arrays.copyOf(mine, room);
            Arrays.fill(pages, page, room, NO_PAGE);
            Arrays.fill(mine, page, room, NO_PAGE);
        }
        int needed = ((record & MASK) + 1) * width;
        if (pages[page].length < needed) {
            unshareDirectory();
            int most = PER_PAGE * width;
            // a page of a small document starts small, one that was made for what it holds grows; all others are made
            // whole
            int[] grown = Arrays.copyOf(pages[page], page > 0 ? most : Math.min(most, Math.max(4 * width, 2 * needed)));
            pages[page] = grown;
            mine[page] = grown;
        }
        return record;
    }

    /** Numbers 0 to {@code count} − 1 for as many records, the first ever; their fields are undefined. */
    void reserve(int count) {
        int needed = count + MASK >>> BITS;
        pages = new int[needed][];
        mine = new int[needed][];
        for (int page = 0; page < needed; page++) {
            pages[page] = new int[Math.min(PER_PAGE, count - (page << BITS)) * width];
            mine[page] = pages[page];
        }
        directoryShared = false;
        size = count;
    }

    /** Gives a number back. Frozen copies keep their content of it. */
    void release(int record) {
        set(record, 0, free);
        free = record;
        freeCount++;
    }
}
