package dev.rejoin.consistency.session;

import java.util.EnumSet;
import java.util.Set;

/**
 * Judges a history by the definitions of the four guarantees alone; knows nothing of positions, tokens or servers. A write is a bit, what a
 * read shows is a set of bits.
 */
final class HistoryChecker {
    static final int MAX_WRITES = 64;

    /** What a write must not be shown without. */
    private final long[] readBefore = new long[MAX_WRITES];

    private final long[] writtenBefore = new long[MAX_WRITES];
    private long acknowledged;

    /** A broken promise. */
    static final class Violation extends AssertionError {
        private static final long serialVersionUID = 1;
        final transient String claim;

        Violation(String claim, String what) {
            super(claim + ": " + what);
            this.claim = claim;
        }
    }

    /** What one session was told, in order. */
    static final class Author {
        final Set<Guarantee> guarantees;
        private long written;
        private long read;

        /** Told that these are lost: nothing is expected of them. */
        private long givenUp;

        Author(Set<Guarantee> guarantees) {
            this.guarantees = EnumSet.copyOf(guarantees);
        }

        void giveUp(long writes) {
            givenUp |= writes;
        }

        /** Follows what another has seen and done so far. */
        void follow(Author other) {
            long all = (other.read | other.written) & ~other.givenUp;
            read |= all;
            written |= all;
        }
    }

    void issued(Author author, int write) {
        // what a session was told is lost may come back with a message that was under way: it owes nothing to it any
        // more
        readBefore[write] =
                author.guarantees.contains(Guarantee.WRITES_FOLLOW_READS) ? author.read & ~author.givenUp : 0;
        writtenBefore[write] =
                author.guarantees.contains(Guarantee.MONOTONIC_WRITES) ? author.written & ~author.givenUp : 0;
    }

    void acknowledged(Author author, int write) {
        author.written |= 1L << write;
        acknowledged |= 1L << write;
    }

    /** Everything that was acknowledged by now, to whomever. */
    long acknowledged() {
        return acknowledged;
    }

    /**
     * A read has shown this.
     *
     * @param gone on no server any more
     */
    void read(Author author, long shown, long gone) {
        if (author.guarantees.contains(Guarantee.READ_YOUR_WRITES)) {
            hold("READ_YOUR_WRITES", author.written & ~author.givenUp, shown);
        }
        if (author.guarantees.contains(Guarantee.MONOTONIC_READS)) {
            hold("MONOTONIC_READS", author.read & ~author.givenUp, shown);
        }
        for (long rest = shown; rest != 0; rest &= rest - 1) {
            int write = Long.numberOfTrailingZeros(rest);
            hold("WRITES_FOLLOW_READS", readBefore[write] & ~gone, shown);
            hold("MONOTONIC_WRITES", writtenBefore[write] & ~gone, shown);
        }
        author.read |= shown;
    }

    static void hold(String claim, long expected, long shown) {
        if ((expected & ~shown) != 0) {
            throw new Violation(
                    claim, "missing writes " + bits(expected & ~shown) + " where " + bits(shown) + " is shown");
        }
    }

    private static String bits(long set) {
        return java.util.BitSet.valueOf(new long[] {set}).toString();
    }
}
