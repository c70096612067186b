package dev.rejoin.crdt.yjs;

import java.util.Arrays;

/** The columns of an update of the second encoding, read one value at a time. A column that has no more to give is malformed. */
final class StructColumns {
    private static final byte[] NO_BYTES = {};

    final DiffColumn keyClock = new DiffColumn();
    final RunColumn client = new RunColumn();
    final DiffColumn leftClock = new DiffColumn();
    final DiffColumn rightClock = new DiffColumn();
    final ByteColumn info = new ByteColumn();
    final ByteColumn parentInfo = new ByteColumn();
    final RunColumn typeRef = new RunColumn();
    final RunColumn length = new RunColumn();
    private final RunColumn stringLength = new RunColumn();

    private byte[] bytes = NO_BYTES;
    private int textFrom;
    private int textTo;
    private int textAt;
    private int textEnd;
    private String[] keys = new String[4];
    private int keyCount;

    /** What all columns have: a stretch of bytes. */
    abstract static class Column {
        byte[] in = NO_BYTES;
        int at;
        int end;

        void open(byte[] bytes, int from, int to) {
            in = bytes;
            at = from;
            end = to;
            restart();
        }

        abstract void restart();

        long varUint() {
            long read = Varint.read(in, at, end);
            at += (int) (read >>> Varint.LENGTH_SHIFT);
            return read & Varint.VALUE;
        }
    }

    /** Deltas of integers; equal neighbours are one run. lib0's IntDiffOptRle. */
    static final class DiffColumn extends Column {
        private long last;
        private long diff;
        private long count;

        @Override
        void restart() {
            last = 0;
            diff = 0;
            count = 0;
        }

        long next() {
            if (count == 0) {
                long read = Varint.readMagnitude(in, at, end);
                boolean negative = Varint.isNegative(in, at);
                at += (int) (read >>> Varint.LENGTH_SHIFT);
                long coded = read & Varint.VALUE;
                coded = negative ? -coded : coded;
                diff = coded >> 1;
                count = (coded & 1) != 0 ? varUint() + 2 : 1;
            }
            count--;
            last += diff;
            if (last > Varint.MAX || last < -Varint.MAX) {
                throw new MalformedUpdateException("integer beyond 2^53-1", at);
            }
            return last;
        }
    }

    /** Unsigned integers; a run of several has a minus, which may stand before 0. lib0's UintOptRle. */
    static final class RunColumn extends Column {
        private long last;
        private long count;

        @Override
        void restart() {
            last = 0;
            count = 0;
        }

        long next() {
            if (count == 0) {
                long read = Varint.readMagnitude(in, at, end);
                boolean several = Varint.isNegative(in, at);
                at += (int) (read >>> Varint.LENGTH_SHIFT);
                last = read & Varint.VALUE;
                count = several ? varUint() + 2 : 1;
            }
            count--;
            return last;
        }
    }

    /** Bytes; the last run has no length and no end. lib0's Rle. */
    static final class ByteColumn extends Column {
        private int last;
        private long count;

        @Override
        void restart() {
            last = 0;
            count = 0;
        }

        int next() {
            if (count == 0) {
                if (at >= end) {
                    throw new MalformedUpdateException("column cut off", at);
                }
                last = in[at++] & 0xff;
                count = at < end ? varUint() + 1 : Long.MAX_VALUE;
            }
            count--;
            return last;
        }
    }

    /** Finds the columns from {@code from} on; returns where the rest begins. */
    int open(byte[] input, int from, int to) {
        bytes = input;
        keyCount = 0;
        int at = from;
        at = open(keyClock, at, to);
        at = open(client, at, to);
        at = open(leftClock, at, to);
        at = open(rightClock, at, to);
        at = open(info, at, to);
        at = openText(at, to);
        at = open(parentInfo, at, to);
        at = open(typeRef, at, to);
        return open(length, at, to);
    }

    private int open(Column column, int from, int to) {
        int start = start(from, to);
        int stop = stop(from, to);
        column.open(bytes, start, stop);
        return stop;
    }

    private int start(int from, int to) {
        return from + (int) (Varint.read(bytes, from, to) >>> Varint.LENGTH_SHIFT);
    }

    private int stop(int from, int to) {
        long read = Varint.read(bytes, from, to);
        int start = from + (int) (read >>> Varint.LENGTH_SHIFT);
        long size = read & Varint.VALUE;
        if (size > to - start) {
            throw new MalformedUpdateException("column beyond the end of the input", from);
        }
        return start + (int) size;
    }

    private int openText(int from, int to) {
        int start = start(from, to);
        int stop = stop(from, to);
        textFrom = start(start, stop);
        textTo = stop(start, stop);
        stringLength.open(bytes, textTo, stop);
        return stop;
    }

    /** Decodes the characters of all strings behind the text of a batch; returns where they end. */
    int decodeText(StructBatch into) {
        int size = textTo - textFrom;
        if (into.text.length - into.textLength < size) {
            into.text = Arrays.copyOf(into.text, into.textLength + size);
        }
        textAt = into.textLength;
        textEnd = Utf8.decode(bytes, textFrom, textTo, into.text, textAt);
        if (textEnd == Utf8.MALFORMED) {
            throw new MalformedUpdateException("string is not well-formed UTF-8", textFrom);
        }
        return textEnd;
    }

    int textPosition() {
        return textAt;
    }

    int textLeft() {
        return textEnd - textAt;
    }

    /** Passes the next string; returns where it ends. */
    int skipString() {
        long units = stringLength.next();
        if (units > textEnd - textAt) {
            throw new MalformedUpdateException("string beyond the end of the column", textTo);
        }
        textAt += (int) units;
        return textAt;
    }

    String string(StructBatch from, Names names) {
        int start = textAt;
        return names.units(from.text, start, skipString());
    }

    /** A key: one that was there before by its number, or a new one. */
    String key(StructBatch from, Names names) {
        long number = keyClock.next();
        if (number < 0) {
            throw new MalformedUpdateException("no such key", textTo);
        }
        if (number < keyCount) {
            return keys[(int) number];
        }
        if (keyCount == keys.length) {
            keys = Arrays.copyOf(keys, 2 * keyCount);
        }
        String key = string(from, names);
        keys[keyCount++] = key;
        return key;
    }

    /** Lets the input go. */
    void close() {
        bytes = NO_BYTES;
    }
}
