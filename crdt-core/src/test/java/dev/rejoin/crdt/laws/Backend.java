package dev.rejoin.crdt.laws;

import java.util.function.LongSupplier;

/** An implementation of the data types, held to the laws. */
interface Backend {
    Peer create(long replica, LongSupplier millis);

    byte[] join(byte[] a, byte[] b);

    /** How two versions compare: EQUAL, BEFORE, AFTER or CONCURRENT. */
    String relation(byte[] a, byte[] b);
}
