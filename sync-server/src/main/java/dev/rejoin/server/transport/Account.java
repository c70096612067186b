package dev.rejoin.server.transport;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** What one address or one principal has open and has used up, over all its connections. For any thread. */
final class Account {
    /** Of those who have no bounds. */
    static final Account UNBOUNDED = new Account("", RateLimits.Bounds.NONE, 0, new TransportObserver() {});

    private final String kind;
    private final RateLimits.Bounds bounds;
    private final TransportObserver observer;
    private final AtomicInteger connections = new AtomicInteger();
    private final Bucket arrivals;
    private final Bucket messages;
    private final Bucket bytes;
    private final Bucket documents;

    /**
     * An account with nothing used.
     *
     * @param kind whose it is, for metrics: {@code address} or {@code principal}
     */
    Account(String kind, RateLimits.Bounds bounds, long nowNanos, TransportObserver observer) {
        this.kind = kind;
        this.bounds = bounds;
        this.observer = observer;
        long second = TimeUnit.SECONDS.toNanos(1);
        arrivals = new Bucket(bounds.connectionsPerSecond(), second, nowNanos);
        messages = new Bucket(bounds.messagesPerSecond(), second, nowNanos);
        bytes = new Bucket(bounds.bytesPerSecond(), second, nowNanos);
        documents = new Bucket(bounds.documentsPerMinute(), TimeUnit.MINUTES.toNanos(1), nowNanos);
    }

    /** Opens one more connection if that is possible now; {@link #disconnect} ends it. */
    boolean connect(long nowNanos) {
        if (arrivals.tryTake(1, nowNanos)) {
            if (connections.incrementAndGet() <= bounds.connections() || bounds.connections() == 0) {
                return true;
            }
            connections.decrementAndGet();
        }
        return refused("connections");
    }

    void disconnect() {
        connections.decrementAndGet();
    }

    /** A message has come; tells for how many nanoseconds the next should not. */
    long received(int size, long nowNanos) {
        long wait = Math.max(messages.take(1, nowNanos), bytes.take(size, nowNanos));
        if (wait > 0) {
            refused("messages");
        }
        return wait;
    }

    /** Whether a request may be answered now. */
    boolean mayRequest(int size, long nowNanos) {
        return messages.tryTake(1, nowNanos) && bytes.tryTake(size, nowNanos) || refused("messages");
    }

    /** Whether one more document may be brought into being now. */
    boolean mayCreate(long nowNanos) {
        return documents.tryTake(1, nowNanos) || refused("documents");
    }

    private boolean refused(String what) {
        observer.rateLimited(kind, what);
        return false;
    }

    /** Whether a new account would be the same. */
    boolean isUnused(long nowNanos) {
        return connections.get() == 0
                && arrivals.isFull(nowNanos)
                && messages.isFull(nowNanos)
                && bytes.isFull(nowNanos)
                && documents.isFull(nowNanos);
    }
}
