package dev.rejoin.server.room;

import dev.rejoin.crdt.Subscription;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.sync.session.DocumentName;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** One document of a server, for trusted code in the same process; usable from any thread. */
public final class RoomHandle {
    private final Rooms rooms;
    private final DocumentName name;

    RoomHandle(Rooms rooms, DocumentName name) {
        this.rooms = rooms;
        this.name = name;
    }

    /** The name of the document. */
    public DocumentName name() {
        return name;
    }

    /**
     * Runs {@code change} as one transaction on the document, objects and {@linkplain Document#content content} alike, on the thread that owns it: it must be quick, must not block and
     * must not keep the document. If it throws, nothing has happened and the result fails with the same exception. No
     * validator is asked. Completes when the transaction is durable, before which nobody sees it.
     */
    public CompletionStage<DocumentView> transact(Consumer<Document> change) {
        return rooms.transact(name, change);
    }

    /** The document as it durably is; empty if it was never created. Fails if it is deleted. */
    public CompletionStage<Optional<DocumentView>> read() {
        return rooms.read(name);
    }

    /**
     * Deletes the document: everybody in it is told so, and nobody brings it back by writing. Completes when that is durable; false if
     * there was none. Until {@code deleted-retention} has passed it can be brought back.
     */
    public CompletionStage<Boolean> delete() {
        return rooms.delete(name, any -> true);
    }

    /** Brings the deleted document back as it was, under a new epoch; empty if it is not deleted. */
    public CompletionStage<Optional<DocumentView>> restore() {
        return rooms.restore(name);
    }

    /** Begins the deleted document anew, with nothing in it; empty if it is not deleted. */
    public CompletionStage<Optional<DocumentView>> beginAnew() {
        return rooms.beginAnew(name);
    }

    /** The content as it durably is; empty if the document was never created. */
    public CompletionStage<Optional<ContentView>> content() {
        return rooms.readContent(name);
    }

    /** Sizes and visitors of the document; empty if it was never created. */
    public CompletionStage<Optional<DocumentStats>> stats() {
        return rooms.stats(name);
    }

    /**
     * Calls {@code listener} after each commit that changes the document, whoever wrote, until the subscription is closed: also if nobody has the document open now, or
     * it does not exist yet. It is called on the thread that owns the document: it must be quick and must not block; it may {@link #transact}. What it throws
     * is logged. Changes that are being committed while it is registered may be told without what changed in the objects, or not at all.
     */
    public Subscription onChange(Consumer<DocumentChange> listener) {
        return rooms.onChange(name, listener);
    }

    /**
     * Sends a message of the application to all who are at the document with a Hocuspocus provider, whose event {@code stateless} it
     * becomes; other clients have no such thing. It is not kept: whoever is not there, or does not keep up, misses it. Completes with the number of
     * editors that it was queued for.
     */
    public CompletionStage<Integer> sendStateless(String payload) {
        return rooms.sendStateless(name, payload);
    }
}
