package dev.rejoin.consistency.session;

/**
 * What a token says of one life of one document.
 *
 * @param key stands for the name of the document, see {@link SessionToken#keyOf}
 * @param epoch names the life
 * @param reads what has been read
 * @param writes what has been written
 */
record TokenEntry(int key, long epoch, PositionVector reads, PositionVector writes) {
    boolean isOf(int otherKey, long otherEpoch) {
        return key == otherKey && epoch == otherEpoch;
    }

    /** Order of entries in a token: by key, then by epoch, both without sign. */
    int compareTo(TokenEntry other) {
        int order = Integer.compareUnsigned(key, other.key);
        return order != 0 ? order : Long.compareUnsigned(epoch, other.epoch);
    }

    TokenEntry merge(TokenEntry other) {
        return new TokenEntry(key, epoch, reads.union(other.reads), writes.union(other.writes));
    }

    PositionVector all() {
        return reads.union(writes);
    }
}
