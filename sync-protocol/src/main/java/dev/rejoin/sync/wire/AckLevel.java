package dev.rejoin.sync.wire;

/** How far a write has come when it is acknowledged; each level includes the ones before it. */
public enum AckLevel {
    /** Nothing is said, because nothing is acknowledged. */
    NONE,
    /** The judge has taken it. */
    ACCEPTED,
    /** It has reached the disk of the judge. */
    DURABLE,
    /** Every server has it. */
    STABLE
}
