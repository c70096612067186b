package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.DotRanges;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.Arrays;

/**
 * What a store knows of one replica: its known dots, and the pages of its live cells in ascending order.
 *
 * <p>A page that loses its last cell is freed; the directory of pages is kept dense, so finding a page takes a guess from either end
 * (right while no page between has been freed) or a binary search.
 */
final class ReplicaCells {
    /** Stands in the directory's unused places, so that a freed page is not held. */
    private static final CellPage NO_PAGE = new CellPage(ReplicaCells.class);

    final ReplicaId id;

    /** Who may write to this directory. */
    Object owner;

    DotRanges context;
    private Object contextOwner;
    private long[] numbers = new long[1];
    private CellPage[] pages = new CellPage[1];
    private int pageCount;

    ReplicaCells(ReplicaId id, Object owner) {
        this.id = id;
        this.owner = owner;
        this.contextOwner = owner;
        this.context = new DotRanges();
    }

    private ReplicaCells(ReplicaCells source, Object owner) {
        id = source.id;
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

    boolean isLive(long counter) {
        int index = find(counter >>> CellPage.SHIFT);
        return index >= 0 && pages[index].isLive((int) counter & CellPage.SIZE - 1);
    }

    Object payload(long counter) {
        return pageOf(counter).payload((int) counter & CellPage.SIZE - 1);
    }

    int object(long counter) {
        return pageOf(counter).object((int) counter & CellPage.SIZE - 1);
    }

    void put(long counter, int object, Object payload) {
        long number = counter >>> CellPage.SHIFT;
        int index = find(number);
        CellPage page;
        if (index < 0) {
            page = new CellPage(owner);
            insertPage(-index - 1, number, page);
        } else {
            page = writable(index);
        }
        page.put((int) counter & CellPage.SIZE - 1, object, payload);
    }

    void remove(long counter) {
        int index = find(counter >>> CellPage.SHIFT);
        CellPage page = writable(index);
        page.remove((int) counter & CellPage.SIZE - 1);
        if (page.count == 0) {
            int moved = pageCount - index - 1;
            System.arraycopy(numbers, index + 1, numbers, index, moved);
            System.arraycopy(pages, index + 1, pages, index, moved);
            pages[--pageCount] = NO_PAGE;
        }
    }

    private CellPage writable(int index) {
        CellPage page = pages[index];
        if (page.owner != owner) {
            page = page.copy(owner);
            pages[index] = page;
        }
        return page;
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
