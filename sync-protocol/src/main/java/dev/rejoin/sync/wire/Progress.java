package dev.rejoin.sync.wire;

/**
 * How far a client has come.
 *
 * @param verdictsKnown verdicts on own dots up to this counter are durably known to the client
 * @param position updates up to here have been applied
 */
public record Progress(long verdictsKnown, Position position) implements ClientMessage {}
