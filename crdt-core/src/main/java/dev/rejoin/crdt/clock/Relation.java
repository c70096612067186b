package dev.rejoin.crdt.clock;

/** How one version stands to another in the order of causality. */
public enum Relation {
    /** Both know the same events. */
    EQUAL,
    /** The first knows less: everything it knows, the other knows too. */
    BEFORE,
    /** The first knows more. */
    AFTER,
    /** Each knows something that the other does not. */
    CONCURRENT
}
