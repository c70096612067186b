package dev.rejoin.server.storage;

/**
 * The row of one part of a snapshot, unique by document, sequence and chunk.
 *
 * @param sequence the position of the snapshot
 * @param chunk place among the parts, from 0
 * @param value sealed
 */
public record ChunkRow(long document, long sequence, int chunk, byte[] value) {}
