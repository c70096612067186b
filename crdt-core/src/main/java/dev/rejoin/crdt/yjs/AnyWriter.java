package dev.rejoin.crdt.yjs;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A writer of lib0's self-describing values ("any"): every number in the first form that fits, as lib0 does it. */
final class AnyWriter {

    private static final long INTEGER_MAX = (1L << 31) - 1;

    private AnyWriter() {}

    /**
     * Writes {@code value}.
     *
     * @throws IllegalArgumentException if it holds something that is no value, or a BigInt beyond 64 bits
     */
    static void write(@Nullable Object value, Sink out) {
        if (value == null) {
            out.u8(AnyReader.NULL);
        } else if (value instanceof String text) {
            out.u8(AnyReader.STRING);
            out.varString(text);
        } else if (value instanceof Long number) {
            integer(number, out);
        } else if (value instanceof Boolean truth) {
            out.u8(truth ? AnyReader.TRUE : AnyReader.FALSE);
        } else if (value instanceof Map<?, ?> map) {
            object(map, out);
        } else if (value instanceof List<?> list) {
            out.u8(AnyReader.ARRAY);
            out.varUint(list.size());
            for (Object element : list) {
                write(element, out);
            }
        } else if (value instanceof Number number) {
            number(number, out);
        } else if (value instanceof byte[] bytes) {
            out.u8(AnyReader.BYTES);
            out.varBytes(bytes);
        } else if (value == Undefined.UNDEFINED) {
            out.u8(AnyReader.UNDEFINED);
        } else {
            throw new IllegalArgumentException(
                    "not a value that can be shared: " + value.getClass().getName());
        }
    }

    private static void integer(long number, Sink out) {
        if (Math.abs(number) <= INTEGER_MAX && number != Long.MIN_VALUE) {
            out.u8(AnyReader.INTEGER);
            out.varInt(number);
        } else if (number >= -JsNumber.EXACT && number <= JsNumber.EXACT) {
            floating(number, out);
        } else {
            out.u8(AnyReader.BIGINT);
            out.fixed64(number);
        }
    }

    private static void number(Number value, Sink out) {
        Object number = JsNumber.of(value);
        if (number instanceof Long integer) {
            integer(integer, out);
        } else if (number instanceof BigInteger big) {
            out.u8(AnyReader.BIGINT);
            out.fixed64(big.longValueExact());
        } else {
            double d = (Double) number;
            if (d == 0) {
                out.u8(AnyReader.INTEGER);
                out.signed(0, true);
            } else {
                floating(d, out);
            }
        }
    }

    private static void floating(double number, Sink out) {
        float single = (float) number;
        if (single == number) {
            out.u8(AnyReader.FLOAT32);
            out.fixed32(Float.floatToIntBits(single));
        } else {
            out.u8(AnyReader.FLOAT64);
            out.fixed64(Double.doubleToLongBits(number));
        }
    }

    private static void object(Map<?, ?> map, Sink out) {
        out.u8(AnyReader.OBJECT);
        out.varUint(map.size());
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            if (!(entry.getKey() instanceof String key)) {
                throw new IllegalArgumentException("not a key of a shared map: " + entry.getKey());
            }
            out.varString(key);
            write(entry.getValue(), out);
        }
    }
}
