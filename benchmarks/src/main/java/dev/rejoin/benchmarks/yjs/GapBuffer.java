package dev.rejoin.benchmarks.yjs;

/** A plain text buffer with a gap at the cursor: what editing costs without any replication, the floor of every ratio. */
final class GapBuffer {
    private char[] chars = new char[1_024];
    private int gap;
    private int gapEnd = chars.length;

    void splice(int position, int deleted, String inserted) {
        if (position != gap) {
            moveGap(position);
        }
        gapEnd += deleted;
        int length = inserted.length();
        if (gapEnd - gap < length) {
            grow(length);
        }
        if (length == 1) {
            chars[gap++] = inserted.charAt(0);
        } else {
            inserted.getChars(0, length, chars, gap);
            gap += length;
        }
    }

    private void moveGap(int position) {
        if (position < gap) {
            int moved = gap - position;
            System.arraycopy(chars, position, chars, gapEnd - moved, moved);
            gapEnd -= moved;
        } else {
            int moved = position - gap;
            System.arraycopy(chars, gapEnd, chars, gap, moved);
            gapEnd += moved;
        }
        gap = position;
    }

    private void grow(int needed) {
        int after = chars.length - gapEnd;
        char[] larger = new char[Math.max(chars.length * 2, gap + needed + after)];
        System.arraycopy(chars, 0, larger, 0, gap);
        System.arraycopy(chars, gapEnd, larger, larger.length - after, after);
        gapEnd = larger.length - after;
        chars = larger;
    }

    int length() {
        return chars.length - (gapEnd - gap);
    }

    @Override
    public String toString() {
        return new StringBuilder(length())
                .append(chars, 0, gap)
                .append(chars, gapEnd, chars.length - gapEnd)
                .toString();
    }
}
