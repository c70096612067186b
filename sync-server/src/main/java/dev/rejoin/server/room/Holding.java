package dev.rejoin.server.room;

/**
 * What a server has of a document, in short.
 *
 * @param deleted whether the document is deleted; then nothing but the epoch is told
 * @param version of the objects, encoded; empty if there is nothing
 * @param stateVector of the content, encoded; empty if there is nothing
 */
@SuppressWarnings("ArrayRecordComponent") // passed on, never compared
public record Holding(long epoch, boolean deleted, byte[] version, byte[] stateVector, HeldPositions held) {}
