package dev.rejoin.crdt;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The live cells of 256 consecutive counters of one replica.
 *
 * <p>A bitmap says which counters are live; the payloads stand in counter order without holes, so a payload's index is the
 * number of live counters below it. A page costs about 125 bytes and 4 to 6 per cell, however sparse it is. While all its
 * cells belong to one object, the object is stored once.
 */
final class CellPage {
    static final int SHIFT = 8;
    static final int SIZE = 1 << SHIFT;
    private static final @Nullable Object[] NONE = new Object[0];

    /** Who may write to this page; a snapshot takes that right away by changing the store's stamp. */
    Object owner;

    /** The dot of its first place. */
    final long first;

    /** Its number in the {@link PageTable}. */
    int number;

    int count;

    /** What {@link Digests} has computed of the cells since the last change. */
    byte @Nullable [] hash;

    private long w0;
    private long w1;
    private long w2;
    private long w3;
    /** Null in the unused places, so that a removed payload is not held. */
    private @Nullable Object[] payloads = NONE;

    private int object = -1;
    private int @Nullable [] objects;

    CellPage(Object owner, long first) {
        this.owner = owner;
        this.first = first;
    }

    CellPage copy(Object newOwner) {
        CellPage copy = new CellPage(newOwner, first);
        copy.number = number;
        copy.count = count;
        copy.hash = hash;
        copy.w0 = w0;
        copy.w1 = w1;
        copy.w2 = w2;
        copy.w3 = w3;
        copy.payloads = count == 0 ? NONE : Arrays.copyOf(payloads, count);
        copy.object = object;
        copy.objects = objects == null ? null : Arrays.copyOf(objects, count);
        return copy;
    }

    private long word(int slot) {
        return switch (slot >>> 6) {
            case 0 -> w0;
            case 1 -> w1;
            case 2 -> w2;
            default -> w3;
        };
    }

    boolean isLive(int slot) {
        return (word(slot) >>> (slot & 63) & 1) != 0;
    }

    /** The number of live slots below this one. */
    private int rank(int slot) {
        long below = (1L << (slot & 63)) - 1;
        return switch (slot >>> 6) {
            case 0 -> Long.bitCount(w0 & below);
            case 1 -> Long.bitCount(w0) + Long.bitCount(w1 & below);
            case 2 -> Long.bitCount(w0) + Long.bitCount(w1) + Long.bitCount(w2 & below);
            default -> Long.bitCount(w0) + Long.bitCount(w1) + Long.bitCount(w2) + Long.bitCount(w3 & below);
        };
    }

    /** The payload of a live slot. */
    Object payload(int slot) {
        return Objects.requireNonNull(payloads[rank(slot)]);
    }

    /** The object of a live slot. */
    int object(int slot) {
        return objects == null ? object : objects[rank(slot)];
    }

    void put(int slot, int cellObject, Object payload) {
        int at = rank(slot);
        if (count == payloads.length) {
            // by no more than remove leaves, lest a page that comes and goes be copied at every step
            payloads = Arrays.copyOf(payloads, Math.min(SIZE, count + (count >> 2) + 2));
        }
        if (at < count) {
            System.arraycopy(payloads, at, payloads, at + 1, count - at);
        }
        payloads[at] = payload;
        if (count == 0) {
            object = cellObject;
            objects = null;
        } else if (objects == null && cellObject != object) {
            objects = new int[payloads.length];
            Arrays.fill(objects, 0, count, object);
        }
        if (objects != null) {
            if (objects.length <= count) {
                objects = Arrays.copyOf(objects, payloads.length);
            }
            if (at < count) {
                System.arraycopy(objects, at, objects, at + 1, count - at);
            }
            objects[at] = cellObject;
        }
        flip(slot);
        count++;
    }

    void remove(int slot) {
        int at = rank(slot);
        count--;
        if (at < count) {
            System.arraycopy(payloads, at + 1, payloads, at, count - at);
            if (objects != null) {
                System.arraycopy(objects, at + 1, objects, at, count - at);
            }
        }
        payloads[count] = null;
        int spare = payloads.length - count;
        if (spare > 4 + (count >> 2)) {
            payloads = Arrays.copyOf(payloads, count);
            if (objects != null) {
                objects = Arrays.copyOf(objects, count);
            }
        }
        flip(slot);
    }

    private void flip(int slot) {
        hash = null;
        long bit = 1L << (slot & 63);
        switch (slot >>> 6) {
            case 0 -> w0 ^= bit;
            case 1 -> w1 ^= bit;
            case 2 -> w2 ^= bit;
            default -> w3 ^= bit;
        }
    }

    /** The highest live slot at or below {@code slot}, or −1. */
    int floor(int slot) {
        if (slot < 0) {
            return -1;
        }
        int index = slot >>> 6;
        long word = word(slot) & (-1L >>> (63 - (slot & 63)));
        while (word == 0) {
            if (--index < 0) {
                return -1;
            }
            word = word(index << 6);
        }
        return (index << 6) + 63 - Long.numberOfLeadingZeros(word);
    }
}
