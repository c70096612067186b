package dev.rejoin.consistency.session;

import dev.rejoin.crdt.Subscription;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/**
 * What a view of a document holds, and who waits for it to hold more. A view is whatever answers reads: a replica, a table that is kept from
 * it, a search index, a cache.
 *
 * <p>The owner of the view calls {@link #advance} <em>after</em> the view shows what is claimed, and claims in one call what came to be shown
 * at once: who is woken in between would see more than the token of the answer says. Waiting is driven by these calls; nothing
 * polls. Who waits stands in one queue per origin, at the first number it lacks: an advance looks only at those it reaches, in O(log n)
 * each. Thread-safe; callbacks run on the thread that advances, without a lock.
 */
public final class Watermark {
    /** How many may wait unless another bound is given. */
    public static final int DEFAULT_MAX_WAITING = 10_000;

    private final int maxWaiting;
    private final Map<Long, TreeSet<Waiter>> queues = new HashMap<>();

    /** Those who have what they need of positions and wait for a condition. */
    private final Set<Waiter> conditional = new LinkedHashSet<>();

    private volatile PositionVector current;

    private volatile PositionVector fetched = PositionVector.EMPTY;

    private long tickets;
    private int waiting;

    /** A view that holds nothing, for which {@link #DEFAULT_MAX_WAITING} may wait. */
    public Watermark() {
        this(PositionVector.EMPTY, DEFAULT_MAX_WAITING);
    }

    /**
     * A view that holds {@code current}.
     *
     * @param maxWaiting how many may wait; more are turned away
     */
    public Watermark(PositionVector current, int maxWaiting) {
        if (maxWaiting < 0) {
            throw new IllegalArgumentException("negative bound of waiting reads: " + maxWaiting);
        }
        this.current = current;
        this.maxWaiting = maxWaiting;
    }

    /** What the view holds. */
    public PositionVector current() {
        return current;
    }

    /** Of each origin the last number that the view had to ask for. */
    PositionVector fetched() {
        return fetched;
    }

    /** How many wait. */
    public synchronized int waiting() {
        return waiting;
    }

    /** The view now shows everything up to {@code position} of its origin. */
    public void advance(Position position) {
        advance(PositionVector.of(position));
    }

    /** The view now shows everything that {@code held} holds, for example after it took over a whole state. */
    public void advance(PositionVector held) {
        advance(held, PositionVector.EMPTY);
    }

    /**
     * As {@link #advance(PositionVector)}, where the owner of the view has asked another server for some of it.
     *
     * @param asked what came because it was asked for, through these numbers; the rest came by itself
     */
    public void advance(PositionVector held, PositionVector asked) {
        List<Waiter> ready = new ArrayList<>();
        synchronized (this) {
            PositionVector before = current;
            fetched = fetched.union(asked.beyond(before));
            current = before.union(held);
            if (current != before) {
                current.forEach((origin, sequence) -> reach(origin, sequence, ready));
            }
            release(ready);
        }
        ready.forEach(waiter -> waiter.action.run());
    }

    /** Asks those again who wait for a condition that is not about positions, and may hold now. */
    public void recheck() {
        advance(PositionVector.EMPTY);
    }

    private void reach(long origin, long sequence, List<Waiter> ready) {
        TreeSet<Waiter> queue = queues.get(origin);
        while (queue != null && !queue.isEmpty() && queue.first().awaited <= sequence) {
            Waiter waiter = queue.pollFirst();
            assert waiter != null;
            if (!enqueue(waiter)) {
                conditional.add(waiter);
            }
        }
        if (queue != null && queue.isEmpty()) {
            queues.remove(origin);
        }
    }

    /** Moves those whose condition holds from the waiting to the ready. */
    private void release(List<Waiter> ready) {
        conditional.removeIf(waiter -> {
            if (!waiter.condition.getAsBoolean()) {
                return false;
            }
            ready.add(waiter);
            waiter.done = true;
            waiting--;
            return true;
        });
    }

    /** Puts a waiter at the first number it lacks; returns false if it lacks none. */
    private boolean enqueue(Waiter waiter) {
        PositionVector held = current;
        for (; waiter.index < waiter.needs.size(); waiter.index++) {
            long origin = waiter.needs.originAt(waiter.index);
            long sequence = waiter.needs.sequenceAt(waiter.index);
            if (held.sequence(origin) < sequence) {
                waiter.awaited = sequence;
                queues.computeIfAbsent(origin, missing -> new TreeSet<>(Waiter.ORDER))
                        .add(waiter);
                return true;
            }
        }
        return false;
    }

    /**
     * Calls {@code action} once the view holds {@code needs}: at once, on this thread, if it does already.
     *
     * @return ends the waiting; empty if as many wait as may, and then {@code action} is not called
     */
    public Optional<Subscription> whenReached(PositionVector needs, Runnable action) {
        return whenReached(needs, () -> true, action);
    }

    /**
     * As {@link #whenReached(PositionVector, Runnable)}, once {@code condition} holds as well. It is asked at every {@link #advance} and
     * {@link #recheck}, under a lock: it must be quick and ask nothing of this watermark but {@link #current}.
     */
    public Optional<Subscription> whenReached(PositionVector needs, BooleanSupplier condition, Runnable action) {
        Waiter waiter;
        synchronized (this) {
            if (!current.includes(needs) || !condition.getAsBoolean()) {
                if (waiting >= maxWaiting) {
                    return Optional.empty();
                }
                waiter = new Waiter(needs, condition, action, tickets++);
                waiting++;
                if (!enqueue(waiter)) {
                    conditional.add(waiter);
                }
                return Optional.of(() -> leave(waiter));
            }
        }
        action.run();
        return Optional.of(() -> {});
    }

    private synchronized void leave(Waiter waiter) {
        if (waiter.done) {
            return;
        }
        waiter.done = true;
        waiting--;
        if (!conditional.remove(waiter)) {
            long origin = waiter.needs.originAt(waiter.index);
            TreeSet<Waiter> queue = queues.get(origin);
            if (queue != null && queue.remove(waiter) && queue.isEmpty()) {
                queues.remove(origin);
            }
        }
    }

    private static final class Waiter {
        static final Comparator<Waiter> ORDER =
                Comparator.<Waiter>comparingLong(waiter -> waiter.awaited).thenComparingLong(waiter -> waiter.ticket);

        final PositionVector needs;
        final BooleanSupplier condition;
        final Runnable action;
        final long ticket;
        int index;
        long awaited;
        boolean done;

        Waiter(PositionVector needs, BooleanSupplier condition, Runnable action, long ticket) {
            this.needs = needs;
            this.condition = condition;
            this.action = action;
            this.ticket = ticket;
        }
    }
}
