package dev.rejoin.crdt.yjs;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Strict UTF-8 to UTF-16 and back, between arrays. A byte order mark is a character like any other. */
final class Utf8 {

    /** What {@link #units} returns for bytes that are not well-formed. */
    static final int MALFORMED = -1;

    private static final char REPLACEMENT = '\uFFFD';

    private static final long HIGH_BITS = 0x8080808080808080L;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Utf8() {}

    /** Returns the index of the first byte in {@code [from, to)} that is not ASCII, or {@code to}. */
    static int asciiEnd(byte[] bytes, int from, int to) {
        int i = from;
        for (; i + 8 <= to; i += 8) {
            if (((long) LONGS.get(bytes, i) & HIGH_BITS) != 0) {
                break;
            }
        }
        while (i < to && bytes[i] >= 0) {
            i++;
        }
        return i;
    }

    /**
     * Returns the number of UTF-16 units that the bytes in {@code [from, to)} stand for, or {@link #MALFORMED}
     * (Unicode 15, table 3-7).
     */
    static int units(byte[] bytes, int from, int to) {
        int i = asciiEnd(bytes, from, to);
        int units = i - from;
        while (i < to) {
            int lead = bytes[i++];
            if (lead >= 0) {
                units++;
                continue;
            }
            lead &= 0xFF;
            int following = lead < 0xC2 ? -1 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : lead < 0xF5 ? 3 : -1;
            if (following < 0 || to - i < following) {
                return MALFORMED;
            }
            int second = bytes[i] & 0xFF;
            int lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
            int highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
            if (second < lowest || second > highest) {
                return MALFORMED;
            }
            for (int k = 1; k < following; k++) {
                if ((bytes[i + k] & 0xC0) != 0x80) {
                    return MALFORMED;
                }
            }
            i += following;
            units += following == 3 ? 2 : 1;
        }
        return units;
    }

    /**
     * Decodes the bytes in {@code [from, to)} into {@code out} at {@code at}, where there is room for one unit per byte.
     * Returns where the units end, or {@link #MALFORMED}.
     */
    static int decode(byte[] bytes, int from, int to, char[] out, int at) {
        int ascii = asciiEnd(bytes, from, to);
        int o = at;
        for (int i = from; i < ascii; i++) {
            out[o++] = (char) bytes[i];
        }
        return ascii == to ? o : decodeMixed(bytes, ascii, to, out, o);
    }

    private static int decodeMixed(byte[] bytes, int from, int to, char[] out, int at) {
        int i = from;
        int o = at;
        while (i < to) {
            int lead = bytes[i++];
            if (lead >= 0) {
                out[o++] = (char) lead;
                continue;
            }
            lead &= 0xFF;
            if (lead < 0xC2 || lead > 0xF4) {
                return MALFORMED;
            }
            int following = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
            if (to - i < following) {
                return MALFORMED;
            }
            int point = lead & 0x3F >> following;
            for (int k = 0; k < following; k++) {
                int next = bytes[i++];
                if ((next & 0xC0) != 0x80) {
                    return MALFORMED;
                }
                point = point << 6 | next & 0x3F;
            }
            if (following == 1) {
                out[o++] = (char) point;
            } else if (following == 2) {
                if (point < 0x800 || point >= 0xD800 && point <= 0xDFFF) {
                    return MALFORMED;
                }
                out[o++] = (char) point;
            } else {
                if (point < 0x10000 || point > 0x10FFFF) {
                    return MALFORMED;
                }
                out[o++] = (char) ((point >>> 10) + 0xD7C0);
                out[o++] = (char) (point & 0x3FF | 0xDC00);
            }
        }
        return o;
    }

    /** Returns the length in UTF-8 of the units in {@code [from, to)}; a lone surrogate counts as U+FFFD. */
    static long length(char[] units, int from, int to) {
        long length = to - from;
        for (int i = from; i < to; i++) {
            char c = units[i];
            if (c < 0x80) {
                continue;
            }
            if (c < 0x800) {
                length++;
            } else {
                length += 2;
                if (Character.isHighSurrogate(c) && i + 1 < to && Character.isLowSurrogate(units[i + 1])) {
                    i++;
                }
            }
        }
        return length;
    }

    /** Encodes the units in {@code [from, to)} into {@code out} at {@code at}; returns where they end. */
    static int encode(char[] units, int from, int to, byte[] out, int at) {
        int o = at;
        for (int i = from; i < to; i++) {
            char c = units[i];
            if (c < 0x80) {
                out[o++] = (byte) c;
            } else if (c < 0x800) {
                out[o++] = (byte) (0xC0 | c >>> 6);
                out[o++] = (byte) (0x80 | c & 0x3F);
            } else if (Character.isHighSurrogate(c) && i + 1 < to && Character.isLowSurrogate(units[i + 1])) {
                int point = Character.toCodePoint(c, units[++i]);
                out[o++] = (byte) (0xF0 | point >>> 18);
                out[o++] = (byte) (0x80 | point >>> 12 & 0x3F);
                out[o++] = (byte) (0x80 | point >>> 6 & 0x3F);
                out[o++] = (byte) (0x80 | point & 0x3F);
            } else {
                char kept = Character.isSurrogate(c) ? REPLACEMENT : c;
                out[o++] = (byte) (0xE0 | kept >>> 12);
                out[o++] = (byte) (0x80 | kept >>> 6 & 0x3F);
                out[o++] = (byte) (0x80 | kept & 0x3F);
            }
        }
        return o;
    }
}
