package dev.rejoin.crdt;

import java.math.BigInteger;
import java.util.List;

/** How the value of one object differs from before. Values are canonical ({@link Values}). */
public sealed interface Change {
    /** The object that changed. */
    ObjectKey object();

    /** Elements that a set, or a flag as a set of {@code true}, has gained and lost. */
    record SetChange(ObjectKey object, List<Object> added, List<Object> removed) implements Change {}

    /** A counter's value before and after. */
    record CounterChange(ObjectKey object, BigInteger before, BigInteger after) implements Change {}

    /** A register's values before and after: the winner first, then those written concurrently. */
    record RegisterChange(ObjectKey object, List<Object> before, List<Object> after) implements Change {}
}
