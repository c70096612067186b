package dev.rejoin.server.room;

/**
 * What somebody lacks of a document.
 *
 * @param held who joins it holds this
 * @param fragment of the objects; empty if nothing is lacking
 * @param update of the content; empty if nothing is lacking
 */
@SuppressWarnings("ArrayRecordComponent") // passed on, never compared
public record Excerpt(long epoch, HeldPositions held, byte[] fragment, byte[] update) {}
