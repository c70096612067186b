package dev.rejoin.crdt.laws;

import java.util.List;
import java.util.Map;

/** The server's document: joins what it accepts, voids what it refuses, folds what has been judged. */
interface Judge {
    void merge(byte[] delta);

    void voided(long replica, long first, long last);

    /** A write of the server itself. */
    void write(List<Op> ops);

    /** Folds the amounts of each owner up to a dot whose verdict the owner has reported to know. */
    void fold(Map<Long, Long> watermarks);

    byte[] state();

    byte[] version();

    byte[] deltaSince(byte[] version);

    Object read(Address object);
}
