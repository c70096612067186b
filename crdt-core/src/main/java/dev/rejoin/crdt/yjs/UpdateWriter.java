package dev.rejoin.crdt.yjs;

import org.jspecify.annotations.Nullable;

/**
 * Writes an update in one of Yjs' two encodings, part by part in the order of the bytes: the number of sections, for each its header and structs, then the
 * deletions. Kept and reused by its owner.
 */
abstract sealed class UpdateWriter permits UpdateWriterV1, UpdateWriterV2 {
    static final int SKIP = 10;

    /** A writer of the first encoding. */
    static UpdateWriterV1 v1() {
        return new UpdateWriterV1();
    }

    /** A writer of the second encoding. */
    static UpdateWriterV2 v2() {
        return new UpdateWriterV2();
    }

    /** Begins a new update. */
    abstract void reset();

    /** About so much is to come. */
    abstract void expect(int items, int characters);

    /** The number of sections. */
    abstract void count(int sections);

    /** The header of a section. */
    abstract void section(int structs, long client, long clock);

    abstract void gc(long length);

    abstract void skip(long length);

    /** Begins an item. What its flags announce has to follow, in the order of the methods below, and then the content. */
    abstract void info(int info);

    abstract void leftId(long client, long clock);

    abstract void rightId(long client, long clock);

    abstract void parentRoot(String name);

    abstract void parentId(long client, long clock);

    abstract void parentSub(String key);

    abstract void deleted(long length);

    abstract void json(@Nullable Object[] values, int from, int to);

    abstract void binary(byte[] bytes);

    abstract void string(byte[] latin1, int from, int to);

    abstract void string(char[] units, int from, int to);

    abstract void embed(@Nullable Object value);

    abstract void format(FormatContent mark);

    abstract void type(TypeContent type);

    abstract void any(@Nullable Object[] values, int from, int to);

    abstract void doc(DocContent doc);

    /** The number of clients of which something is deleted. */
    abstract void deleteClients(int clients);

    abstract void deleteClient(long client, int ranges);

    abstract void deleteRange(long clock, long length);

    /** A state vector, as snapshots have it behind their deletions. */
    abstract void stateVector(StateVector vector);

    /** The update. */
    abstract byte[] toByteArray();

    /** The text of a value in a JSON item. */
    static String jsonText(@Nullable Object value) {
        return value == Undefined.UNDEFINED ? "undefined" : JsonWriter.write(value);
    }
}
