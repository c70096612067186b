package dev.rejoin.consistency.cache;

import dev.rejoin.consistency.session.PositionVector;

/**
 * What a cache answers.
 *
 * @param epoch the life of the document
 * @param version what the value shows; for the session's token
 * @param served how it came
 * @param missing what was asked for and is not shown: empty unless {@link Served#BEHIND}
 */
public record Cached<V>(V value, long epoch, PositionVector version, Served served, PositionVector missing) {
    /** The ways an answer comes. */
    public enum Served {
        /** From the cache. */
        HIT,
        /** Loaded for this call, or for one that came with it. */
        LOADED,
        /** From the cache, past its time to live; it is being loaded anew. */
        REVALIDATING,
        /** Not even what was loaded shows what was asked for. Say so to the user, or fail. */
        BEHIND,
        /** The session speaks of another life of the document than the one there is. */
        EPOCH_CHANGED
    }
}
