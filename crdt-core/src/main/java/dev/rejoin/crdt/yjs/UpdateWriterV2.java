package dev.rejoin.crdt.yjs;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Yjs' second encoding: a column for each kind of part, run-length coded, and a rest. */
final class UpdateWriterV2 extends UpdateWriter {
    private static final char[] NO_UNITS = {};

    private final DiffColumn keyClock = new DiffColumn();
    private final RunColumn client = new RunColumn();
    private final DiffColumn leftClock = new DiffColumn();
    private final DiffColumn rightClock = new DiffColumn();
    private final ByteColumn info = new ByteColumn();
    private final TextColumn text = new TextColumn();
    private final ByteColumn parentInfo = new ByteColumn();
    private final RunColumn typeRef = new RunColumn();
    private final RunColumn length = new RunColumn();
    private final Sink rest = new Sink(64);
    private long keys;
    private long deletedTo;
    private boolean bare;

    /** Deltas of integers; equal neighbours are one run. lib0's IntDiffOptRle. */
    private static final class DiffColumn {
        final Sink out = new Sink(16);
        private long last;
        private long diff;
        private long count;

        void reset() {
            out.reset();
            last = 0;
            diff = 0;
            count = 0;
        }

        void write(long value) {
            if (value - last == diff) {
                count++;
            } else {
                flush();
                diff = value - last;
                count = 1;
            }
            last = value;
        }

        void flush() {
            if (count > 0) {
                out.varInt(2 * diff + (count == 1 ? 0 : 1));
                if (count > 1) {
                    out.varUint(count - 2);
                }
                count = 0;
            }
        }
    }

    /** Unsigned integers; a run of several has a minus, which may stand before 0. lib0's UintOptRle. */
    private static final class RunColumn {
        final Sink out = new Sink(16);
        private long last;
        private long count;

        void reset() {
            out.reset();
            last = 0;
            count = 0;
        }

        void write(long value) {
            if (value == last) {
                count++;
            } else {
                flush();
                last = value;
                count = 1;
            }
        }

        void flush() {
            if (count > 0) {
                out.signed(last, count > 1);
                if (count > 1) {
                    out.varUint(count - 2);
                }
                count = 0;
            }
        }
    }

    /** Bytes; the length of the last run is left out. lib0's Rle. */
    private static final class ByteColumn {
        final Sink out = new Sink(16);
        private int last = -1;
        private long count;

        void reset() {
            out.reset();
            last = -1;
            count = 0;
        }

        void write(int value) {
            if (value == last) {
                count++;
            } else {
                if (count > 0) {
                    out.varUint(count - 1);
                }
                out.u8(value);
                last = value;
                count = 1;
            }
        }
    }

    /** Strings: all characters together, then their lengths. Bytes as long as all are ASCII, units from then on, for what the end of one string and the start of the next make. */
    private static final class TextColumn {
        private final Sink ascii = new Sink(32);
        private char[] units = NO_UNITS;
        private int size;
        private boolean wide;
        private final RunColumn lengths = new RunColumn();
        private final Sink out = new Sink(32);

        void reset() {
            ascii.reset();
            size = 0;
            wide = false;
            if (units.length > 1 << 16) {
                units = NO_UNITS;
            }
            lengths.reset();
            out.reset();
        }

        private int take(int more) {
            if (!wide) {
                widen();
            }
            if (units.length - size < more) {
                units = Arrays.copyOf(units, Math.max(size + more, 2 * units.length + 32));
            }
            lengths.write(more);
            int at = size;
            size += more;
            return at;
        }

        private void widen() {
            wide = true;
            size = ascii.size;
            if (units.length < size) {
                units = new char[size + (size >> 1)];
            }
            for (int i = 0; i < size; i++) {
                units[i] = (char) ascii.bytes[i];
            }
        }

        void write(String string) {
            int length = string.length();
            if (!wide) {
                int all = 0;
                for (int i = 0; i < length; i++) {
                    all |= string.charAt(i);
                }
                if (all < 0x80) {
                    ascii.ensure(length);
                    for (int i = 0; i < length; i++) {
                        ascii.bytes[ascii.size++] = (byte) string.charAt(i);
                    }
                    lengths.write(length);
                    return;
                }
            }
            int at = take(length);
            string.getChars(0, length, units, at);
        }

        void write(char[] source, int from, int to) {
            int at = take(to - from);
            System.arraycopy(source, from, units, at, to - from);
        }

        void write(byte[] latin1, int from, int to) {
            if (!wide && Utf8.asciiEnd(latin1, from, to) == to) {
                ascii.raw(latin1, from, to);
                lengths.write(to - from);
                return;
            }
            int at = take(to - from);
            for (int i = from; i < to; i++) {
                units[at++] = (char) (latin1[i] & 0xff);
            }
        }

