package dev.rejoin.benchmarks.yjs;

/** A plain text edited beside a trace while it is read, which turns its code point positions into UTF-16 positions. */
final class Shadow {
    private final StringBuilder text = new StringBuilder();
    private boolean pairs;
    private int points;
    private int units;

    Shadow(String start) {
        splice(0, 0, start);
    }

    static boolean hasPairs(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return true;
            }
        }
        return false;
    }

    /** The units before code point {@code position}; walks from where it was asked last. */
    int unitsBefore(int position) {
        if (!pairs) {
            return position;
        }
        units = text.offsetByCodePoints(units, position - points);
        points = position;
        return units;
    }

    /** Deletes code points at a unit that {@link #unitsBefore} has just told, inserts text there, and tells how many units went. */
    int splice(int at, int deletedPoints, String inserted) {
        int gone = pairs ? text.offsetByCodePoints(at, deletedPoints) - at : deletedPoints;
        text.replace(at, at + gone, inserted);
        if (!pairs && hasPairs(inserted)) {
            pairs = true;
            points = at;
            units = at;
        }
        return gone;
    }

    int length() {
        return text.length();
    }
}
