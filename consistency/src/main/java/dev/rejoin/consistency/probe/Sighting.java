package dev.rejoin.consistency.probe;

import dev.rejoin.consistency.session.PositionVector;

/**
 * What one look at a read model has shown of a write. Looks compare versions, never values: a value may be there by chance, and one that somebody else
 * has overwritten would be waited for in vain.
 */
public sealed interface Sighting {
    /** It is not there yet. */
    record Absent() implements Sighting {}

    /** It is there. */
    record Visible() implements Sighting {}

    /**
     * Something newer is there: the write has come and gone.
     *
     * @param by what or who, for the message to the user
     */
    record Superseded(String by) implements Sighting {}

    /**
     * It will never be there.
     *
     * @param code why
     */
    record Rejected(String code) implements Sighting {}

    /** Not there yet. */
    Sighting ABSENT = new Absent();

    /** There. */
    Sighting VISIBLE = new Visible();

    /** For rows with a version that each write raises: ours is {@code wanted}, the row has {@code seen}. */
    static Sighting ofVersion(long seen, long wanted, String by) {
        return seen < wanted ? ABSENT : seen == wanted ? VISIBLE : new Superseded(by);
    }

    /** For read models that say what they have applied. */
    static Sighting ofPositions(PositionVector applied, PositionVector wanted) {
        return applied.includes(wanted) ? VISIBLE : ABSENT;
    }
}
