package dev.rejoin.server.webhook;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What one receiver is still to be told, and when: events joined by document, retries, and the circuit that spares a receiver that fails. Without I/O, threads or
 * clocks of its own; owned by one thread at a time. Every step is O(log documents).
 */
final class DeliveryQueue {
    /* Joined by document
     * ------------------
     * There is at most one event for each document: what happens while it waits is joined to it, so that a document that is written to all the time costs one
     * delivery per `delay`, and a receiver that was away is told once where each document is now. What happens while a delivery is under way waits behind it.
     *
     * Retries (full jitter: Brooker, "Exponential Backoff and Jitter", 2015)
     * ----------------------------------------------------------------------
     * The n-th retry comes after a random time from 0 to min(cap, base · 2^n), but no sooner than the receiver asked for and than LEAST_WAIT_MILLIS. An event that has failed
     * MAX_ATTEMPTS times is dead. One that was joined since its last attempt is another delivery, with another id, and yet keeps its count.
     *
     * The circuit (Nygard, "Release It!", 2007)
     * -----------------------------------------
     * After FAILURES_TO_OPEN failures in a row nothing is sent for a while, which grows as the waits of retries do; then one delivery is tried. If it arrives the
     * circuit closes. While it is open events only wait, which uses up none of their attempts.
     */

    /** Documents that may wait, for one receiver; events of further ones are dead at once. */
    static final int MAX_DOCUMENTS = 10_000;

    /** Deliveries of one event. */
    static final int MAX_ATTEMPTS = 12;

    /** Deliveries under way to one receiver. */
    static final int MAX_UNDER_WAY = 8;

    static final int FAILURES_TO_OPEN = 5;
    static final long BASE_MILLIS = 1_000;
    static final long CAP_MILLIS = 300_000;
    private static final long LEAST_WAIT_MILLIS = 100;
    private static final int MOST_DOUBLINGS = 20;
    private static final int ID_BYTES = 16;

    /** Why an event is never delivered. */
    enum Death {
        EXHAUSTED("exhausted"),
        GONE("gone"),
        QUEUE_FULL("queue-full"),
        CLOSED("closed");

        private final String label;

        Death(String label) {
            this.label = label;
        }

        String label() {
            return label;
        }
    }

    /** One delivery, to be made now. The id is the same for each attempt at the same event. */
    record Delivery(String id, WebhookEvent event, int attempt) {}

    private static final class Waiting implements Comparable<Waiting> {
        final long order;
        WebhookEvent event;
        String id = "";
        int attempts;
        long due;

        @Nullable
        WebhookEvent behind;

        Waiting(long order, WebhookEvent event, long due) {
            this.order = order;
            this.event = event;
            this.due = due;
        }

