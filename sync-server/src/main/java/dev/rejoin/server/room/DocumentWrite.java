package dev.rejoin.server.room;

import dev.rejoin.crdt.Mutation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A write from outside, one transaction over both parts: changes of objects, then edits of the content, then an update of the content. A
 * part may be missing.
 *
 * @param update of the first encoding of Yjs; not to be written to
 * @param user id of the principal who writes; empty for nobody in particular
 */
public record DocumentWrite(List<Mutation> mutations, List<ContentEdit> edits, byte @Nullable [] update, String user) {
    /** Takes copies of the lists. */
    public DocumentWrite {
        mutations = List.copyOf(mutations);
        edits = List.copyOf(edits);
    }

    /** A write of nobody in particular. */
    public DocumentWrite(List<Mutation> mutations, List<ContentEdit> edits, byte @Nullable [] update) {
        this(mutations, edits, update, "");
    }

    /** The same, written by this principal. */
    public DocumentWrite by(String writer) {
        return new DocumentWrite(mutations, edits, update, writer);
    }

    /** A write of objects only. */
    public static DocumentWrite of(List<Mutation> mutations) {
        return new DocumentWrite(mutations, List.of(), null);
    }

    boolean touchesContent() {
        return !edits.isEmpty() || update != null;
    }
}
