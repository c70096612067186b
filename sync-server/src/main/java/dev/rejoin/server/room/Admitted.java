package dev.rejoin.server.room;

/**
 * One durable entry of the log of a document, as other servers are told of it: what came from them is not repeated.
 *
 * @param sequence its number
 * @param before what was held when it was admitted, without itself
 * @param after what is held with it
 * @param fragment what was done to the objects here; empty if nothing
 * @param update what was done to the content here; empty if nothing
 */
@SuppressWarnings("ArrayRecordComponent") // passed on, never compared
public record Admitted(
        String document,
        long epoch,
        long sequence,
        HeldPositions before,
        HeldPositions after,
        byte[] fragment,
        byte[] update) {}
