package dev.rejoin.crdt;

/**
 * The cells of one element of a set beyond those that have a slot each: there are that many only where somebody adds the same
 * element again and again without removing what he has seen.
 */
final class Crowd {
    private final DotTable dots = new DotTable();
    private int shownAdditions;
    private int shownRemovals;

    void add(long dot, boolean isRemoval, boolean hidden) {
        dots.add(dot);
        if (hidden) {
            dots.setHidden(dot, true);
        } else {
            count(isRemoval, 1);
        }
    }

    void remove(long dot, boolean isRemoval, boolean hidden) {
        dots.remove(dot);
        if (!hidden) {
            count(isRemoval, -1);
        }
    }

    void setHidden(long dot, boolean isRemoval, boolean hidden) {
        dots.setHidden(dot, hidden);
        count(isRemoval, hidden ? -1 : 1);
    }

    private void count(boolean isRemoval, int by) {
        if (isRemoval) {
            shownRemovals += by;
        } else {
            shownAdditions += by;
        }
    }

    boolean contains(long dot) {
        return dots.contains(dot);
    }

    boolean showsAddition() {
        return shownAdditions > 0;
    }

    boolean showsRemoval() {
        return shownRemovals > 0;
    }

    int size() {
        return dots.size();
    }

    /** One of the dots, the sign bit of a hidden one set. */
    long any() {
        return dots.any();
    }

    /** All dots, the sign bits of hidden ones set. */
    long[] toArray() {
        return dots.toArray();
    }
}
