package dev.rejoin.server.storage;

/**
 * The row of one batch of records, unique by document and sequence.
 *
 * @param incarnation the opening of the log that wrote it
 * @param value sealed
 */
public record EntryRow(long document, long sequence, long incarnation, byte[] value) {}
