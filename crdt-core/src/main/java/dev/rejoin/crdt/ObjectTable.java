package dev.rejoin.crdt;

import java.util.Arrays;
import java.util.HashMap;
import org.jspecify.annotations.Nullable;

/** The numbered objects of a fragment or a link, in order of their definition. */
final class ObjectTable {

    /** Up to here a look along the array is faster than hashing. */
    private static final int SMALL = 8;

    private ObjectKey[] keys = new ObjectKey[2];
    private int size;
    private int lastFound;

    /** Keys are comparable, so that buckets crowded by an attacker become trees. */
    private @Nullable HashMap<ObjectKey, Integer> index;

    int size() {
        return size;
    }

    ObjectKey get(int i) {
        return keys[i];
    }

    /** Returns the number of {@code key}, or −1 if it is not defined. */
    int indexOf(ObjectKey key) {
        if (lastFound < size && keys[lastFound] == key) {
            return lastFound;
        }
        int found = -1;
        if (index != null) {
            Integer i = index.get(key);
            found = i == null ? -1 : i;
        } else {
            for (int i = 0; i < size; i++) {
                if (keys[i].equals(key)) {
                    found = i;
                    break;
                }
            }
        }
        if (found >= 0) {
            lastFound = found;
        }
        return found;
    }

    void add(ObjectKey key) {
        if (size == keys.length) {
            keys = Arrays.copyOf(keys, 2 * size);
        }
        keys[size] = key;
        if (index != null) {
            index.put(key, size);
        } else if (size == SMALL) {
            index = new HashMap<>();
            for (int i = 0; i <= size; i++) {
                index.put(keys[i], i);
            }
        }
        size++;
    }
}
