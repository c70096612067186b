package dev.rejoin.crdt.clock;

import java.security.SecureRandom;
import java.util.random.RandomGenerator;

/**
 * The identity of one party that issues events: 64 random bits, fresh for every process, tab or open. Ordered as an
 * unsigned number.
 *
 * @param bits the 64 bits
 */
public record ReplicaId(long bits) implements Comparable<ReplicaId> {

    /** Returns the replica with these bits. */
    public static ReplicaId of(long bits) {
        return new ReplicaId(bits);
    }

    /** Returns a replica with 64 bits that nobody can foresee. */
    public static ReplicaId random() {
        return random(new SecureRandom());
    }

    /** Returns a replica with the next 64 bits of {@code random}. */
    public static ReplicaId random(RandomGenerator random) {
        return new ReplicaId(random.nextLong());
    }

    /**
     * Reads what {@link #toString} writes.
     *
     * @throws IllegalArgumentException unless {@code text} is exactly 16 hexadecimal digits
     */
    public static ReplicaId parse(String text) {
        if (text.length() != 16) {
            throw new IllegalArgumentException("a replica id has 16 hexadecimal digits: " + text);
        }
        long bits = 0;
        for (int i = 0; i < 16; i++) {
            char c = text.charAt(i);
            int digit = c < 0x80 ? Character.digit(c, 16) : -1;
            if (digit < 0) {
                throw new IllegalArgumentException("a replica id has 16 hexadecimal digits: " + text);
            }
            bits = bits << 4 | digit;
        }
        return new ReplicaId(bits);
    }

    @Override
    public int compareTo(ReplicaId other) {
        return Long.compareUnsigned(bits, other.bits);
    }

    @Override
    public int hashCode() {
        return (int) ((bits * 0x9E3779B97F4A7C15L) >>> 32);
    }

    /** Returns 16 lower-case hexadecimal digits. */
    @Override
    public String toString() {
        char[] digits = new char[16];
        for (int i = 0; i < 16; i++) {
            digits[i] = Character.forDigit((int) (bits >>> (60 - 4 * i)) & 15, 16);
        }
        return new String(digits);
    }
}
