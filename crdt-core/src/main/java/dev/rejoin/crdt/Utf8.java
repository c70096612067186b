package dev.rejoin.crdt;

/** The rules of UTF-8 and of code-point order, on strings as Java holds them. */
final class Utf8 {

    private Utf8() {}

    /** Returns the length of {@code text} in UTF-8, or −1 if it contains a lone surrogate. */
    static int length(String text) {
        int units = text.length();
        int length = units;
        for (int i = 0; i < units; i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                continue;
            }
            if (c < 0x800) {
                length++;
            } else if (!Character.isSurrogate(c)) {
                length += 2;
            } else {
                // a pair is two units here and four bytes there
                if (Character.isLowSurrogate(c) || i + 1 == units || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    return -1;
                }
                length += 2;
                i++;
            }
        }
        return length;
    }

    /**
     * Returns the length of {@code text} in UTF-8.
     *
     * @throws IllegalArgumentException if it contains a lone surrogate
     */
    static int checkedLength(String text) {
        int length = length(text);
        if (length < 0) {
            throw new IllegalArgumentException("not well-formed Unicode: a lone surrogate in a string");
        }
        return length;
    }

    /** Compares by code point, which is the order of the UTF-8 bytes; differs from UTF-16 order above U+D7FF. */
    static int compare(String a, String b) {
        int common = Math.min(a.length(), b.length());
        for (int i = 0; i < common; i++) {
            char c = a.charAt(i);
            char d = b.charAt(i);
            if (c != d) {
                return Integer.compare(rank(c), rank(d));
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    /** Lifts surrogates, which stand for code points from U+10000, above all other units. */
    private static int rank(char unit) {
        return Character.isSurrogate(unit) ? unit + 0x10000 : unit;
    }

    /** Returns whether {@code length} bytes from {@code from} are all ASCII. */
    static boolean isAscii(byte[] bytes, int from, int length) {
        for (int i = from, end = from + length; i < end; i++) {
            if (bytes[i] < 0) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether {@code length} bytes from {@code from} are well-formed UTF-8 (Unicode 15, table 3-7). */
    static boolean isWellFormed(byte[] bytes, int from, int length) {
        int i = from;
        int end = from + length;
        while (i < end) {
            int lead = bytes[i++] & 0xFF;
            if (lead < 0x80) {
                continue;
            }
            int following = lead < 0xC2 ? -1 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : lead < 0xF5 ? 3 : -1;
            if (following < 0 || end - i < following) {
                return false;
            }
            int second = bytes[i] & 0xFF;
            int lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
            int highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
            if (second < lowest || second > highest) {
                return false;
            }
            for (int k = 1; k < following; k++) {
                if ((bytes[i + k] & 0xC0) != 0x80) {
                    return false;
                }
            }
            i += following;
        }
        return true;
    }
}
