package dev.rejoin.crdt.yjs;

/**
 * The short strings that a decoder met lately, so that the names which every update repeats (roots, keys, attributes) are
 * made once. A bounded cache without order: a newcomer replaces what was in its place.
 */
final class Names {

    private static final int PLACES = 128;

    /** Longer strings are not kept, in units. */
    private static final int LONGEST = 24;

    private final String[] places = new String[PLACES];

    Names() {
        java.util.Arrays.fill(places, "");
    }

    /** Returns the string of the ASCII bytes in {@code [from, to)}. */
    @SuppressWarnings("deprecation") // the one way from ASCII bytes to a string that does not look for a charset
    String ascii(byte[] bytes, int from, int to) {
        int length = to - from;
        if (length == 0) {
            return "";
        }
        if (length > LONGEST) {
            return new String(bytes, 0, from, length);
        }
        int hash = length;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + bytes[i];
        }
        int place = (hash ^ hash >>> 7) & PLACES - 1;
        String known = places[place];
        if (known.length() == length) {
            int i = 0;
            while (i < length && known.charAt(i) == bytes[from + i]) {
                i++;
            }
            if (i == length) {
                return known;
            }
        }
        String made = new String(bytes, 0, from, length);
        places[place] = made;
        return made;
    }

    /** Returns the string of the units in {@code [from, to)}. */
    String units(char[] units, int from, int to) {
        int length = to - from;
        if (length == 0) {
            return "";
        }
        if (length > LONGEST) {
            return new String(units, from, length);
        }
        int hash = length;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + units[i];
        }
        int place = (hash ^ hash >>> 7) & PLACES - 1;
        String known = places[place];
        if (known.length() == length) {
            int i = 0;
            while (i < length && known.charAt(i) == units[from + i]) {
                i++;
            }
            if (i == length) {
                return known;
            }
        }
        String made = new String(units, from, length);
        places[place] = made;
        return made;
    }
}
