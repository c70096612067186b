package dev.rejoin.crdt.yjs;

import java.util.Arrays;

/**
 * The characters of a document's text, back to back in the order in which they came: one byte each where all of a run are below U+0100, two
 * otherwise. Runs refer to their characters by the place of the first. What was written before a copy was frozen is never changed, so frozen copies
 * share the arrays.
 */
final class TextArena {
    private static final int COMPACT_AT_LEAST = 1 << 16;
    private static final int ROOMS = 8;

    /** Characters from which on arrays grow by an eighth instead of a quarter, and are compacted at a quarter of garbage instead of a half. */
    private static final int LARGE = 1 << 20;

    private static final byte[] NO_BYTES = {};
    private static final char[] NO_CHARS = {};

    byte[] latin = NO_BYTES;
    int latinEnd;
    char[] wide = NO_CHARS;
    int wideEnd;

    /** Characters that no run refers to any more. */
    private int latinGarbage;

    private int wideGarbage;

    /** What lies below is shared with a frozen copy. */
    private int latinFrozen;

    private int wideFrozen;

    /** Free stretches behind runs that have moved here to grow, so that each of several people typing at once can go on where he is. */
    private final int[] roomStarts = new int[ROOMS];

    private final int[] roomEnds = new int[ROOMS];
    private final boolean[] roomWide = new boolean[ROOMS];
    private int nextRoom;

    TextArena freeze() {
        latinFrozen = latinEnd;
        wideFrozen = wideEnd;
        TextArena frozen = new TextArena();
        frozen.latin = latin;
        frozen.latinEnd = latinEnd;
        frozen.wide = wide;
        frozen.wideEnd = wideEnd;
        return frozen;
    }

    /** So many one-byte characters are about to come: room for them and no more is made. */
    void expectLatin(int units) {
        if (units > latin.length - latinEnd && units < Integer.MAX_VALUE - 16 - latinEnd) {
            latin = Arrays.copyOf(latin, latinEnd + units);
        }
    }

    /** Makes room for {@code units} more one-byte characters and returns where they go. */
    int reserveLatin(int units) {
        int at = latinEnd;
        if (units > latin.length - at) {
            latin = Arrays.copyOf(latin, grown(latin.length, at, units));
        }
        latinEnd = at + units;
        return at;
    }

    /** Makes room for {@code units} more two-byte characters and returns where they go. */
    int reserveWide(int units) {
        int at = wideEnd;
        if (units > wide.length - at) {
            wide = Arrays.copyOf(wide, grown(wide.length, at, units));
        }
        wideEnd = at + units;
        return at;
    }

    void addRoom(boolean isWide, int start, int units) {
        roomStarts[nextRoom] = start;
        roomEnds[nextRoom] = start + units;
        roomWide[nextRoom] = isWide;
        nextRoom = (nextRoom + 1) % ROOMS;
    }

    /** Whether there is room for {@code units} characters right at {@code start}; if so it is taken. */
    boolean takeRoom(boolean isWide, int start, int units) {
        for (int i = 0; i < ROOMS; i++) {
            if (roomStarts[i] == start && roomWide[i] == isWide && roomEnds[i] - start >= units) {
                roomStarts[i] = start + units;
                discard(isWide, -units);
                return true;
            }
        }
        return false;
    }

    private static int grown(int length, int used, int more) {
        long needed = (long) used + more;
        if (needed > Integer.MAX_VALUE - 16) {
            throw new IllegalStateException("more than 2^31 characters of text in one document");
        }
        return (int) Math.min(
                Integer.MAX_VALUE - 16, Math.max(needed, length + (length >> (length < LARGE ? 2 : 3)) + 16L));
    }

    /** Nobody refers to these characters any more. The newest make room for the next, unless a frozen copy has them: backspacing leaves no garbage. */
    void free(boolean isWide, int at, int units) {
        if (!isWide) {
            freeLatin(at, units);
        } else if (at + units == wideEnd && at >= wideFrozen) {
            wideEnd = at;
        } else {
            wideGarbage += units;
        }
    }

    /** As {@link #free}, of characters of one byte. */
    void freeLatin(int at, int units) {
        if (at + units == latinEnd && at >= latinFrozen) {
            latinEnd = at;
        } else {
            latinGarbage += units;
        }
    }

    /** Nobody refers to so many characters any more. */
    void discard(boolean isWide, int units) {
        if (isWide) {
            wideGarbage += units;
        } else {
            latinGarbage += units;
        }
    }

    /** Whether so much is garbage that copying the rest is worth it. */
    boolean wantsCompaction() {
        return latinGarbage > COMPACT_AT_LEAST && isMuch(latinGarbage, latinEnd)
                || wideGarbage > COMPACT_AT_LEAST && isMuch(wideGarbage, wideEnd);
    }

    private static boolean isMuch(int garbage, int end) {
        return garbage > end >> (end < LARGE ? 1 : 2);
    }

    /** Characters of one byte that are not garbage: those of all runs, and what was reserved in vain. */
    int latinInUse() {
        return latinEnd - latinGarbage;
    }

    /** Characters of two bytes that are not garbage: those of all runs, and what was reserved in vain. */
    int wideInUse() {
        return wideEnd - wideGarbage;
    }

    /** An empty arena of the size of what is live here. */
    TextArena emptyOfLiveSize() {
        TextArena compact = new TextArena();
        compact.latin = new byte[Math.max(0, latinInUse())];
        compact.wide = new char[Math.max(0, wideInUse())];
        return compact;
    }

    void appendTo(StringBuilder out, boolean isWide, int at, int units) {
        if (isWide) {
            out.append(wide, at, units);
        } else {
            for (int i = at; i < at + units; i++) {
                out.append((char) (latin[i] & 0xff));
            }
        }
    }

    char charAt(boolean isWide, int at) {
        return isWide ? wide[at] : (char) (latin[at] & 0xff);
    }
}
