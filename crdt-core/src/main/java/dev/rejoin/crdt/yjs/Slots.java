package dev.rejoin.crdt.yjs;

import java.util.Arrays;

/** Numbered objects in pages of 256; a frozen copy shares the pages until they are written. */
final class Slots {
    private static final int BITS = 8;
    private static final int MASK = (1 << BITS) - 1;
    private static final Object[] NO_PAGE = {};
    private static final Object FREE = new Object();

    private Object[][] pages = {};
    private Object[][] mine = {};
    private boolean directoryShared;
    private int size;
    private int[] free = {};
    private int freeCount;

    Slots() {}

    private Slots(Slots source) {
        pages = source.pages;
        size = source.size;
    }

    /** A copy that is never written. */
    Slots freeze() {
        Slots frozen = new Slots(this);
        directoryShared = true;
        mine = new Object[pages.length][];
        Arrays.fill(mine, NO_PAGE);
        return frozen;
    }

    Object get(int slot) {
        return pages[slot >>> BITS][slot & MASK];
    }

    void set(int slot, Object value) {
        own(slot >>> BITS)[slot & MASK] = value;
    }

    private Object[] own(int page) {
        Object[] owned = mine[page];
        if (owned.length == 0) {
            if (directoryShared) {
                pages = pages.clone();
                directoryShared = false;
            }
            owned = pages[page].clone();
            pages[page] = owned;
            mine[page] = owned;
        }
        return owned;
    }

    int add(Object value) {
        int slot;
        if (freeCount > 0) {
            slot = free[--freeCount];
        } else {
            slot = size++;
            grow(slot);
        }
        set(slot, value);
        return slot;
    }

    private void grow(int slot) {
        int page = slot >>> BITS;
        if (page == pages.length) {
            int room = page + (page >> 1) + 1;
            pages = Arrays.copyOf(pages, room);
            directoryShared = false;
            mine = Arrays.copyOf(mine, room);
            Arrays.fill(pages, page, room, NO_PAGE);
            Arrays.fill(mine, page, room, NO_PAGE);
        }
        int needed = (slot & MASK) + 1;
        if (pages[page].length < needed) {
            if (directoryShared) {
                pages = pages.clone();
                directoryShared = false;
            }
            Object[] grown =
                    Arrays.copyOf(pages[page], page > 0 ? MASK + 1 : Math.min(MASK + 1, Math.max(4, 2 * needed)));
            pages[page] = grown;
            mine[page] = grown;
        }
    }

    void release(int slot) {
        set(slot, FREE);
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, freeCount + (freeCount >> 1) + 4);
        }
        free[freeCount++] = slot;
    }
}
