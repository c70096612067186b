package dev.rejoin.crdt.yjs;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** The keys of format marks of a document, numbered, and for each mark's content slot the key's bit. */
final class FormatKeys {
    private static final int BITS = 63;

    private final Map<String, Integer> numbers = new HashMap<>();
    private byte[] bitOfSlot = new byte[4];

    /** Keys beyond the 63rd share the last bit. */
    void register(int slot, String key) {
        int number = numbers.computeIfAbsent(key, k -> numbers.size());
        if (slot >= bitOfSlot.length) {
            bitOfSlot = Arrays.copyOf(bitOfSlot, Math.max(slot + 1, slot + (slot >> 1)));
        }
        bitOfSlot[slot] = (byte) Math.min(number, BITS);
    }

    long bit(int slot) {
        return 1L << bitOfSlot[slot];
    }

    /** The bit of a key, 0 if no mark has had it. */
    long bitOf(String key) {
        Integer number = numbers.get(key);
        return number == null ? 0 : 1L << Math.min(number, BITS);
    }

    /** Whether a key's bit may stand for other keys too. */
    boolean isShared(String key) {
        Integer number = numbers.get(key);
        return number == null || number >= BITS;
    }
}
