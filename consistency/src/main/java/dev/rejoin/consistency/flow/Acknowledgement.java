package dev.rejoin.consistency.flow;

/** When a write of a flow counts as saved. */
public enum Acknowledgement {
    /** The flow writes nothing. */
    NONE,
    /** On this device. */
    LOCAL,
    /** Its judge has taken it. */
    ACCEPTED,
    /** On the disk of its judge. */
    DURABLE,
    /** On every server. */
    STABLE
}
