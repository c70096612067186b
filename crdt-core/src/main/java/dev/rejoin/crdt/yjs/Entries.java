package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The keys of all maps of a document: for each type and key the newest item of the key's chain. The chain's last item is the key's
 * value, if it is live; the items before it are what it has replaced.
 */
final class Entries extends Records {
    private static final int TYPE = 0;
    private static final int KEY = 1;
    private static final int TAIL = 2;
    private static final int FOLLOWING = 3;
    private static final int WIDTH = 4;

    private final Types types;
    private final Map<String, Integer> numbers;
    private String[] names;

    /** Open addressing over (type, key): entry + 1, or 0. */
    private int[] table = new int[8];

    private int used;

    Entries(Types types) {
        super(WIDTH);
        this.types = types;
        numbers = new HashMap<>();
        names = new String[4];
    }

    /** A copy that is never written, over frozen types. */
    Entries(Entries source, Types frozenTypes) {
        super(source);
        types = frozenTypes;
        numbers = Map.of();
        names = source.names;
        table = new int[0];
    }

    int type(int entry) {
        return get(entry, TYPE);
    }

    String key(int entry) {
        return names[get(entry, KEY)];
    }

    int tail(int entry) {
        return get(entry, TAIL);
    }

    void tail(int entry, int item) {
        set(entry, TAIL, item);
    }

    /** The next entry of the same type, or {@link Items#NONE}; newest first. */
    int following(int entry) {
        return get(entry, FOLLOWING);
    }

    /** The entry of a key, or {@link Items#NONE}. O(1); in a frozen copy O(keys of the type) */
    int find(int type, String key) {
        if (table.length == 0) {
            int entry = types.entries(type);
            while (entry != NONE && !key(entry).equals(key)) {
                entry = following(entry);
            }
            return entry;
        }
        Integer number = numbers.get(key);
        return number == null ? NONE : table[slot(type, number)] - 1;
    }

    /** The entry of a key, made at first sight with an empty chain. */
    int intern(int type, String key) {
        int number = numbers.computeIfAbsent(key, this::name);
        int at = slot(type, number);
        if (table[at] != 0) {
            return table[at] - 1;
        }
        int entry = allocate();
        set(entry, TYPE, type);
        set(entry, KEY, number);
        set(entry, TAIL, NONE);
        set(entry, FOLLOWING, types.entries(type));
        types.set(type, Types.ENTRIES, entry);
        table[at] = entry + 1;
        if (2 * ++used > table.length) {
            int[] old = table;
            table = new int[2 * old.length];
            for (int kept : old) {
                if (kept != 0) {
                    table[slot(get(kept - 1, TYPE), get(kept - 1, KEY))] = kept;
                }
            }
        }
        return entry;
    }

    private int name(String key) {
        int number = numbers.size();
        if (number == names.length) {
            names = Arrays.copyOf(names, 2 * number);
        }
        names[number] = key;
        return number;
    }

    /** Forgets the keys of a type that is gone. */
    void drop(int type) {
        for (int entry = types.entries(type); entry != NONE; ) {
            int after = following(entry);
            vacate(slot(type, get(entry, KEY)));
            release(entry);
            used--;
            entry = after;
        }
        types.set(type, Types.ENTRIES, NONE);
    }

    /** Empties a place of the table and moves up what was pushed beyond it. */
    private void vacate(int place) {
        int mask = table.length - 1;
        int hole = place;
        table[hole] = 0;
        for (int at = hole + 1 & mask; table[at] != 0; at = at + 1 & mask) {
            int home = hash(get(table[at] - 1, TYPE), get(table[at] - 1, KEY)) & mask;
            if ((at - home & mask) >= (at - hole & mask)) {
                table[hole] = table[at];
                table[at] = 0;
                hole = at;
            }
        }
    }

    private int slot(int type, int key) {
        int mask = table.length - 1;
        int at = hash(type, key) & mask;
        while (table[at] != 0 && (get(table[at] - 1, TYPE) != type || get(table[at] - 1, KEY) != key)) {
            at = at + 1 & mask;
        }
        return at;
    }

    private static int hash(int type, int key) {
        int mixed = (type * 0x9E3779B9 ^ key) * 0x85EBCA6B;
        return mixed ^ mixed >>> 15;
    }

    // the same with a width that the compiler knows

    @Override
    int get(int record, int field) {
        return pages[record >>> BITS][(record & MASK) * WIDTH + field];
    }

    @Override
    void set(int record, int field, int value) {
        own(record >>> BITS)[(record & MASK) * WIDTH + field] = value;
    }
}
