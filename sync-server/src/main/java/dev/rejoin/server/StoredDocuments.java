package dev.rejoin.server;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.crdt.yjs.MalformedUpdateException;
import dev.rejoin.crdt.yjs.UpdateLimits;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import dev.rejoin.server.room.DocumentUnavailableException;
import dev.rejoin.server.storage.CorruptDocumentException;
import dev.rejoin.server.storage.DeletedDocumentException;
import dev.rejoin.server.storage.DocumentImage;
import dev.rejoin.server.storage.DocumentReader;
import dev.rejoin.server.storage.LogObserver;
import dev.rejoin.server.storage.LogView;
import dev.rejoin.server.storage.StoredDocument;
import dev.rejoin.server.storage.StoredSnapshot;
import dev.rejoin.sync.session.DocumentName;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The documents of one view of a store, one after the other. At most one is in memory. */
final class StoredDocuments {
    private static final UpdateLimits NO_LIMITS = new UpdateLimits(
            Integer.MAX_VALUE,
            Integer.MAX_VALUE,
            Integer.MAX_VALUE,
            Integer.MAX_VALUE,
            UpdateLimits.HIGHEST_CLOCK,
            UpdateLimits.DEEPEST,
            Integer.MAX_VALUE,
            Long.MAX_VALUE,
            Integer.MAX_VALUE,
            Long.MAX_VALUE);

    private final LogView view;

    StoredDocuments(LogView view) {
        this.view = view;
    }

    /** Something stored is not what was written. */
    record Damage(String document, String what) {}

    /** One who is shown each document. */
    interface Visitor {
        void document(StoredDocument document) throws IOException;

        /** One that was deleted and can still be restored. */
        default void deleted(StoredDocument document) throws IOException {}

        void damaged(Damage damage) throws IOException;
    }

    long count() {
        long[] count = {0};
        view.heads(row -> count[0]++);
        return count[0];
    }

    /** What is wrong with the list of documents as a whole; heads that are damaged are told by {@link #visit} too. */
    Optional<String> damageOfList() {
        return DocumentReader.census(view, new LogObserver() {});
    }

    /** One document, deleted or not. */
    Optional<StoredDocument> find(String name) {
        try {
            return DocumentReader.read(view, name, false);
        } catch (DeletedDocumentException e) {
            return DocumentReader.read(view, name, true);
        }
    }

    void visit(Visitor visitor) throws IOException {
        List<IOException> failed = new ArrayList<>();
        view.heads(row -> {
            if (failed.isEmpty()) {
                try {
                    visit(row.name(), visitor);
                } catch (IOException e) {
                    failed.add(e);
                }
            }
        });
        if (!failed.isEmpty()) {
            throw failed.get(0);
        }
    }

    private void visit(String name, Visitor visitor) throws IOException {
        try {
            Optional<StoredDocument> found;
            boolean deleted = false;
            try {
                found = DocumentReader.read(view, name, false);
            } catch (DeletedDocumentException e) {
                found = DocumentReader.read(view, name, true);
                deleted = true;
            }
            if (found.isEmpty()) {
                visitor.damaged(new Damage(name, "document '" + name + "' is listed and not found"));
            } else if (deleted) {
                visitor.deleted(found.get());
            } else {
                visitor.document(found.get());
            }
        } catch (CorruptDocumentException | DocumentUnavailableException | MalformedDocumentException damage) {
            visitor.damaged(new Damage(name, String.valueOf(damage.getMessage())));
        }
    }

    /**
     * A document as one image.
     *
     * @throws DocumentUnavailableException if what is stored cannot be replayed
     */
    static DocumentImage image(StoredDocument document) {
        return new DocumentImage(
                document.handle().name(),
                document.handle().epoch(),
                document.handle().createdMillis(),
                LogBridge.image(document));
    }

    /**
     * Decodes everything in an image, as a server does that opens it.
     *
     * @throws MalformedDocumentException if that is not possible
     */
    static void check(DocumentImage image) throws MalformedDocumentException {
        String name = image.name();
        Optional<String> flaw = DocumentName.flaw(name);
        if (flaw.isPresent()) {
            throw new MalformedDocumentException("document '" + name + "': " + flaw.get());
        }
        StoredSnapshot snapshot = image.snapshot();
        if (image.epoch() == 0
                || (snapshot.sequence() == 0 && snapshot.state().length + snapshot.content().length > 0)) {
            throw new MalformedDocumentException("document '" + name + "' cannot be what a server wrote");
        }
        try {
            if (snapshot.state().length > 0) {
                Document.create().merge(Delta.decode(snapshot.state()));
            }
            if (snapshot.content().length > 0) {
                engine(snapshot.content());
            }
        } catch (MalformedDeltaException | MalformedUpdateException | IllegalStateException e) {
            throw new MalformedDocumentException("document '" + name + "' does not decode: " + e.getMessage());
        }
    }

    /** The engine over a content; fails with {@link MalformedUpdateException}. */
    static YDoc engine(byte[] content) {
        YDoc engine = YDoc.create(YDocOptions.defaults().withLimits(NO_LIMITS));
        engine.applyUpdate(content);
        return engine;
    }
}
