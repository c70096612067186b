package dev.rejoin.crdt;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing array of bytes that the encoders write into. */
final class ByteSink {

    private static final int LARGE = 1 << 16;

    private byte[] bytes;
    private int size;

    ByteSink(int capacity) {
        bytes = new byte[capacity];
    }

    private void ensure(int more) {
        if (bytes.length - size < more) {
            grow(more);
        }
    }

    private void grow(int more) {
        int needed = Math.addExact(size, more);
        int doubled = bytes.length > Integer.MAX_VALUE / 2 - 16 ? Integer.MAX_VALUE - 16 : 2 * bytes.length;
        bytes = Arrays.copyOf(bytes, Math.max(needed, doubled));
    }

    /** Forgets what was written, and the room for it if it was much. */
    void clear() {
        size = 0;
        if (bytes.length > LARGE) {
            bytes = new byte[LARGE];
        }
    }

    byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    void u8(int value) {
        ensure(1);
        bytes[size++] = (byte) value;
    }

    void varint(long value) {
        ensure(10);
        byte[] out = bytes;
        int at = size;
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out[at++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        out[at++] = (byte) rest;
        size = at;
    }

    void zigzag(long value) {
        varint(value << 1 ^ value >> 63);
    }

    void fixed64(long value) {
        ensure(8);
        for (int shift = 56; shift >= 0; shift -= 8) {
            bytes[size++] = (byte) (value >>> shift);
        }
    }

    void raw(byte[] content) {
        ensure(content.length);
        System.arraycopy(content, 0, bytes, size, content.length);
        size += content.length;
    }

    /** Writes {@code text}, which takes {@code length} bytes of UTF-8 ({@link Utf8#length}). */
    void utf8(String text, int length) {
        ensure(length);
        if (length == text.length()) {
            asciiTo(text, length);
        } else {
            raw(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    @SuppressWarnings("deprecation") // the one copy of Latin-1 characters into an array without an allocation
    private void asciiTo(String text, int length) {
        text.getBytes(0, length, bytes, size);
        size += length;
    }
}