        @Override
        public int compareTo(Waiting other) {
            int byTime = Long.compare(due, other.due);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    private final long delayMillis;
    private final RandomGenerator random;
    private final Map<String, Waiting> byDocument = new HashMap<>();
    private final TreeSet<Waiting> ready = new TreeSet<>();
    private long orders;
    private int underWay;
    private int failuresInARow;
    private int openings;
    private boolean open;
    private long openUntil;

    /**
     * An empty queue with a closed circuit.
     *
     * @param delayMillis how long an event waits for others of its document
     */
    DeliveryQueue(long delayMillis, RandomGenerator random) {
        this.delayMillis = delayMillis;
        this.random = random;
    }

    /** Takes an event; false if it is dead because too many documents wait. */
    boolean offer(WebhookEvent event, long now) {
        Waiting waiting = byDocument.get(event.document());
        if (waiting == null) {
            if (byDocument.size() >= MAX_DOCUMENTS) {
                return false;
            }
            waiting = new Waiting(orders++, event, now + delayMillis);
            byDocument.put(event.document(), waiting);
            ready.add(waiting);
        } else if (ready.contains(waiting)) {
            waiting.event = waiting.event.then(event);
            waiting.id = "";
        } else {
            waiting.behind = waiting.behind == null ? event : waiting.behind.then(event);
        }
        return true;
    }

    /** A delivery that is due, if one may be made now; it is under way from here on. */
    Optional<Delivery> next(long now) {
        if (ready.isEmpty() || ready.first().due > now || isHeldBack(now)) {
            return Optional.empty();
        }
        Waiting waiting = ready.first();
        ready.remove(waiting);
        underWay++;
        waiting.attempts++;
        if (waiting.id.isEmpty()) {
            byte[] id = new byte[ID_BYTES];
            random.nextBytes(id);
            waiting.id = "msg_" + HexFormat.of().formatHex(id);
        }
        return Optional.of(new Delivery(waiting.id, waiting.event, waiting.attempts));
    }

    private boolean isHeldBack(long now) {
        return open ? now < openUntil || underWay > 0 : underWay >= MAX_UNDER_WAY;
    }

    /** When {@link #next} may have something that it does not have now, unless something happens before. */
    OptionalLong nextDue() {
        if (ready.isEmpty() || (open ? underWay > 0 : underWay >= MAX_UNDER_WAY)) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(open ? Math.max(ready.first().due, openUntil) : ready.first().due);
    }

    /** The receiver has taken a delivery. */
    void delivered(Delivery delivery, long now) {
        underWay--;
        failuresInARow = 0;
        open = false;
        openings = 0;
        end(delivery, now);
    }

    /**
     * It has not.
     *
     * @param notBeforeMillis how long the receiver wants to be left alone; 0 if it did not say
     * @param gone whether it never wants to hear of this
     * @return why the event is dead; empty if it is tried again
     */
    Optional<Death> failed(Delivery delivery, long now, long notBeforeMillis, boolean gone) {
        underWay--;
        failuresInARow++;
        if (open || failuresInARow >= FAILURES_TO_OPEN) {
            open = true;
            openUntil = now + Math.max(Math.min(notBeforeMillis, CAP_MILLIS), jitter(openings++));
        }
        Waiting waiting = waiting(delivery);
        if (gone || waiting.attempts >= MAX_ATTEMPTS) {
            end(delivery, now);
            return Optional.of(gone ? Death.GONE : Death.EXHAUSTED);
        }
        if (waiting.behind != null) {
            waiting.event = waiting.event.then(waiting.behind);
            waiting.behind = null;
            waiting.id = "";
        }
        waiting.due = now + Math.max(Math.min(notBeforeMillis, CAP_MILLIS), jitter(waiting.attempts - 1));
        ready.add(waiting);
        return Optional.empty();
    }

    private long jitter(int doublings) {
        long most = Math.min(CAP_MILLIS, BASE_MILLIS << Math.min(doublings, MOST_DOUBLINGS));
        return Math.max(LEAST_WAIT_MILLIS, random.nextLong(most + 1));
    }

    private void end(Delivery delivery, long now) {
        Waiting waiting = waiting(delivery);
        byDocument.remove(delivery.event().document());
        if (waiting.behind != null) {
            Waiting next = new Waiting(orders++, waiting.behind, now + delayMillis);
            byDocument.put(waiting.behind.document(), next);
            ready.add(next);
        }
    }

    private Waiting waiting(Delivery delivery) {
        Waiting waiting = byDocument.get(delivery.event().document());
        if (waiting == null || ready.contains(waiting)) {
            throw new IllegalStateException(
                    "no delivery of '" + delivery.event().document() + "' is under way");
        }
        return waiting;
    }

    /** Documents of which something waits or is under way. */
    int size() {
        return byDocument.size();
    }

    boolean isCircuitOpen() {
        return open;
    }

    /** Forgets everything, and tells of which documents something was still to be said. */
    List<String> clear() {
        List<String> documents = new ArrayList<>(byDocument.keySet());
        byDocument.clear();
        ready.clear();
        return documents;
    }
}
