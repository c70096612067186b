package dev.rejoin.server.room;

/**
 * What another server has admitted, on its way into a room here. Nobody judges it again.
 *
 * @param epoch the life of the document that it belongs to; a document that nobody has begun here begins with it
 * @param fragment of the objects; empty if nothing
 * @param update of the content, first encoding; empty if nothing
 * @param before what the other server held when it admitted this: where that is not held, this is not taken
 * @param after what is held by whoever holds {@code before} and takes this
 * @param fetched whether this server has asked for it; else it was told
 */
@SuppressWarnings("ArrayRecordComponent") // passed on, never compared
public record Arrival(
        long epoch, byte[] fragment, byte[] update, HeldPositions before, HeldPositions after, boolean fetched) {
    boolean isEmpty() {
        return fragment.length == 0 && update.length == 0;
    }
}
