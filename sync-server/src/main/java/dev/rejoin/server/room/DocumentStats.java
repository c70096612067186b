package dev.rejoin.server.room;

import dev.rejoin.crdt.yjs.Updates;
import java.util.function.Supplier;

/**
 * Sizes and visitors of one document at one moment. What costs something is counted when it is asked for first, on the caller's thread. For any
 * thread.
 */
public final class DocumentStats {
    private final DocumentView view;
    private final Stored stored;
    private final Visitors visitors;
    private final boolean contentHot;
    private final Supplier<byte[]> content;

    DocumentStats(DocumentView view, Stored stored, Visitors visitors, boolean contentHot, Supplier<byte[]> content) {
        this.view = view;
        this.stored = stored;
        this.visitors = visitors;
        this.contentHot = contentHot;
        this.content = content;
    }

    /**
     * What the log keeps of it.
     *
     * @param snapshotBytes last snapshot
     * @param logBytes batches since
     * @param logEntries how many these are
     */
    public record Stored(long snapshotBytes, long logBytes, int logEntries) {}

    /**
     * Who is connected.
     *
     * @param sessions of sync clients
     * @param editors with a Yjs provider
     * @param replicas that have ever written, or may
     */
    public record Visitors(int sessions, int editors, int replicas) {}

    /**
     * The content as bytes.
     *
     * @param bytes of the whole as one update of the first encoding; 0 if there is none
     * @param structs items, garbage and gaps in that
     * @param clients that have written
     */
    public record Content(int bytes, int structs, int clients) {}

    /** The document, for its epoch and position. */
    public DocumentView view() {
        return view;
    }

    /** What the log keeps of it. */
    public Stored stored() {
        return stored;
    }

    /** Who is connected. */
    public Visitors visitors() {
        return visitors;
    }

    /** Whether the content is in memory as an engine, and not as bytes. */
    public boolean contentHot() {
        return contentHot;
    }

    /** Live cells of the objects. O(cells) */
    public int cells() {
        return view.snapshot().state().cellCount();
    }

    /** The content, changes that are not yet durable included. O(items) */
    public Content content() {
        byte[] whole = content.get();
        return whole.length == 0
                ? new Content(0, 0, 0)
                : new Content(
                        whole.length,
                        Updates.structs(whole),
                        Updates.stateVector(whole).size());
    }
}
