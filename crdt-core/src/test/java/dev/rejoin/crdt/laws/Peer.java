package dev.rejoin.crdt.laws;

import java.util.List;

/** One replica under test; states, deltas and versions cross this border as bytes only. */
interface Peer {
    /** One transaction; the bytes of its delta, or null if nothing happened. */
    byte[] commit(List<Op> ops);

    void merge(byte[] delta);

    byte[] state();

    byte[] version();

    byte[] deltaSince(byte[] version);

    /** What the object shows, in the forms of {@link Views#read}. */
    Object read(Address object);
}
