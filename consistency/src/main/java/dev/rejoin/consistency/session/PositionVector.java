package dev.rejoin.consistency.session;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a holder has of a document: for each origin the number through which it holds every entry of it. Vectors are ordered by
 * {@link #includes}, and {@link #union} is their least upper bound; nothing else compares them, in particular no clock.
 *
 * <p>Immutable. Origins ascend; one whose number is 0 does not appear. Comparing costs O(origins of both), joining the same, and {@code
 * SessionTokenBenchmark} measures the comparison.
 *
 * @see <a href="https://doi.org/10.1109/PDIS.1994.331722">Terry et al., Session Guarantees for Weakly Consistent Replicated Data</a>
 */
public final class PositionVector {
    private static final long[] NONE = {};

    /** Nothing is held. */
    public static final PositionVector EMPTY = new PositionVector(NONE, NONE);

    private final long[] origins;
    private final long[] sequences;

    private PositionVector(long[] origins, long[] sequences) {
        this.origins = origins;
        this.sequences = sequences;
    }

    /** Receives one entry of a vector. */
    @FunctionalInterface
    public interface Visitor {
        /** Called with an origin and the number through which its entries are held, at least 1. */
        void entry(long origin, long sequence);
    }

    /** The vector that holds everything up to each of these positions. */
    public static PositionVector of(Position... positions) {
        PositionVector vector = EMPTY;
        for (Position position : positions) {
            vector = vector.with(position);
        }
        return vector;
    }

    /** Trusts that origins ascend strictly and numbers are at least 1. */
    static PositionVector ofSorted(long[] origins, long[] sequences) {
        return origins.length == 0 ? EMPTY : new PositionVector(origins, sequences);
    }

    /** This vector with everything up to {@code position} as well. */
    public PositionVector with(Position position) {
        if (includes(position)) {
            return this;
        }
        int at = Arrays.binarySearch(origins, position.origin());
        if (at >= 0) {
            long[] raised = sequences.clone();
            raised[at] = position.sequence();
            return new PositionVector(origins, raised);
        }
        return union(new PositionVector(new long[] {position.origin()}, new long[] {position.sequence()}));
    }

    /** The number through which the entries of {@code origin} are held; 0 if none is. */
    public long sequence(long origin) {
        int at = Arrays.binarySearch(origins, origin);
        return at < 0 ? 0 : sequences[at];
    }

    /** Whether everything up to {@code position} is held. */
    public boolean includes(Position position) {
        return sequence(position.origin()) >= position.sequence();
    }

    /** Whether everything that {@code other} holds is held. Reflexive: equal vectors include each other. */
    public boolean includes(PositionVector other) {
        int mine = 0;
        for (int i = 0; i < other.origins.length; i++) {
            long wanted = other.origins[i];
            while (mine < origins.length && origins[mine] < wanted) {
                mine++;
            }
            if (mine == origins.length || origins[mine] != wanted || sequences[mine] < other.sequences[i]) {
                return false;
            }
        }
        return true;
    }

    /** The vector that holds what either holds. */
    public PositionVector union(PositionVector other) {
        if (includes(other)) {
            return this;
        }
        if (other.includes(this)) {
            return other;
        }
        long[] o = new long[origins.length + other.origins.length];
        long[] s = new long[o.length];
        int size = 0;
        int a = 0;
        int b = 0;
        while (a < origins.length || b < other.origins.length) {
            boolean mine = b == other.origins.length || a < origins.length && origins[a] <= other.origins[b];
            boolean theirs = a == origins.length || b < other.origins.length && other.origins[b] <= origins[a];
            o[size] = mine ? origins[a] : other.origins[b];
            s[size++] = Math.max(mine ? sequences[a] : 0, theirs ? other.sequences[b] : 0);
            a += mine ? 1 : 0;
            b += theirs ? 1 : 0;
        }
        return new PositionVector(Arrays.copyOf(o, size), Arrays.copyOf(s, size));
    }

    /** The entries of this vector whose origins {@code named} names. Linear in both. */
    public PositionVector within(PositionVector named) {
        long[] o = new long[origins.length];
        long[] s = new long[origins.length];
        int size = 0;
        for (int i = 0; i < origins.length; i++) {
            if (Arrays.binarySearch(named.origins, origins[i]) >= 0) {
                o[size] = origins[i];
                s[size++] = sequences[i];
            }
        }
        return size == origins.length ? this : new PositionVector(Arrays.copyOf(o, size), Arrays.copyOf(s, size));
    }

    /** The entries of this vector that {@code held} does not include: what somebody who holds that still lacks of this. */
    public PositionVector beyond(PositionVector held) {
        if (held.includes(this)) {
            return EMPTY;
        }
        long[] o = new long[origins.length];
        long[] s = new long[origins.length];
        int size = 0;
        for (int i = 0; i < origins.length; i++) {
            if (held.sequence(origins[i]) < sequences[i]) {
                o[size] = origins[i];
                s[size++] = sequences[i];
            }
        }
        return new PositionVector(Arrays.copyOf(o, size), Arrays.copyOf(s, size));
    }

    /** Visits the entries, ascending by origin. */
    public void forEach(Visitor visitor) {
        for (int i = 0; i < origins.length; i++) {
            visitor.entry(origins[i], sequences[i]);
        }
    }

    /** The number of origins of which anything is held. */
    public int size() {
        return origins.length;
    }

    /** Whether nothing is held. */
    public boolean isEmpty() {
        return origins.length == 0;
    }

    long originAt(int index) {
        return origins[index];
    }

    long sequenceAt(int index) {
        return sequences[index];
    }

    /**
     * The canonical bytes: of each entry the origin (6 bytes, big endian) and the number (LEB128), ascending by origin. The empty vector has none.
     *
     * @throws IllegalStateException if there are more than {@link SessionToken#MAX_ORIGINS} origins
     */
    public byte[] encode() {
        return TokenCodec.encode(this);
    }

    /**
     * Reads what {@link #encode} wrote. O(bytes)
     *
     * @throws MalformedTokenException if the bytes are not the canonical encoding of a vector within its bound
     */
    public static PositionVector decode(byte[] bytes) {
        return TokenCodec.decodeVector(bytes);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || other instanceof PositionVector that
                        && Arrays.equals(origins, that.origins)
                        && Arrays.equals(sequences, that.sequences);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(origins) + Arrays.hashCode(sequences);
    }

    /** The entries, for example {@code {00000000000a:4, 00000000000b:7}}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("{");
        forEach((origin, sequence) -> text.append(text.length() > 1 ? ", " : "")
                .append(Position.originText(origin))
                .append(':')
                .append(sequence));
        return text.append('}').toString();
    }
}
