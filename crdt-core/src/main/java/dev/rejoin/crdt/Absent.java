package dev.rejoin.crdt;

/**
 * The payload of a removal that wins over concurrent additions.
 *
 * @param value the canonical element that is removed
 */
public record Absent(Object value) {}
