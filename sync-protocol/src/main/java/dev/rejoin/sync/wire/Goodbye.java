package dev.rejoin.sync.wire;

/** The last message of a client that leaves on purpose. */
public record Goodbye() implements ClientMessage {}
