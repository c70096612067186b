package dev.rejoin.crdt.yjs;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A reader of lib0's self-describing values ("any"), over bytes of strangers. It can also only check, which allocates
 * nothing.
 *
 * <p>A key {@code __proto__} is left out, because for JavaScript it sets the prototype and not a property.
 */
final class AnyReader {

    static final int UNDEFINED = 127;
    static final int NULL = 126;
    static final int INTEGER = 125;
    static final int FLOAT32 = 124;
    static final int FLOAT64 = 123;
    static final int BIGINT = 122;
    static final int FALSE = 121;
    static final int TRUE = 120;
    static final int STRING = 119;
    static final int OBJECT = 118;
    static final int ARRAY = 117;
    static final int BYTES = 116;

    private static final byte[] NO_BYTES = {};

    private final Names names;
    private byte[] in = NO_BYTES;
    private int at;
    private int end;
    private boolean build;

    AnyReader(Names names) {
        this.names = names;
    }

    /** Returns where the value read last ended. */
    int position() {
        return at;
    }

    /**
     * Reads the value at {@code from}; {@link #position} tells where it ends.
     *
     * @param build whether to make the value; otherwise it is checked and null returned
     */
    @Nullable
    Object read(byte[] bytes, int from, int to, boolean build, int depth) {
        this.in = bytes;
        this.at = from;
        this.end = to;
        this.build = build;
        return value(depth);
    }

    private MalformedUpdateException malformed(String what) {
        return new MalformedUpdateException(what, at);
    }

    private @Nullable Object value(int depth) {
        if (at >= end) {
            throw malformed("value cut off");
        }
        switch (in[at++]) {
            case UNDEFINED:
                return Undefined.UNDEFINED;
            case NULL:
                return null;
            case INTEGER:
                return integer();
            case FLOAT32:
                float single = Float.intBitsToFloat((int) fixed(4));
                return build ? JsNumber.of((double) single) : null;
            case FLOAT64:
                double number = Double.longBitsToDouble(fixed(8));
                return build ? JsNumber.of(number) : null;
            case BIGINT:
                long big = fixed(8);
                return build ? BigInteger.valueOf(big) : null;
            case FALSE:
                return Boolean.FALSE;
            case TRUE:
                return Boolean.TRUE;
            case STRING:
                return string();
            case OBJECT:
                return object(depth - 1);
            case ARRAY:
                return array(depth - 1);
            case BYTES:
                int length = count(1);
                byte[] bytes = !build ? null : length == 0 ? NO_BYTES : Arrays.copyOfRange(in, at, at + length);
                at += length;
                return bytes;
            default:
                at--;
                throw malformed("no kind of value: " + (in[at] & 0xFF));
        }
    }

    private @Nullable Object integer() {
        long read = Varint.readMagnitude(in, at, end);
        boolean negative = Varint.isNegative(in, at);
        at += (int) (read >>> Varint.LENGTH_SHIFT);
        if (!build) {
            return null;
        }
        long magnitude = read & Varint.VALUE;
        if (negative) {
            return magnitude == 0 ? (Object) (-0.0) : (Object) (-magnitude);
        }
        return magnitude;
    }

    private long fixed(int length) {
        if (end - at < length) {
            throw malformed("number cut off");
        }
        long value = 0;
        for (int i = 0; i < length; i++) {
            value = value << 8 | in[at++] & 0xFF;
        }
        return value;
    }

    /** Reads how many things follow, each of which takes at least {@code size} bytes. */
    private int count(int size) {
        long read = Varint.read(in, at, end);
        int start = at;
        at += (int) (read >>> Varint.LENGTH_SHIFT);
        long count = read & Varint.VALUE;
        if (count > (end - at) / size) {
            throw new MalformedUpdateException("length beyond the end of the input", start);
        }
        return (int) count;
    }

    private @Nullable String string() {
        int length = count(1);
        int from = at;
        int to = from + length;
        at = to;
        if (Utf8.asciiEnd(in, from, to) == to) {
            return build ? names.ascii(in, from, to) : null;
        }
        if (Utf8.units(in, from, to) == Utf8.MALFORMED) {
            throw new MalformedUpdateException("string is not well-formed UTF-8", from);
        }
        return build ? new String(in, from, length, StandardCharsets.UTF_8) : null;
    }

    private @Nullable Object object(int depth) {
        if (depth < 0) {
            throw malformed("value nested too deeply");
        }
        int count = count(2);
        Map<String, @Nullable Object> entries = build ? new LinkedHashMap<>() : null;
        for (int i = 0; i < count; i++) {
            String key = string();
            Object value = value(depth);
            if (entries != null && key != null && !key.equals("__proto__")) {
                entries.put(key, value);
            }
        }
        return entries == null ? null : JsValue.map(entries);
    }

    private @Nullable Object array(int depth) {
        if (depth < 0) {
            throw malformed("value nested too deeply");
        }
        int count = count(1);
        if (!build) {
            for (int i = 0; i < count; i++) {
                value(depth);
            }
            return null;
        }
        @Nullable Object[] elements = new @Nullable Object[count];
        for (int i = 0; i < count; i++) {
            elements[i] = value(depth);
        }
        return JsValue.list(elements);
    }
}
