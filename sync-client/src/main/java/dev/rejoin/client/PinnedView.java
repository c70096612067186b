package dev.rejoin.client;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Subscription;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.crdt.document.Snapshot;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The document as it was when it was pinned, with what this client has written since: what others do does not move it.
 *
 * <p>Pinning costs O(writes without a verdict), and reading what a {@link Snapshot} costs. The first read after an own write costs O(cells), the next ones what was
 * written. It keeps the cells that the live document has dropped since, and nothing waits for it. So that this stays bounded it expires: after
 * {@link #MAX_AGE}, or after {@value #MAX_OWN_WRITES} own writes. A client has at most {@value LiveSession#MAX_PINS} of them.
 *
 * <p>For any thread; snapshots stay readable after the pin has expired.
 */
public final class PinnedView implements AutoCloseable {
    /** How long a view stays pinned. */
    public static final Duration MAX_AGE = Duration.ofMinutes(15);

    /** How many own writes are laid over a pinned version. */
    public static final int MAX_OWN_WRITES = 10_000;

    private final LiveSession session;
    private final Object lock;

    /* Guarded by lock. Null when the pin has expired. */
    private @Nullable Snapshot base;
    /* Own writes by their handle: those without a verdict when it was pinned, and all since. Refused ones are taken out. */
    private final Map<WriteHandle, Delta> own = new LinkedHashMap<>();
    /* The base with the own writes; null while the base shows just that. */
    private @Nullable Document overlaid;
    private boolean isStale;
    private long pinnedAt;
    private @Nullable Subscription expiry;

    PinnedView(LiveSession session, Object lock) {
        this.session = session;
        this.lock = lock;
    }

    /** Under the lock. */
    void pinAt(Snapshot snapshot, Map<WriteHandle, Delta> pending, long changes, Subscription untilExpired) {
        release();
        base = snapshot;
        own.putAll(pending);
        pinnedAt = changes;
        expiry = untilExpired;
    }

    /** Under the lock. */
    void written(WriteHandle handle, Delta delta) {
        if (base == null) {
            return;
        }
        boolean isNew = own.put(handle, delta) == null;
        if (own.size() > MAX_OWN_WRITES) {
            release();
        } else if (isNew && overlaid != null && !isStale) {
            overlaid.merge(delta);
        } else {
            isStale = true;
        }
    }

    /** Under the lock. */
    void refused(WriteHandle handle) {
        if (own.remove(handle) != null) {
            isStale = true;
        }
    }

    /** Under the lock. */
    void release() {
        base = null;
        own.clear();
        overlaid = null;
        isStale = false;
        if (expiry != null) {
            expiry.close();
            expiry = null;
        }
    }

    private Snapshot requireBase() {
        if (base == null) {
            throw new PinException("pin-expired", "pin again to go on");
        }
        return base;
    }

    /**
     * What the view shows.
     *
     * @throws PinException with {@code pin-expired}
     */
    public Snapshot snapshot() {
        synchronized (lock) {
            Snapshot pinned = requireBase();
            if (isStale) {
                Document fresh = Document.create();
                fresh.merge(pinned.state());
                own.values().forEach(fresh::merge);
                overlaid = fresh;
                isStale = false;
            }
            return overlaid == null ? pinned : overlaid.snapshot();
        }
    }

    /**
     * How many changes of others the live document shows that this view does not: what "12 new changes" counts. Changes that came together count as one.
     *
     * @throws PinException with {@code pin-expired}
     */
    public long behindBy() {
        synchronized (lock) {
            requireBase();
            return session.changesOfOthers() - pinnedAt;
        }
    }

    /** Moves the view to what the live document shows now, also after it has expired; only a closed one stays closed. */
    public void repin() {
        synchronized (lock) {
            session.repin(this);
        }
    }

    /** Whether it shows nothing any more. */
    public boolean isExpired() {
        synchronized (lock) {
            return base == null;
        }
    }

    /** Lets go of what it keeps. */
    @Override
    public void close() {
        synchronized (lock) {
            session.unpin(this);
            release();
        }
    }
}
