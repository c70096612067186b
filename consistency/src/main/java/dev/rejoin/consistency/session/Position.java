package dev.rejoin.consistency.session;

/**
 * An admission into the log of a server: entry number {@code sequence} of one document, written by one life of the log.
 *
 * <p>An origin is the upper 48 bits of the 64 random ones that name an opening of a log (the <em>incarnation</em> in the protocol): ten
 * thousand openings in the life of a cluster make two with one origin with a probability of 2·10<sup>−7</sup>. Decision 0018 has the reasons.
 *
 * @param origin 0 … 2<sup>48</sup> − 1
 * @param sequence 0 (before every entry) … {@link #MAX_SEQUENCE}
 */
public record Position(long origin, long sequence) {
    /** The highest number of an entry, 2<sup>53</sup> − 1: exact in every language. */
    public static final long MAX_SEQUENCE = (1L << 53) - 1;

    static final int ORIGIN_BYTES = 6;
    private static final long MAX_ORIGIN = (1L << 48) - 1;

    /**
     * Checks both numbers.
     *
     * @throws IllegalArgumentException if one is out of its range; an incarnation is no origin, see {@link #of}
     */
    public Position {
        if (origin < 0 || origin > MAX_ORIGIN) {
            throw new IllegalArgumentException("an origin has 48 bits: " + Long.toHexString(origin));
        }
        if (sequence < 0 || sequence > MAX_SEQUENCE) {
            throw new IllegalArgumentException("sequence outside 0…2^53−1: " + sequence);
        }
    }

    /**
     * The position of an entry by the incarnation that the protocol and the log speak of.
     *
     * @throws IllegalArgumentException if {@code sequence} is out of its range
     */
    public static Position of(long incarnation, long sequence) {
        return new Position(originOf(incarnation), sequence);
    }

    /** The origin that stands for an opening of a log. */
    public static long originOf(long incarnation) {
        return incarnation >>> 16;
    }

    /** Twelve hexadecimal digits, a colon, and the sequence. */
    @Override
    public String toString() {
        return originText(origin) + ":" + sequence;
    }

    static String originText(long origin) {
        return String.format("%012x", origin);
    }
}
