package dev.rejoin.server.room;

import dev.rejoin.crdt.Mutation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A write from outside, one transaction over both parts: changes of objects, then edits of the content, then an update of the content. A
 * part may be missing.
 *
 * @param update of the first encoding of Yjs; not to be written to
 */
public record DocumentWrite(List<Mutation> mutations, List<ContentEdit> edits, byte @Nullable [] update) {
    /** Takes copies of the lists. */
    public DocumentWrite {
        mutations = List.copyOf(mutations);
        edits = List.copyOf(edits);
    }

    /** A write of objects only. */
    public static DocumentWrite of(List<Mutation> mutations) {
        return new DocumentWrite(mutations, List.of(), null);
    }

    boolean touchesContent() {
        return !edits.isEmpty() || update != null;
    }
}
