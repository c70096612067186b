package dev.rejoin.crdt.yjs;

import org.jspecify.annotations.Nullable;

/** Yjs' first encoding: everything in one stream. */
final class UpdateWriterV1 extends UpdateWriter {
    private static final int INITIAL = 64;

    private final Sink out = new Sink(INITIAL);

    @Override
    void reset() {
        out.reset();
    }

    @Override
    void expect(int items, int characters) {
        out.ensure(12L * items + characters);
    }

    /** The bytes that items are written into, for {@link StateWriter}. */
    Sink out() {
        return out;
    }

    @Override
    void count(int sections) {
        out.varUint(sections);
    }

    @Override
    void section(int structs, long client, long clock) {
        out.varUint(structs);
        out.varUint(client);
        out.varUint(clock);
    }

    @Override
    void gc(long length) {
        out.u8(0);
        out.varUint(length);
    }

    @Override
    void skip(long length) {
        out.u8(SKIP);
        out.varUint(length);
    }

    @Override
    void info(int info) {
        out.u8(info);
    }

    @Override
    void leftId(long client, long clock) {
        out.varUint(client);
        out.varUint(clock);
    }

    @Override
    void rightId(long client, long clock) {
        out.varUint(client);
        out.varUint(clock);
    }

    @Override
    void parentRoot(String name) {
        out.u8(1);
        out.varString(name);
    }

    @Override
    void parentId(long client, long clock) {
        out.u8(0);
        out.varUint(client);
        out.varUint(clock);
    }

    @Override
    void parentSub(String key) {
        out.varString(key);
    }

    @Override
    void deleted(long length) {
        out.varUint(length);
    }

    @Override
    void json(@Nullable Object[] values, int from, int to) {
        out.varUint(to - from);
        for (int i = from; i < to; i++) {
            out.varString(jsonText(values[i]));
        }
    }

    @Override
    void binary(byte[] bytes) {
        out.varBytes(bytes);
    }

    @Override
    void string(byte[] latin1, int from, int to) {
        out.varStringLatin1(latin1, from, to);
    }

    @Override
    void string(char[] units, int from, int to) {
        out.varString(units, from, to);
    }

    @Override
    void embed(@Nullable Object value) {
        out.varString(JsonWriter.write(value));
    }

    @Override
    void format(FormatContent mark) {
        out.varString(mark.key());
        out.varString(JsonWriter.write(mark.value()));
    }

    @Override
    void type(TypeContent type) {
        out.varUint(type.ref());
        String name = type.name();
        if (TypeContent.isNamed(type.ref()) && name != null) {
            out.varString(name);
        }
    }

    @Override
    void any(@Nullable Object[] values, int from, int to) {
        out.varUint(to - from);
        for (int i = from; i < to; i++) {
            AnyWriter.write(values[i], out);
        }
    }

    @Override
    void doc(DocContent doc) {
        out.varString(doc.guid());
        AnyWriter.write(doc.options(), out);
    }

    @Override
    void deleteClients(int clients) {
        out.varUint(clients);
    }

    @Override
    void deleteClient(long client, int ranges) {
        out.varUint(client);
        out.varUint(ranges);
    }

    @Override
    void deleteRange(long clock, long length) {
        out.varUint(clock);
        out.varUint(length);
    }

    @Override
    void stateVector(StateVector vector) {
        vector.writeTo(out);
    }

    @Override
    byte[] toByteArray() {
        return out.toByteArray();
    }
}
