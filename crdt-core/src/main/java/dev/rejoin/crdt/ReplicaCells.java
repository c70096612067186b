package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.DotRanges;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.Arrays;

/**
 * What a store knows of one replica: its known dots, and the pages of its live cells in ascending order.
 *
 * <p>A page that loses its last cell is freed; the directory of pages is kept dense, for walking through the cells in order. The writer
 * finds single pages through the {@link PageTable}, which he keeps up to date here; snapshots take a guess from either end of the
 * directory (right while no page between has been freed) or a binary search.
 */
final class ReplicaCells {
    /** Stands in the directory's unused places, so that a freed page is not held. */
    private static final CellPage NO_PAGE = new CellPage(ReplicaCells.class, 0);

    final ReplicaId id;

    /** The number of the replica in its store, in the place where dots have it. */
    private final long base;

    /** Who may write to this directory. */
    Object owner;

    DotRanges context;
    private Object contextOwner;
    private long[] numbers = new long[1];
    private CellPage[] pages = new CellPage[1];
    private int pageCount;

    ReplicaCells(ReplicaId id, int index, Object owner) {
        this.id = id;
        this.base = (long) index << PackedDot.COUNTER_BITS;
        this.owner = owner;
        this.contextOwner = owner;
        this.context = new DotRanges();
    }

    private ReplicaCells(ReplicaCells source, Object owner) {
        id = source.id;
        base = source.base;
        this.owner = owner;
        context = source.context;
        contextOwner = source.contextOwner;
        numbers = Arrays.copyOf(source.numbers, Math.max(1, source.pageCount));
        pages = Arrays.copyOf(source.pages, Math.max(1, source.pageCount));
        pageCount = source.pageCount;
    }

    /** A directory that {@code newOwner} may write to, sharing pages and context until they are written. */
    ReplicaCells copy(Object newOwner) {
        return new ReplicaCells(this, newOwner);
    }

    DotRanges writableContext() {
        if (contextOwner != owner) {
            context = context.copy();
            contextOwner = owner;
        }
        return context;
    }

    int pageCount() {
        return pageCount;
    }

    long pageNumber(int index) {
        return numbers[index];
    }

    CellPage page(int index) {
        return pages[index];
    }

    /** The index of the page with this number, or −(insertion point) − 1. */
    int find(long number) {
        int last = pageCount - 1;
        if (last < 0 || number > numbers[last]) {
            return -pageCount - 1;
        }
        long guess = number - numbers[0];
        if (guess >= 0 && guess <= last && numbers[(int) guess] == number) {
            return (int) guess;
        }
        long fromEnd = last - (numbers[last] - number);
        if (fromEnd >= 0 && numbers[(int) fromEnd] == number) {
            return (int) fromEnd;
        }
        return Arrays.binarySearch(numbers, 0, pageCount, number);
    }

    /** The page of a live counter. */
    CellPage pageOf(long counter) {
        return pages[find(counter >>> CellPage.SHIFT)];
    }

    Object payload(long counter) {
        return pageOf(counter).payload((int) counter & CellPage.SIZE - 1);
    }

    int object(long counter) {
        return pageOf(counter).object((int) counter & CellPage.SIZE - 1);
    }

    /** Adds a cell; returns its handle. */
    int put(PageTable table, long counter, int object, Object payload) {
        long first = base + (counter & ~(CellPage.SIZE - 1L));
        CellPage page = table.find(first);
        if (page == null) {
            page = new CellPage(owner, first);
            table.add(page);
            long number = counter >>> CellPage.SHIFT;
            insertPage(-find(number) - 1, number, page);
        } else {
            page = writable(table, page);
        }
        int place = (int) counter & CellPage.SIZE - 1;
        page.put(place, object, payload);
        return page.number << CellPage.SHIFT | place;
    }

    /** Takes the cell at a place of one of these pages away. */
    void remove(PageTable table, CellPage held, int place) {
        CellPage page = writable(table, held);
        page.remove(place);
        if (page.count == 0) {
            int index = indexOf(page);
            int moved = pageCount - index - 1;
            System.arraycopy(numbers, index + 1, numbers, index, moved);
            System.arraycopy(pages, index + 1, pages, index, moved);
            pages[--pageCount] = NO_PAGE;
            table.remove(page);
        }
    }

    private int indexOf(CellPage page) {
        return find((page.first & PackedDot.COUNTER_MASK) >>> CellPage.SHIFT);
    }

    private CellPage writable(PageTable table, CellPage page) {
        if (page.owner == owner) {
            return page;
        }
        CellPage copy = page.copy(owner);
        pages[indexOf(page)] = copy;
        table.replace(copy);
        return copy;
    }

    private void insertPage(int at, long number, CellPage page) {
        if (pageCount == pages.length) {
            int room = pageCount + (pageCount >> 1) + 1;
            numbers = Arrays.copyOf(numbers, room);
            pages = Arrays.copyOf(pages, room);
        }
        System.arraycopy(numbers, at, numbers, at + 1, pageCount - at);
        System.arraycopy(pages, at, pages, at + 1, pageCount - at);
        numbers[at] = number;
        pages[at] = page;
        pageCount++;
    }

    /** The highest live counter at or below {@code counter}, or 0. */
    long floor(long counter) {
        if (counter < 1) {
            return 0;
        }
        int index = find(counter >>> CellPage.SHIFT);
        int slot = (int) counter & CellPage.SIZE - 1;
        if (index < 0) {
            index = -index - 2;
            slot = CellPage.SIZE - 1;
        }
        while (index >= 0) {
            int found = pages[index].floor(slot);
            if (found >= 0) {
                return (numbers[index] << CellPage.SHIFT) + found;
            }
            index--;
            slot = CellPage.SIZE - 1;
        }
        return 0;
    }
}