        Sink finish() {
            lengths.flush();
            out.ensure((wide ? size : ascii.size) + lengths.out.size + 16L);
            if (wide) {
                out.varString(units, 0, size);
            } else {
                out.varUint(ascii.size);
                out.append(ascii);
            }
            out.append(lengths.out);
            return out;
        }
    }

    /** Without columns, as snapshots are written. */
    UpdateWriterV2 bare() {
        bare = true;
        return this;
    }

    @Override
    void reset() {
        keyClock.reset();
        client.reset();
        leftClock.reset();
        rightClock.reset();
        info.reset();
        text.reset();
        parentInfo.reset();
        typeRef.reset();
        length.reset();
        rest.reset();
        keys = 0;
        deletedTo = 0;
    }

    @Override
    void expect(int items, int characters) {
        // the text stands in its column twice until it is handed out
        text.ascii.ensure(characters);
        info.out.ensure(items);
        leftClock.out.ensure(2L * items);
        rightClock.out.ensure(2L * items);
        length.out.ensure(items);
        text.lengths.out.ensure(items);
    }

    @Override
    void count(int sections) {
        rest.varUint(sections);
    }

    @Override
    void section(int structs, long id, long clock) {
        rest.varUint(structs);
        client.write(id);
        rest.varUint(clock);
    }

    @Override
    void gc(long units) {
        info.write(0);
        length.write(units);
    }

    @Override
    void skip(long units) {
        info.write(SKIP);
        rest.varUint(units);
    }

    @Override
    void info(int value) {
        info.write(value);
    }

    @Override
    void leftId(long id, long clock) {
        client.write(id);
        leftClock.write(clock);
    }

    @Override
    void rightId(long id, long clock) {
        client.write(id);
        rightClock.write(clock);
    }

    @Override
    void parentRoot(String name) {
        parentInfo.write(1);
        text.write(name);
    }

    @Override
    void parentId(long id, long clock) {
        parentInfo.write(0);
        leftId(id, clock);
    }

    @Override
    void parentSub(String key) {
        text.write(key);
    }

    @Override
    void deleted(long units) {
        length.write(units);
    }

    @Override
    void json(@Nullable Object[] values, int from, int to) {
        length.write(to - from);
        for (int i = from; i < to; i++) {
            text.write(jsonText(values[i]));
        }
    }

    @Override
    void binary(byte[] bytes) {
        rest.varBytes(bytes);
    }

    @Override
    void string(byte[] latin1, int from, int to) {
        text.write(latin1, from, to);
    }

    @Override
    void string(char[] units, int from, int to) {
        text.write(units, from, to);
    }

    @Override
    void embed(@Nullable Object value) {
        AnyWriter.write(value, rest);
    }

    @Override
    void format(FormatContent mark) {
        key(mark.key());
        AnyWriter.write(mark.value(), rest);
    }

    /** Every key is written as a new one, although readers would find it by its number: yjs does so, and its bytes are the measure. */
    private void key(String name) {
        keyClock.write(keys++);
        text.write(name);
    }

    @Override
    void type(TypeContent type) {
        typeRef.write(type.ref());
        String name = type.name();
        if (TypeContent.isNamed(type.ref()) && name != null) {
            key(name);
        }
    }

    @Override
    void any(@Nullable Object[] values, int from, int to) {
        length.write(to - from);
        for (int i = from; i < to; i++) {
            AnyWriter.write(values[i], rest);
        }
    }

    @Override
    void doc(DocContent doc) {
        text.write(doc.guid());
        AnyWriter.write(doc.options(), rest);
    }

    @Override
    void deleteClients(int clients) {
        rest.varUint(clients);
    }

    @Override
    void deleteClient(long id, int ranges) {
        deletedTo = 0;
        rest.varUint(id);
        rest.varUint(ranges);
    }

    @Override
    void deleteRange(long clock, long units) {
        rest.varUint(clock - deletedTo);
        rest.varUint(units - 1);
        deletedTo = clock + units;
    }

    @Override
    void stateVector(StateVector vector) {
        vector.writeTo(rest);
    }

    @Override
    byte[] toByteArray() {
        if (bare) {
            return rest.toByteArray();
        }
        keyClock.flush();
        client.flush();
        leftClock.flush();
        rightClock.flush();
        typeRef.flush();
        length.flush();
        Sink[] columns = {
            keyClock.out,
            client.out,
            leftClock.out,
            rightClock.out,
            info.out,
            text.finish(),
            parentInfo.out,
            typeRef.out,
            length.out
        };
        int size = 16 + rest.size;
        for (Sink column : columns) {
            size += 5 + column.size;
        }
        Sink all = new Sink(size);
        all.varUint(0); // no features
        for (Sink column : columns) {
            all.varUint(column.size);
            all.append(column);
        }
        all.append(rest);
        return all.toByteArray();
    }
}
