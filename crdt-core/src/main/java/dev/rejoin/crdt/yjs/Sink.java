package dev.rejoin.crdt.yjs;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing array of bytes with lib0's primitives, which all writers of this package write into. */
final class Sink {

    /** What {@link #reset} keeps of an array that grew beyond it, in bytes. */
    private static final int KEPT = 1 << 16;

    private static final int FEW = 64;

    private static final int LARGEST = Integer.MAX_VALUE - 16;

    byte[] bytes;
    int size;

    Sink(int capacity) {
        bytes = new byte[capacity];
    }

    void reset() {
        size = 0;
        if (bytes.length > KEPT) {
            bytes = new byte[FEW];
        }
    }

    /** Makes room for {@code more} bytes. */
    void ensure(long more) {
        if (bytes.length - size < more) {
            grow(more);
        }
    }

    private void grow(long more) {
        long needed = size + more;
        if (needed > LARGEST) {
            throw new IllegalStateException("more than 2 GiB in one encoding: " + needed + " bytes");
        }
        bytes = Arrays.copyOf(bytes, (int) Math.max(needed, Math.min(2L * bytes.length, LARGEST)));
    }

    byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    void u8(int value) {
        ensure(1);
        bytes[size++] = (byte) value;
    }

    /** Writes {@code value}, 0 … 2^63−1, as lib0's varUint. */
    void varUint(long value) {
        ensure(10);
        byte[] out = bytes;
        int at = size;
        if (value <= 0x7F) {
            out[at] = (byte) value;
            size = at + 1;
            return;
        }
        long rest = value;
        while (rest > 0x7F) {
            out[at++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        out[at++] = (byte) rest;
        size = at;
    }

    /** Writes {@code value} as lib0's varInt; −0 has a method of its own. */
    void varInt(long value) {
        signed(Math.abs(value), value < 0);
    }

    /** Writes a sign and a magnitude as lib0's varInt. Unlike a long, that can be −0. */
    void signed(long magnitude, boolean negative) {
        ensure(10);
        byte[] out = bytes;
        int at = size;
        out[at++] = (byte) ((magnitude > 0x3F ? 0x80 : 0) | (negative ? 0x40 : 0) | magnitude & 0x3F);
        for (long rest = magnitude >>> 6; rest > 0; rest >>>= 7) {
            out[at++] = (byte) (rest > 0x7F ? rest | 0x80 : rest);
        }
        size = at;
    }

    void fixed32(int value) {
        ensure(4);
        for (int shift = 24; shift >= 0; shift -= 8) {
            bytes[size++] = (byte) (value >>> shift);
        }
    }

    void fixed64(long value) {
        ensure(8);
        for (int shift = 56; shift >= 0; shift -= 8) {
            bytes[size++] = (byte) (value >>> shift);
        }
    }

    void raw(byte[] content, int from, int to) {
        ensure(to - from);
        System.arraycopy(content, from, bytes, size, to - from);
        size += to - from;
    }

    void append(Sink other) {
        raw(other.bytes, 0, other.size);
    }

    void varBytes(byte[] content) {
        varUint(content.length);
        raw(content, 0, content.length);
    }

    /** Writes a string with its length; lone surrogates become U+FFFD. */
    void varString(String text) {
        int units = text.length();
        ensure(units + 10L);
        byte[] out = bytes;
        if (units < 0x80) {
            int at = size + 1;
            int i = 0;
            while (i < units) {
                char c = text.charAt(i);
                if (c >= 0x80) {
                    break;
                }
                out[at++] = (byte) c;
                i++;
            }
            if (i == units) {
                out[size] = (byte) units;
                size = at;
                return;
            }
        }
        if (isWellFormed(text)) {
            varBytes(text.getBytes(StandardCharsets.UTF_8));
        } else {
            varString(text.toCharArray(), 0, units);
        }
    }

    private static boolean isWellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (Character.isLowSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(++i))) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Writes the units in {@code [from, to)} as a string with its length; lone surrogates become U+FFFD. */
    void varString(char[] units, int from, int to) {
        long length = Utf8.length(units, from, to);
        ensure(length + 10);
        varUint(length);
        size = Utf8.encode(units, from, to, bytes, size);
    }

    /** Writes Latin-1 text in {@code [from, to)} as a string with its length. */
    void varStringLatin1(byte[] latin1, int from, int to) {
        if (Utf8.asciiEnd(latin1, from, to) == to) {
            ensure(to - from + 10L);
            varUint(to - from);
            raw(latin1, from, to);
            return;
        }
        int high = 0;
        for (int i = from; i < to; i++) {
            high -= latin1[i] >> 7;
        }
        ensure(to - from + high + 10L);
        varUint((long) to - from + high);
        byte[] out = bytes;
        int at = size;
        for (int i = from; i < to; i++) {
            byte b = latin1[i];
            if (b >= 0) {
                out[at++] = b;
            } else {
                out[at++] = (byte) (0xC0 | (b & 0xFF) >>> 6);
                out[at++] = (byte) (0x80 | b & 0x3F);
            }
        }
        size = at;
    }
}
