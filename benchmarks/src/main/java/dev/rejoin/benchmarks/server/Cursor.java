package dev.rejoin.benchmarks.server;

/** Reads numbers and lengths out of a received message, without copying. */
final class Cursor {
    final byte[] bytes;
    int at;
    final int end;

    Cursor(byte[] bytes, int from, int to) {
        this.bytes = bytes;
        this.at = from;
        this.end = to;
    }

    boolean hasMore() {
        return at < end;
    }

    int octet() {
        return bytes[at++] & 0xff;
    }

    long varUint() {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            int next = octet();
            value |= (long) (next & 0x7f) << shift;
            if (next < 0x80) {
                return value;
            }
        }
    }

    /** Goes behind bytes that have their length in front; returns the length. */
    int skipBytes() {
        int length = (int) varUint();
        at += length;
        return length;
    }
}
