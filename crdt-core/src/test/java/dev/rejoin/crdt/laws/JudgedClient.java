package dev.rejoin.crdt.laws;

import java.util.List;

/** A client whose writes a judge may refuse. */
interface JudgedClient {
    /** A transaction as it leaves the client. */
    record Offer(long first, long last, byte[] delta) {}

    /** One pending transaction; null if nothing happened. */
    Offer write(List<Op> ops);

    /** Verdicts on everything up to a dot, and what others did, in one step. */
    void confirm(byte[] remote, long ackedThrough, List<long[]> voided);

    /** Closes the client and opens it again from what it had stored, pending writes included. */
    void reload();

    /** The highest counter this client has issued. */
    long issued();

    byte[] confirmedState();

    byte[] confirmedVersion();

    Object read(Address object);
}
