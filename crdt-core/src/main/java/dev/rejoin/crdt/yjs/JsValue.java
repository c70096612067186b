package dev.rejoin.crdt.yjs;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * JavaScript values in Java: null, {@link Undefined}, {@code Boolean}, numbers as {@link JsNumber} has them, {@code
 * BigInteger} for BigInt, {@code String}, {@code byte[]}, and unmodifiable {@code List} and {@code Map} with the keys in
 * the order in which a JavaScript object would list them.
 */
final class JsValue {

    /** The highest key that JavaScript treats as an index, 2^32−2. */
    private static final long LAST_INDEX = (1L << 32) - 2;

    private JsValue() {}

    /**
     * Returns a deep copy of {@code value} in the form that content has. Bytes are copied.
     *
     * @throws IllegalArgumentException if it holds something that cannot be shared, or nests deeper than {@code depth}
     */
    static @Nullable Object normalize(@Nullable Object value, int depth) {
        if (value == null || value instanceof String || value instanceof Boolean || value instanceof Undefined) {
            return value;
        }
        if (value instanceof Number number) {
            return JsNumber.of(number);
        }
        if (value instanceof byte[] bytes) {
            return bytes.clone();
        }
        if (depth == 0) {
            throw new IllegalArgumentException("value nests too deeply, or contains itself");
        }
        if (value instanceof List<?> list) {
            @Nullable Object[] copy = list.toArray();
            for (int i = 0; i < copy.length; i++) {
                copy[i] = normalize(copy[i], depth - 1);
            }
            return list(copy);
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> copy = new LinkedHashMap<>();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                if (!(entry.getKey() instanceof String key)) {
                    throw new IllegalArgumentException("not a key of a shared map: " + entry.getKey());
                }
                copy.put(key, normalize(entry.getValue(), depth - 1));
            }
            return map(copy);
        }
        throw new IllegalArgumentException(
                "not a value that can be shared: " + value.getClass().getName());
    }

    /** Returns the elements, which nobody else may change, as a list. */
    @SuppressWarnings("NullAway") // the JDK does not say that its wrappers hold null as well as what they wrap
    static List<@Nullable Object> list(@Nullable Object[] elements) {
        return Collections.unmodifiableList(Arrays.asList(elements));
    }

    /** Returns the entries, which nobody else may change, as a map in the order of a JavaScript object. */
    @SuppressWarnings("NullAway") // as above
    static Map<String, @Nullable Object> map(Map<String, @Nullable Object> entries) {
        return Collections.unmodifiableMap(inObjectOrder(entries));
    }

    /** Returns {@code entries}, or a copy if its keys are not as a JavaScript object orders them: indices first, ascending. */
    static <V extends @Nullable Object> Map<String, V> inObjectOrder(Map<String, V> entries) {
        long last = -1;
        boolean named = false;
        boolean ordered = true;
        for (String key : entries.keySet()) {
            long index = index(key);
            if (index < 0) {
                named = true;
            } else if (named || index < last) {
                ordered = false;
                break;
            } else {
                last = index;
            }
        }
        if (ordered) {
            return entries;
        }
        Map<Long, Map.Entry<String, V>> indexed = new TreeMap<>();
        List<Map.Entry<String, V>> rest = new ArrayList<>();
        for (Map.Entry<String, V> entry : entries.entrySet()) {
            long index = index(entry.getKey());
            if (index >= 0) {
                indexed.put(index, entry);
            } else {
                rest.add(entry);
            }
        }
        Map<String, V> sorted = new LinkedHashMap<>();
        for (Map.Entry<String, V> entry : indexed.values()) {
            sorted.put(entry.getKey(), entry.getValue());
        }
        for (Map.Entry<String, V> entry : rest) {
            sorted.put(entry.getKey(), entry.getValue());
        }
        return sorted;
    }

    /** Returns the number that {@code key} is the plain decimal form of, if JavaScript takes it for an index, or −1. */
    private static long index(String key) {
        int length = key.length();
        if (length == 0 || length > 10) {
            return -1;
        }
        char first = key.charAt(0);
        if (first == '0') {
            return length == 1 ? 0 : -1;
        }
        long index = 0;
        for (int i = 0; i < length; i++) {
            char digit = key.charAt(i);
            if (digit < '0' || digit > '9') {
                return -1;
            }
            index = 10 * index + (digit - '0');
        }
        return index <= LAST_INDEX ? index : -1;
    }

    /** Returns whether JavaScript takes {@code value} for true. */
    static boolean isTruthy(@Nullable Object value) {
        if (value == null || value == Undefined.UNDEFINED) {
            return false;
        }
        if (value instanceof Boolean truth) {
            return truth;
        }
        if (value instanceof Number number) {
            double d = number.doubleValue();
            return d != 0 && !Double.isNaN(d);
        }
        return !(value instanceof String text) || !text.isEmpty();
    }

    /** Nesting that {@link #normalize} takes from callers. */
    static final int DEPTH = 512;

    /** A deep copy of the values of {@code entries}; see {@link #normalize(Object, int)}. */
    static Map<String, @Nullable Object> normalizeAll(Map<String, ?> entries) {
        Map<String, @Nullable Object> copy = new LinkedHashMap<>();
        for (Map.Entry<String, ?> entry : entries.entrySet()) {
            copy.put(wellFormed(entry.getKey()), normalize(entry.getValue(), DEPTH));
        }
        return inObjectOrder(copy);
    }

    /** The text with U+FFFD for each lone surrogate, as others will see it. */
    static String wellFormed(String text) {
        int length = text.length();
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (Character.isLowSurrogate(c) || i + 1 == length || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    return replaced(text);
                }
                i++;
            }
        }
        return text;
    }

    /** A value as JavaScript makes a string of it. */
    static String toText(@Nullable Object value) {
        if (value == null) {
            return "null";
        }
        if (value instanceof Double number) {
            return JsNumber.toString(number);
        }
        if (value instanceof List<?> list) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < list.size(); i++) {
                Object element = list.get(i);
                text.append(i == 0 ? "" : ",")
                        .append(element == null || element == Undefined.UNDEFINED ? "" : toText(element));
            }
            return text.toString();
        }
        if (value instanceof byte[] bytes) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < bytes.length; i++) {
                text.append(i == 0 ? "" : ",").append(bytes[i] & 0xff);
            }
            return text.toString();
        }
        return value instanceof Map ? "[object Object]" : value.toString();
    }

    /** The enumerable properties of a value: the entries of a map, the elements of a list, the characters of a string. */
    static Map<String, @Nullable Object> properties(@Nullable Object value) {
        Map<String, @Nullable Object> properties = new LinkedHashMap<>();
        if (value instanceof Map<?, ?> map) {
            map.forEach((key, element) -> properties.put(String.valueOf(key), element));
        } else if (value instanceof List<?> list) {
            for (int i = 0; i < list.size(); i++) {
                properties.put(Integer.toString(i), list.get(i));
            }
        } else if (value instanceof String text) {
            for (int i = 0; i < text.length(); i++) {
                properties.put(Integer.toString(i), text.substring(i, i + 1));
            }
        }
        return properties;
    }

    private static String replaced(String text) {
        StringBuilder out = new StringBuilder(text);
        for (int i = 0; i < out.length(); i++) {
            char c = out.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < out.length() && Character.isLowSurrogate(out.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                out.setCharAt(i, '\uFFFD');
            }
        }
        return out.toString();
    }
}
