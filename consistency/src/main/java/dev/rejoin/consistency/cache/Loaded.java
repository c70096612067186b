package dev.rejoin.consistency.cache;

import dev.rejoin.consistency.session.PositionVector;

/**
 * What a loader found.
 *
 * @param epoch the life of the document
 * @param version what the value shows, read no later than the value
 */
public record Loaded<V>(V value, long epoch, PositionVector version) {}
