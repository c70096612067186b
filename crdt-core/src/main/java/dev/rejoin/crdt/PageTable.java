package dev.rejoin.crdt;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The pages of one store, all replicas together, by a number that each keeps while it lives, and by the dots that it covers.
 *
 * <p>The number and a place in the page make a <em>handle</em> of 32 bits, through which a view gets at a cell in one step. Finding the
 * page of a dot takes one look into an open-addressing index. Belongs to the one thread that writes to the store: snapshots go through
 * the directories ({@link ReplicaCells}).
 */
final class PageTable {
    /** Pages that a store can have: what a handle can number. */
    static final int MAX_PAGES = (1 << 32 - CellPage.SHIFT) - 1;

    private static final long PLACE = CellPage.SIZE - 1;

    /** By number; 0 belongs to nobody, so that no handle is 0. */
    private @Nullable CellPage[] pages = new CellPage[2];

    private int used = 1;

    /** Numbers below {@code used} that no page has. */
    private int[] free = new int[0];

    private int freeCount;

    /** Numbers of pages by the hash of their first dot; 0 is free. */
    private int[] index = new int[4];

    private int home(long first) {
        // the replica stands in the high bits, from where a product alone would not carry it down
        long bits = first >>> CellPage.SHIFT;
        return (int) ((bits ^ bits >>> 29) * 0x9E3779B97F4A7C15L >>> 40) & index.length - 1;
    }

    private CellPage at(int number) {
        return Objects.requireNonNull(pages[number]);
    }

    /** The page of a handle. */
    CellPage of(int handle) {
        return at(handle >>> CellPage.SHIFT);
    }

    /** The page that has room for a dot, or null if there is none. */
    @Nullable
    CellPage find(long dot) {
        long first = dot & ~PLACE;
        int at = home(first);
        for (int number = index[at]; number != 0; number = index[at]) {
            CellPage page = at(number);
            if (page.first == first) {
                return page;
            }
            at = at + 1 & index.length - 1;
        }
        return null;
    }

    /** The page of a live cell. */
    CellPage holding(long dot) {
        CellPage page = find(dot);
        if (page == null) {
            throw new IllegalStateException("no such cell: " + dot);
        }
        return page;
    }

    /** Numbers a new page. */
    void add(CellPage page) {
        int number = freeCount > 0 ? free[--freeCount] : used++;
        if (number > MAX_PAGES) {
            throw new IllegalStateException("more than " + MAX_PAGES + " pages of cells");
        }
        if (number == pages.length) {
            pages = Arrays.copyOf(pages, number + (number >> 2) + 2);
        }
        page.number = number;
        pages[number] = page;
        int count = used - 1 - freeCount;
        if (count * 4L > index.length * 3L) {
            index = new int[index.length * 2];
            for (int i = 1; i < used; i++) {
                if (pages[i] != null) {
                    enter(at(i).first, i);
                }
            }
        } else {
            enter(page.first, number);
        }
    }

    private void enter(long first, int number) {
        int at = home(first);
        while (index[at] != 0) {
            at = at + 1 & index.length - 1;
        }
        index[at] = number;
    }

    /** A copy takes the place of the page that has its number. */
    void replace(CellPage copy) {
        pages[copy.number] = copy;
    }

    /** Forgets a page that has no cells left; its number will be another's. */
    void remove(CellPage page) {
        int mask = index.length - 1;
        int hole = home(page.first);
        while (index[hole] != page.number) {
            hole = hole + 1 & mask;
        }
        for (int next = hole + 1 & mask; index[next] != 0; next = next + 1 & mask) {
            int home = home(at(index[next]).first);
            if ((next - home & mask) >= (next - hole & mask)) {
                index[hole] = index[next];
                hole = next;
            }
        }
        index[hole] = 0;
        pages[page.number] = null;
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, freeCount + (freeCount >> 2) + 2);
        }
        free[freeCount++] = page.number;
    }
}
