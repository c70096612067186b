package dev.rejoin.server.room;

/**
 * What became of an {@link Arrival}.
 *
 * @param epoch the life of the document that is here
 * @param held what is held here now, durably
 */
public record Taken(Outcome outcome, long epoch, HeldPositions held, String message) {
    /** How it went. */
    public enum Outcome {
        /** It is here, durably, and shown. */
        TAKEN,
        /** Something that it follows on is not here. */
        LACKING,
        /** It belongs to another life of the document. */
        OTHER_LIFE,
        /** It does not decode, is too large, or contradicts what is here. */
        REFUSED
    }
}
