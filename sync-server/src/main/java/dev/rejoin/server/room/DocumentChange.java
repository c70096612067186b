package dev.rejoin.server.room;

import dev.rejoin.crdt.Change;
import java.util.List;

/**
 * What one commit has made of a document.
 *
 * @param view the document after it, durable
 * @param changes how objects differ, step by step in the order in which they happened; one object may be named more than once
 * @param content whether the content changed; {@link RoomHandle#content()} shows it
 */
public record DocumentChange(DocumentView view, List<Change> changes, boolean content) {
    /** Takes a copy of the list. */
    public DocumentChange {
        changes = List.copyOf(changes);
    }
}
