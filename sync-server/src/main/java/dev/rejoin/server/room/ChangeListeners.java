package dev.rejoin.server.room;

import dev.rejoin.crdt.Subscription;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who wants to hear of changes: of all documents, or of one with what changed. They outlive the rooms, which come and go. For any
 * thread; a listener that throws is logged and hears the next change all the same.
 */
final class ChangeListeners {
    private static final Logger LOG = LoggerFactory.getLogger(ChangeListeners.class);

    private final List<Consumer<DocumentNotice>> all = new CopyOnWriteArrayList<>();
    private final ConcurrentMap<String, List<Consumer<DocumentChange>>> byName = new ConcurrentHashMap<>();

    Subscription onNotice(Consumer<DocumentNotice> listener) {
        Consumer<DocumentNotice> own = listener::accept; // so that one listener may be registered twice
        all.add(own);
        return () -> all.remove(own);
    }

    Subscription onChange(String document, Consumer<DocumentChange> listener) {
        Consumer<DocumentChange> own = listener::accept;
        byName.compute(document, (name, present) -> {
            List<Consumer<DocumentChange>> listeners = present == null ? new CopyOnWriteArrayList<>() : present;
            listeners.add(own);
            return listeners;
        });
        return () -> byName.computeIfPresent(document, (name, listeners) -> {
            listeners.remove(own);
            return listeners.isEmpty() ? null : listeners;
        });
    }

    /** Whether anybody wants to know what changes in a document. */
    boolean watches(String document) {
        return byName.containsKey(document);
    }

    void tell(DocumentNotice notice) {
        for (Consumer<DocumentNotice> listener : all) {
            guarded(notice.document(), () -> listener.accept(notice));
        }
    }

    void tell(DocumentChange change) {
        String document = change.view().document();
        for (Consumer<DocumentChange> listener : byName.getOrDefault(document, List.of())) {
            guarded(document, () -> listener.accept(change));
        }
    }

    private static void guarded(String document, Runnable call) {
        try {
            call.run();
        } catch (RuntimeException fault) {
            LOG.error("a listener for changes of '{}' failed", document, fault);
        }
    }
}
