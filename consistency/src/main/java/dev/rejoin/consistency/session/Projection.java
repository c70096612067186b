package dev.rejoin.consistency.session;

import dev.rejoin.crdt.Subscription;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What something that is kept from many documents has applied of each: a search index, a table, a mail digest. With it a session reads its own
 * writes there too, not only from the documents.
 *
 * <p>Whoever keeps it calls {@link #applied} after each batch, with the versions the batch has brought it to. Thread-safe.
 *
 * @see <a href="https://www.usenix.org/conference/osdi20/presentation/shi">FlightTracker: Consistency across Read-Optimized Online Stores at
 *     Facebook</a>
 */
public final class Projection {
    private final int maxDocuments;
    private final int maxWaiting;
    private final Timers timers;
    private final Map<Integer, Shown> documents = new LinkedHashMap<>(16, 0.75f, true);

    /** Those that only tokens have spoken of, apart, so that invented ones do not push out real ones. */
    private final Map<Integer, Shown> expected = new LinkedHashMap<>(16, 0.75f, true);

    /** One life of one document as it is shown. */
    private record Shown(long epoch, Watermark watermark) {}

    /**
     * A projection that has applied nothing.
     *
     * @param maxDocuments of how many documents it remembers what is shown; the one longest out of use is forgotten first, and who asks for it waits until
     *     it is applied again
     * @param maxWaiting how many may wait for one document
     */
    public Projection(int maxDocuments, int maxWaiting, Timers timers) {
        if (maxDocuments < 1) {
            throw new IllegalArgumentException("bound of documents below 1: " + maxDocuments);
        }
        this.maxDocuments = maxDocuments;
        this.maxWaiting = maxWaiting;
        this.timers = timers;
    }

    /** The projection now shows {@code version} of this life of the document. */
    public void applied(String document, long epoch, PositionVector version) {
        shownFor(SessionToken.keyOf(document), epoch).advance(version);
    }

    /** What it shows of this life of the document; empty if nothing is known. */
    public PositionVector shown(String document, long epoch) {
        synchronized (documents) {
            Shown shown = documents.get(SessionToken.keyOf(document));
            return shown == null || shown.epoch != epoch ? PositionVector.EMPTY : shown.watermark.current();
        }
    }

    private Watermark shownFor(int key, long epoch) {
        synchronized (documents) {
            Shown shown = documents.get(key);
            if (shown == null || shown.epoch != epoch) {
                Shown awaited = expected.remove(key);
                shown = awaited != null && awaited.epoch == epoch ? awaited : fresh(epoch);
                documents.put(key, shown);
                bound(documents);
            }
            return shown.watermark;
        }
    }

    /** Null if another life of the document is shown. */
    private @Nullable Watermark awaitedFor(int key, long epoch) {
        synchronized (documents) {
            Shown shown = documents.get(key);
            if (shown == null) {
                shown = expected.get(key);
                if (shown == null || shown.epoch != epoch) {
                    shown = fresh(epoch);
                    expected.put(key, shown);
                    bound(expected);
                }
            }
            return shown.epoch == epoch ? shown.watermark : null;
        }
    }

    private Shown fresh(long epoch) {
        return new Shown(epoch, new Watermark(PositionVector.EMPTY, maxWaiting));
    }

    private void bound(Map<Integer, Shown> map) {
        if (map.size() > maxDocuments) {
            map.remove(map.keySet().iterator().next());
        }
    }

    /**
     * Waits until the projection shows everything that {@code token} asks for, of all its documents.
     *
     * @return true once it does, false after {@code budget}, at once if too many wait or it shows another life of one of them
     */
    public CompletionStage<Boolean> awaitVisible(SessionToken token, Duration budget) {
        CompletableFuture<Boolean> visible = new CompletableFuture<>();
        AtomicInteger open = new AtomicInteger(1);
        Runnable one = () -> {
            if (open.decrementAndGet() == 0) {
                visible.complete(true);
            }
        };
        for (TokenEntry entry : token.entries()) {
            open.incrementAndGet();
            Watermark watermark = awaitedFor(entry.key(), entry.epoch());
            Optional<Subscription> place =
                    watermark == null ? Optional.empty() : watermark.whenReached(entry.all(), one);
            if (place.isEmpty()) {
                visible.complete(false);
                break;
            }
            visible.whenComplete((result, failure) -> place.get().close());
        }
        one.run();
        if (!visible.isDone()) {
            Subscription timer = timers.after(budget.toMillis(), () -> visible.complete(false));
            visible.whenComplete((result, failure) -> timer.close());
        }
        return visible;
    }
}
