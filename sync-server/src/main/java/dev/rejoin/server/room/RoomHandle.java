package dev.rejoin.server.room;

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

    /** The document as it durably is; empty if it was never created. */
    public CompletionStage<Optional<DocumentView>> read() {
        return rooms.read(name);
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
