package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.MalformedDeltaException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The canonical form of values: JSON-like plus bytes, with one encoding in every language (docs/reference/binary-format.md).
 *
 * <p>A canonical value is one of {@link #NULL}, {@link Boolean}, {@link Long}, {@link Double}, {@link String},
 * {@link Bytes}, an immutable {@code List} of canonical values, or an immutable {@code Map} from strings to canonical
 * values, ascending by code point. A number that is integral and within ±(2^53 − 1) is a {@code Long}, so 1 and 1.0 are
 * the same value; −0.0 is a {@code Double} and differs from 0; there is one NaN. Two canonical values are equal exactly
 * if their encodings are.
 */
public final class Values {

    /** The value null, which can be an element, an entry or the content of a register. */
    public static final Object NULL = new Object() {
        @Override
        public String toString() {
            return "null";
        }
    };

    /** How many lists and maps can contain one another. */
    public static final int MAX_DEPTH = 64;

    /** The longest encoding of one value, in bytes. */
    public static final int MAX_ENCODED_BYTES = 1 << 20;

    private static final long MAX_EXACT = (1L << 53) - 1;
    private static final long CANONICAL_NAN = 0x7ff8000000000000L;
    private static final int SHORT_STRING = 63;

    private static final int TAG_NULL = 0;
    private static final int TAG_FALSE = 1;
    private static final int TAG_TRUE = 2;
    private static final int TAG_INTEGER = 3;
    private static final int TAG_DOUBLE = 4;
    private static final int TAG_STRING = 5;
    private static final int TAG_BYTES = 6;
    private static final int TAG_LIST = 7;
    private static final int TAG_MAP = 8;
    private static final int TAG_SHORT_STRING = 0x40;
    private static final int TAG_SMALL_INTEGER = 0x80;

    private Values() {}

    /**
     * Returns the canonical form of a value.
     *
     * <p>Accepted besides canonical values: {@code null} (as {@link #NULL}), the integer types of Java and
     * {@link BigInteger} within 64 bits, {@code Float}, {@code byte[]}, {@code Object[]}, and lists and maps of accepted
     * values.
     *
     * @throws IllegalArgumentException if the value is of another type, holds an integer beyond 64 bits, a string with a
     *     lone surrogate or a key that is not a string, is nested deeper than {@link #MAX_DEPTH}, or is longer than
     *     {@link #MAX_ENCODED_BYTES}
     */
    public static Object canonical(@Nullable Object value) {
        if (value instanceof String text) {
            int length = Utf8.checkedLength(text);
            if (length > MAX_ENCODED_BYTES - 4) {
                throw tooLong();
            }
            return text;
        }
        Object canonical = canonical(value, 0);
        if (canonical instanceof List || canonical instanceof Map || canonical instanceof Bytes) {
            if (encodedSize(canonical) > MAX_ENCODED_BYTES) {
                throw tooLong();
            }
        }
        return canonical;
    }

    private static IllegalArgumentException tooLong() {
        return new IllegalArgumentException("value longer than " + MAX_ENCODED_BYTES + " bytes when encoded");
    }

    private static Object canonical(@Nullable Object value, int depth) {
        if (value instanceof String text) {
            Utf8.checkedLength(text);
            return text;
        }
        if (value instanceof Long || value instanceof Boolean || value instanceof Bytes) {
            return value;
        }
        if (value instanceof Double number) {
            return canonicalNumber(number);
        }
        if (value instanceof Float number) {
            return canonicalNumber(number);
        }
        if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
            return ((Number) value).longValue();
        }
        if (value == null || value == NULL) {
            return NULL;
        }
        if (value instanceof List<?> list) {
            return canonicalList(list, depth + 1);
        }
        if (value instanceof Map<?, ?> map) {
            return canonicalMap(map, depth + 1);
        }
        return canonicalOfRareType(value, depth);
    }

    private static Object canonicalOfRareType(Object value, int depth) {
        if (value instanceof byte[] bytes) {
            return Bytes.of(bytes);
        }
        if (value instanceof Object[] array) {
            return canonicalList(Arrays.asList(array), depth + 1);
        }
        if (value instanceof BigInteger integer) {
            if (integer.bitLength() > 63) {
                throw new IllegalArgumentException("integer beyond 64 bits: " + integer);
            }
            return integer.longValue();
        }
        throw new IllegalArgumentException(
                "not a value: " + value.getClass().getName() + " (a value is JSON-like or bytes; use a ValueCodec)");
    }

    private static Object canonicalNumber(double number) {
        if (isInteger(number)) {
            return (long) number;
        }
        return Double.isNaN(number) ? Double.NaN : number;
    }

    private static boolean isInteger(double number) {
        return number == Math.rint(number)
                && Math.abs(number) <= MAX_EXACT
                && !(number == 0 && Double.doubleToRawLongBits(number) != 0);
    }

    private static void checkDepth(int depth) {
        if (depth > MAX_DEPTH) {
            throw new IllegalArgumentException("nested deeper than " + MAX_DEPTH);
        }
    }

    private static List<Object> canonicalList(List<?> list, int depth) {
        checkDepth(depth);
        Object[] elements = list.toArray();
        for (int i = 0; i < elements.length; i++) {
            elements[i] = canonical(elements[i], depth);
        }
        return List.of(elements);
    }

    private static Map<String, Object> canonicalMap(Map<?, ?> map, int depth) {
        checkDepth(depth);
        if (map.isEmpty()) {
            return CanonicalMap.EMPTY;
        }
        List<String> keys = new ArrayList<>(map.size());
        for (Object key : map.keySet()) {
            if (!(key instanceof String text)) {
                throw new IllegalArgumentException("a key of a map value is a string, not " + key);
            }
            Utf8.checkedLength(text);
            keys.add(text);
        }
        keys.sort(Utf8::compare);
        String[] names = keys.toArray(new String[0]);
        Object[] values = new Object[names.length];
        for (int i = 0; i < names.length; i++) {
            values[i] = canonical(map.get(names[i]), depth);
        }
        return new CanonicalMap(names, values);
    }

    /**
     * Returns the encoding of a value, which need not be in canonical form yet.
     *
     * @throws IllegalArgumentException as {@link #canonical(Object)}
     */
    public static byte[] encode(@Nullable Object value) {
        Object canonical = canonical(value);
        ByteSink sink = new ByteSink(32);
        write(sink, canonical);
        return sink.toByteArray();
    }

    /**
     * Returns the canonical value of which {@code bytes} is the encoding.
     *
     * @throws MalformedDeltaException unless {@code bytes} is exactly what {@link #encode} returns for some value
     */
    public static Object decode(byte[] bytes) {
        ByteSource source = new ByteSource(bytes);
        Object value = read(source);
        if (!source.exhausted()) {
            throw source.malformed("bytes after the value");
        }
        return value;
    }

    /**
     * Compares two values by the unsigned bytes of their encodings: a total order that is the same in every language,
     * and consistent with equality of canonical values.
     *
     * @throws IllegalArgumentException as {@link #canonical(Object)}
     */
    public static int compare(@Nullable Object a, @Nullable Object b) {
        return Arrays.compareUnsigned(encode(a), encode(b));
    }

    /** Returns the length of the encoding of a canonical value, in bytes. */
    static int encodedSize(Object canonical) {
        long size = size(canonical);
        return (int) Math.min(size, Integer.MAX_VALUE);
    }

    private static long size(Object value) {
        if (value instanceof String text) {
            int length = Utf8.checkedLength(text);
            return length <= SHORT_STRING ? 1 + length : 1 + varintSize(length) + length;
        }
        if (value instanceof Long number) {
            long coded = number << 1 ^ number >> 63;
            return coded >= 0 && coded < 128 ? 1 : 1 + varintSize(coded);
        }
        if (value instanceof Double) {
            return 9;
        }
        if (value instanceof Bytes bytes) {
            return 1 + varintSize(bytes.length()) + bytes.length();
        }
        if (value instanceof List<?> list) {
            long size = 1 + varintSize(list.size());
            for (Object element : list) {
                size += size(element);
            }
            return size;
        }
        if (value instanceof CanonicalMap map) {
            long size = 1 + varintSize(map.size());
            for (int i = 0; i < map.size(); i++) {
                int key = Utf8.checkedLength(map.keyAt(i));
                size += varintSize(key) + key + size(map.valueAt(i));
            }
            return size;
        }
        return 1;
    }

    private static int varintSize(long value) {
        return (70 - Long.numberOfLeadingZeros(value | 1)) / 7;
    }

    /** Writes a canonical value. */
    static void write(ByteSink out, Object value) {
        if (value instanceof String text) {
            int length = Utf8.checkedLength(text);
            if (length <= SHORT_STRING) {
                out.u8(TAG_SHORT_STRING + length);
            } else {
                out.u8(TAG_STRING);
                out.varint(length);
            }
            out.utf8(text, length);
        } else if (value instanceof Long number) {
            long coded = number << 1 ^ number >> 63;
            if (coded >= 0 && coded < 128) {
                out.u8(TAG_SMALL_INTEGER + (int) coded);
            } else {
                out.u8(TAG_INTEGER);
                out.varint(coded);
            }
        } else if (value instanceof Boolean truth) {
            out.u8(truth ? TAG_TRUE : TAG_FALSE);
        } else if (value == NULL) {
            out.u8(TAG_NULL);
        } else if (value instanceof Double number) {
            out.u8(TAG_DOUBLE);
            out.fixed64(Double.doubleToLongBits(number));
        } else if (value instanceof Bytes bytes) {
            out.u8(TAG_BYTES);
            out.varint(bytes.length());
            out.raw(bytes.content());
        } else if (value instanceof List<?> list) {
            writeListHeader(out, list.size());
            for (int i = 0; i < list.size(); i++) {
                write(out, list.get(i));
            }
        } else if (value instanceof CanonicalMap map) {
            out.u8(TAG_MAP);
            out.varint(map.size());
            for (int i = 0; i < map.size(); i++) {
                writeKey(out, map.keyAt(i));
                write(out, map.valueAt(i));
            }
        } else {
            throw new IllegalArgumentException(
                    "not a canonical value: " + value.getClass().getName());
        }
    }

    /** Writes what comes before the elements of a list. */
    static void writeListHeader(ByteSink out, int count) {
        out.u8(TAG_LIST);
        out.varint(count);
    }

    /** Reads what comes before the elements of a list. */
    static int readListHeader(ByteSource in) {
        if (in.u8() != TAG_LIST) {
            throw in.malformed("not a list");
        }
        return in.length();
    }

    private static void writeKey(ByteSink out, String key) {
        int length = Utf8.checkedLength(key);
        out.varint(length);
        out.utf8(key, length);
    }

    /** Reads one value, in its canonical encoding or not at all. */
    static Object read(ByteSource in) {
        int start = in.position();
        Object value = read(in, 0);
        if (in.position() - start > MAX_ENCODED_BYTES) {
            throw in.malformed("value longer than " + MAX_ENCODED_BYTES + " bytes");
        }
        return value;
    }

    private static Object read(ByteSource in, int depth) {
        int tag = in.u8();
        if (tag >= TAG_SMALL_INTEGER) {
            int coded = tag - TAG_SMALL_INTEGER;
            return (long) (coded >>> 1 ^ -(coded & 1));
        }
        if (tag >= TAG_SHORT_STRING) {
            return in.utf8(tag - TAG_SHORT_STRING);
        }
        switch (tag) {
            case TAG_NULL:
                return NULL;
            case TAG_FALSE:
                return Boolean.FALSE;
            case TAG_TRUE:
                return Boolean.TRUE;
            case TAG_INTEGER:
                return readInteger(in);
            case TAG_DOUBLE:
                return readDouble(in);
            case TAG_STRING:
                int length = in.length();
                if (length <= SHORT_STRING) {
                    throw in.malformed("short string in its long form");
                }
                return in.utf8(length);
            case TAG_BYTES:
                return Bytes.ofOwned(in.raw(in.length()));
            case TAG_LIST:
                return readList(in, depth + 1);
            case TAG_MAP:
                return readMap(in, depth + 1);
            default:
                throw in.malformed("unknown tag of a value");
        }
    }

    private static Long readInteger(ByteSource in) {
        long number = in.zigzag();
        if (number >= -64 && number <= 63) {
            throw in.malformed("small integer in its long form");
        }
        return number;
    }

    private static Double readDouble(ByteSource in) {
        long bits = in.fixed64();
        double number = Double.longBitsToDouble(bits);
        if (isInteger(number)) {
            throw in.malformed("integer written as a double");
        }
        if (Double.isNaN(number) && bits != CANONICAL_NAN) {
            throw in.malformed("NaN with a payload");
        }
        return number;
    }

    private static int readCount(ByteSource in, int depth) {
        if (depth > MAX_DEPTH) {
            throw in.malformed("nested deeper than " + MAX_DEPTH);
        }
        return in.length(); // each element takes a byte at least
    }

    private static List<Object> readList(ByteSource in, int depth) {
        int count = readCount(in, depth);
        // room for few: a declared count allocates nothing that the input does not fill
        Object[] elements = new Object[Math.min(count, 16)];
        for (int i = 0; i < count; i++) {
            if (i == elements.length) {
                elements = Arrays.copyOf(elements, Math.min(count, 2 * i));
            }
            elements[i] = read(in, depth);
        }
        return List.of(elements);
    }

    private static Map<String, Object> readMap(ByteSource in, int depth) {
        int count = readCount(in, depth);
        if (count == 0) {
            return CanonicalMap.EMPTY;
        }
        String[] keys = new String[Math.min(count, 16)];
        Object[] values = new Object[keys.length];
        for (int i = 0; i < count; i++) {
            if (i == keys.length) {
                keys = Arrays.copyOf(keys, Math.min(count, 2 * i));
                values = Arrays.copyOf(values, keys.length);
            }
            String key = in.utf8(in.length());
            if (i > 0 && Utf8.compare(keys[i - 1], key) >= 0) {
                throw in.malformed("keys of a map are not strictly ascending");
            }
            keys[i] = key;
            values[i] = read(in, depth);
        }
        return new CanonicalMap(keys, values);
    }
}
