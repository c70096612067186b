package dev.rejoin.crdt.laws;

/** A dot of the twin: replica bits and counter, ordered as the format orders sections. */
record At(long replica, long counter) implements Comparable<At> {
    @Override
    public int compareTo(At other) {
        int byReplica = Long.compareUnsigned(replica, other.replica);
        return byReplica != 0 ? byReplica : Long.compare(counter, other.counter);
    }

    @Override
    public String toString() {
        return Long.toHexString(replica) + "." + counter;
    }
}
