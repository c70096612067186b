package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.MalformedDeltaException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A strict reader over untrusted bytes: everything it returns is there, in its shortest form and well-formed. */
final class ByteSource {

    private final byte[] bytes;
    private final int end;
    private int at;

    ByteSource(byte[] bytes) {
        this.bytes = bytes;
        this.end = bytes.length;
    }

    int position() {
        return at;
    }

    int remaining() {
        return end - at;
    }

    boolean exhausted() {
        return at == end;
    }

    MalformedDeltaException malformed(String what) {
        return new MalformedDeltaException(what, at);
    }

    int u8() {
        if (at == end) {
            throw malformed("input cut off");
        }
        return bytes[at++] & 0xFF;
    }

    long varint() {
        if (at < end) {
            byte first = bytes[at];
            if (first >= 0) {
                at++;
                return first;
            }
        }
        return longVarint();
    }

    private long longVarint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at == end) {
                throw malformed("varint cut off");
            }
            byte b = bytes[at++];
            value |= (long) (b & 0x7F) << shift;
            if (b >= 0) {
                if (b == 0 && shift > 0 || shift == 63 && b > 1) {
                    throw malformed("varint is not in its shortest form");
                }
                return value;
            }
        }
        throw malformed("varint longer than 64 bits");
    }

    long zigzag() {
        long coded = varint();
        return coded >>> 1 ^ -(coded & 1);
    }

    /** Reads a varint that counts at least as many bytes to come. */
    int length() {
        long length = varint();
        if (length < 0 || length > end - at) {
            throw malformed("length beyond the end of the input");
        }
        return (int) length;
    }

    /** Reads a varint within {@code low} … {@code high}. */
    long varint(long low, long high, String what) {
        long value = varint();
        if (value < low || value > high) {
            throw malformed(what + " out of range");
        }
        return value;
    }

    long fixed64() {
        if (end - at < 8) {
            throw malformed("input cut off");
        }
        long value = 0;
        for (int i = 0; i < 8; i++) {
            value = value << 8 | bytes[at++] & 0xFF;
        }
        return value;
    }

    byte[] raw(int length) {
        if (length > end - at) {
            throw malformed("input cut off");
        }
        byte[] content = Arrays.copyOfRange(bytes, at, at + length);
        at += length;
        return content;
    }

    String utf8(int length) {
        if (length > end - at) {
            throw malformed("string cut off");
        }
        String text;
        if (Utf8.isAscii(bytes, at, length)) {
            text = new String(bytes, at, length, StandardCharsets.ISO_8859_1);
        } else if (Utf8.isWellFormed(bytes, at, length)) {
            text = new String(bytes, at, length, StandardCharsets.UTF_8);
        } else {
            throw malformed("string is not well-formed UTF-8");
        }
        at += length;
        return text;
    }
}
