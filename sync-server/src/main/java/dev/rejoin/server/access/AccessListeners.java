package dev.rejoin.server.access;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Those who want to hear of {@link AccessChange}s: what a policy needs to offer {@link AccessPolicy#onChange}. For any thread. */
public final class AccessListeners {
    private static final Logger LOG = LoggerFactory.getLogger(AccessListeners.class);

    private final List<Entry> entries = new CopyOnWriteArrayList<>();

    /* Told apart by identity: the same listener may be added twice. */
    private static final class Entry {
        final Consumer<AccessChange> listener;

        Entry(Consumer<AccessChange> listener) {
            this.listener = listener;
        }
    }

    /** Adds one until the subscription is closed. */
    public AccessPolicy.Subscription add(Consumer<AccessChange> listener) {
        Entry entry = new Entry(listener);
        entries.add(entry);
        return () -> entries.remove(entry);
    }

    /** Tells all of them, one change after the other; a listener that throws does not keep the others from hearing. */
    public synchronized void tell(AccessChange change) {
        for (Entry entry : entries) {
            try {
                entry.listener.accept(change);
            } catch (RuntimeException failure) {
                LOG.error("a listener to changes of access failed", failure);
            }
        }
    }
}
