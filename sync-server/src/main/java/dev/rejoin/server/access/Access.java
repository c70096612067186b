package dev.rejoin.server.access;

/** The answer to an {@link AccessRequest}. */
public sealed interface Access permits Grant, Denied {}
