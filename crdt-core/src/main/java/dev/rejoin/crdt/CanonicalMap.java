package dev.rejoin.crdt;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The immutable map of a canonical value: two arrays, keys ascending by code point. */
final class CanonicalMap extends AbstractMap<String, Object> {

    static final CanonicalMap EMPTY = new CanonicalMap(new String[0], new Object[0]);

    private final String[] keys;
    private final Object[] values;

    CanonicalMap(String[] keys, Object[] values) {
        this.keys = keys;
        this.values = values;
    }

    String keyAt(int index) {
        return keys[index];
    }

    Object valueAt(int index) {
        return values[index];
    }

    private int find(@Nullable Object key) {
        if (!(key instanceof String wanted)) {
            return -1;
        }
        int from = 0;
        int to = keys.length - 1;
        while (from <= to) {
            int middle = (from + to) >>> 1;
            int order = Utf8.compare(keys[middle], wanted);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                from = middle + 1;
            } else {
                to = middle - 1;
            }
        }
        return -1;
    }

    @Override
    public @Nullable Object get(@Nullable Object key) {
        int i = find(key);
        return i < 0 ? null : values[i];
    }

    @Override
    public boolean containsKey(@Nullable Object key) {
        return find(key) >= 0;
    }

    @Override
    public int size() {
        return keys.length;
    }

    @Override
    public Set<Map.Entry<String, Object>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public int size() {
                return keys.length;
            }

            @Override
            public Iterator<Map.Entry<String, Object>> iterator() {
                return new Iterator<>() {
                    private int next;

                    @Override
                    public boolean hasNext() {
                        return next < keys.length;
                    }

                    @Override
                    public Map.Entry<String, Object> next() {
                        if (next == keys.length) {
                            throw new NoSuchElementException();
                        }
                        Map.Entry<String, Object> entry = Map.entry(keys[next], values[next]);
                        next++;
                        return entry;
                    }
                };
            }
        };
    }
}
