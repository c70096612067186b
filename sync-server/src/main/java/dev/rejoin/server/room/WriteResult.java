package dev.rejoin.server.room;

import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.crdt.yjs.YDocView;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a write from outside has led to, now that it is durable. Immutable, for any thread. */
public final class WriteResult {
    private final DocumentView view;
    private final @Nullable YDocView content;
    private final boolean waiting;
    private final PositionVector held;

    WriteResult(DocumentView view, @Nullable YDocView content, boolean waiting, PositionVector held) {
        this.view = view;
        this.content = content;
        this.waiting = waiting;
        this.held = held;
    }

    /** The document just after the write: nothing that others did later is in it. */
    public DocumentView view() {
        return view;
    }

    /** The entity tag of the content just after the write; empty if the write did not concern it. Linear in the items. */
    public Optional<String> contentEtag() {
        return content == null
                ? Optional.empty()
                : Optional.of(ContentView.of(view.epoch(), content).etag());
    }

    /** What a server must hold to show the write, and all that was shown here when it became durable. */
    public PositionVector held() {
        return held;
    }

    /** Whether some of an update waits for earlier ones that the server has not got. It is kept. */
    public boolean waiting() {
        return waiting;
    }
}
