package dev.rejoin.server.storage;

/**
 * The row that says that a document exists and where it stands.
 *
 * @param document number of the document within the log, at least 1
 * @param name name of the document, unique
 * @param value sealed
 */
public record HeadRow(long document, String name, byte[] value) {}
