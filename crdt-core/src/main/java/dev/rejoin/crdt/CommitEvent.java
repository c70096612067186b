package dev.rejoin.crdt;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The net effect of one step, delivered after it: nothing in between is ever seen.
 *
 * @param kind whose step it was
 * @param origin what the caller gave the step to be recognised by
 * @param changes one for each object whose value differs from before
 * @param content what the step did to the document's content, as a Yjs update of the first encoding, not to be written to; null if that is nothing
 */
public record CommitEvent(Kind kind, @Nullable Object origin, List<Change> changes, byte @Nullable [] content) {

    /** A step that did nothing to the content. */
    public CommitEvent(Kind kind, @Nullable Object origin, List<Change> changes) {
        this(kind, origin, changes, null);
    }

    /** Whose step it was. */
    public enum Kind {
        /** A transaction of this replica. */
        LOCAL,
        /** Something merged, or a verdict on pending writes. */
        REMOTE
    }
}
