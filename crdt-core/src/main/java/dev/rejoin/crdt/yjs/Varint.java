package dev.rejoin.crdt.yjs;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * lib0's variable-length integers, read from bytes of strangers.
 *
 * <p>A reader returns value and length in one long, so that the caller keeps its position in a local variable: the low 56
 * bits are the value, the high 8 the number of bytes. Values end at 2^53−1, where JavaScript's exact integers do. A zero
 * padding is legal, as it is in lib0, up to {@link #LONGEST} bytes. Benchmark: ParseBenchmark.
 */
final class Varint {

    /** The highest value, 2^53−1. */
    static final long MAX = (1L << 53) - 1;

    /** The low bits of what {@link #read} returns. */
    static final long VALUE = (1L << 56) - 1;

    /** Shift to the length in what {@link #read} returns. */
    static final int LENGTH_SHIFT = 56;

    private static final int LONGEST = 10;

    private static final long CONTINUES = 0x8080808080808080L;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Varint() {}

    /** Reads an unsigned integer at {@code at}; returns length and value. */
    static long read(byte[] bytes, int at, int end) {
        if (at < end) {
            byte first = bytes[at];
            if (first >= 0) {
                return first | 1L << LENGTH_SHIFT;
            }
            if (end - at >= 8) {
                return readWord(bytes, at, end);
            }
        }
        return readSlowly(bytes, at, end);
    }

    /** Gathers the groups of up to eight bytes without a loop. */
    private static long readWord(byte[] bytes, int at, int end) {
        long word = (long) LONGS.get(bytes, at);
        long stops = ~word & CONTINUES;
        if (stops == 0) {
            return readSlowly(bytes, at, end);
        }
        long stop = stops & -stops;
        word &= stop | stop - 1;
        word = word & 0x007f007f007f007fL | (word & 0x7f007f007f007f00L) >>> 1;
        word = word & 0x00003fff00003fffL | (word & 0x3fff00003fff0000L) >>> 2;
        word = word & 0x000000000fffffffL | (word & 0x0fffffff00000000L) >>> 4;
        if (word > MAX) {
            throw new MalformedUpdateException("integer beyond 2^53-1", at);
        }
        return word | (long) (Long.numberOfTrailingZeros(stop) + 1 >>> 3) << LENGTH_SHIFT;
    }

    private static long readSlowly(byte[] bytes, int at, int end) {
        return tail(bytes, at, at, end, 0, 0);
    }

    private static long tail(byte[] bytes, int start, int at, int end, long head, int headBits) {
        long value = head;
        int shift = headBits;
        for (int i = at; i < end && i - start < LONGEST; i++) {
            byte b = bytes[i];
            long group = b & 0x7F;
            if (group != 0) {
                if (shift > 52 || (value |= group << shift) > MAX) {
                    throw new MalformedUpdateException("integer beyond 2^53-1", start);
                }
            }
            if (b >= 0) {
                return value | (long) (i + 1 - start) << LENGTH_SHIFT;
            }
            shift += 7;
        }
        throw new MalformedUpdateException(
                end - start < LONGEST ? "integer cut off" : "integer longer than " + LONGEST + " bytes", start);
    }

    /**
     * Reads the magnitude of a signed integer at {@code at}; returns length and magnitude. The sign is {@link
     * #isNegative}, which tells −0 from 0.
     */
    static long readMagnitude(byte[] bytes, int at, int end) {
        if (at >= end) {
            throw new MalformedUpdateException("integer cut off", at);
        }
        byte first = bytes[at];
        long low = first & 0x3F;
        if (first >= 0) {
            return low | 1L << LENGTH_SHIFT;
        }
        return tail(bytes, at, at + 1, end, low, 6);
    }

    /** Returns whether the signed integer at {@code at}, which has been read, is negative or −0. */
    static boolean isNegative(byte[] bytes, int at) {
        return (bytes[at] & 0x40) != 0;
    }

    /** How many bytes the integer at {@code at}, which has been read, takes. */
    static int size(byte[] bytes, int at) {
        int end = at;
        while (bytes[end] < 0) {
            end++;
        }
        return end + 1 - at;
    }
}
