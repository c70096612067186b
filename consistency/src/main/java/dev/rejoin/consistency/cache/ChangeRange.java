package dev.rejoin.consistency.cache;

import dev.rejoin.consistency.session.Position;

/**
 * Where an event of the change stream stands: the entries {@code after} … {@code through} of one origin, the first excluded. A holder of
 * everything through {@code after} holds everything through {@code through} once it has taken the event; any other has a gap.
 *
 * @param epoch the life of the document
 * @param origin whose log it is
 * @param after the number of the entry before, 0 for the first of the origin
 * @param through the number of the last entry
 */
public record ChangeRange(long epoch, long origin, long after, long through) {
    /** Checks the numbers. */
    public ChangeRange {
        if (after < 0 || through <= after) {
            throw new IllegalArgumentException("not a range of entries: " + after + "…" + through);
        }
    }

    /** Where it leads. */
    public Position position() {
        return new Position(origin, through);
    }
}
