package dev.rejoin.server.room;

/** The entity tags of a document at one moment, made when asked for. Asked on the thread that owns the document. */
public interface EntityTags {
    /** That of the objects, {@link DocumentView#etag()}. Linear in the replicas. */
    String objects();

    /** That of the content, {@link ContentView#etag()}. Linear in the items after a change. */
    String content();
}
