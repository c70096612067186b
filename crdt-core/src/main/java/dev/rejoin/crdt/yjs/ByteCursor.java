package dev.rejoin.crdt.yjs;

import java.nio.charset.StandardCharsets;

/** A place in bytes of strangers, with lib0's primitives. What it reads beyond the end or beyond reason is malformed. */
final class ByteCursor {
    private final byte[] in;
    private int at;
    private final int end;

    ByteCursor(byte[] in, int from, int to) {
        this.in = in;
        this.at = from;
        this.end = to;
    }

    int position() {
        return at;
    }

    boolean atEnd() {
        return at == end;
    }

    long varUint() {
        long read = Varint.read(in, at, end);
        at += (int) (read >>> Varint.LENGTH_SHIFT);
        return read & Varint.VALUE;
    }

    long varInt() {
        long read = Varint.readMagnitude(in, at, end);
        boolean negative = Varint.isNegative(in, at);
        at += (int) (read >>> Varint.LENGTH_SHIFT);
        long magnitude = read & Varint.VALUE;
        return negative ? -magnitude : magnitude;
    }

    /** How many things follow, each of which takes at least {@code size} bytes. */
    int count(int size) {
        int start = at;
        long count = varUint();
        if (count > (end - at) / size) {
            throw new MalformedUpdateException("count beyond the end of the input", start);
        }
        return (int) count;
    }

    String varString() {
        int length = count(1);
        int from = at;
        at += length;
        if (Utf8.units(in, from, at) == Utf8.MALFORMED) {
            throw new MalformedUpdateException("string is not well-formed UTF-8", from);
        }
        return new String(in, from, length, StandardCharsets.UTF_8);
    }

    /** Passes over a string without looking at it. */
    void skipString() {
        // not "at += count(1)", which adds to where the length began
        int length = count(1);
        at += length;
    }
}
