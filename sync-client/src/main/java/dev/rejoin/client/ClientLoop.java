package dev.rejoin.client;

import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The one thread of a client. A <em>step</em> runs on it under the client's lock; after each the outbox is forced to disk
 * and only then is anything sent or announced.
 */
final class ClientLoop {
    private final Object lock;
    private final Runnable afterStep;
    private final LoopThread thread;

    // guarded by lock
    private final ArrayDeque<Runnable> announcements = new ArrayDeque<>();
    private boolean closed;

    /**
     * @param lock the client's lock
     * @param afterStep runs after each step, without the lock
     */
    ClientLoop(LoopThread thread, Object lock, Runnable afterStep) {
        this.thread = thread;
        this.lock = lock;
        this.afterStep = afterStep;
    }

    /** Milliseconds of a monotonic clock. */
    long now() {
        return thread.millis();
    }

    /** Runs a step on the loop: under the lock, then the outbox is forced, then listeners hear of it. A closed client skips it. */
    void run(Runnable step) {
        try {
            thread.execute(() -> step(step));
        } catch (RejectedExecutionException e) {
            assert isShutdown();
        }
    }

    /** Runs something after the steps so far, without the lock; false if the loop has ended. */
    boolean afterwards(Runnable task) {
        try {
            thread.execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            assert isShutdown();
            return false;
        }
    }

    /** Runs a step after a time; null if the loop has ended. */
    LoopThread.@Nullable Timer after(long millis, Runnable step) {
        return isShutdown() ? null : thread.schedule(() -> step(step), millis);
    }

    private void step(Runnable step) {
        synchronized (lock) {
            if (!closed) {
                step.run();
            }
        }
        afterStep.run();
        announce();
    }

    /** Has this done after the step, without the lock. To be called under the lock. */
    void later(Runnable announcement) {
        boolean first = announcements.isEmpty();
        announcements.add(announcement);
        if (first) {
            run(() -> {});
        }
    }

    private void announce() {
        while (true) {
            Runnable next;
            synchronized (lock) {
                next = announcements.poll();
            }
            if (next == null) {
                return;
            }
            try {
                next.run();
            } catch (RuntimeException e) {
                // A listener's mistake must not stop the others, nor the loop.
                report(e);
            }
        }
    }

    /** Hands a mistake that nobody waits for to the handler of this thread. */
    static void report(RuntimeException e) {
        Thread current = Thread.currentThread();
        current.getUncaughtExceptionHandler().uncaughtException(current, e);
    }

    /** From here on steps are skipped. To be called under the lock. */
    void close() {
        closed = true;
    }

    boolean isClosed() {
        return closed;
    }

    boolean isShutdown() {
        return thread.isShutdown();
    }

    /** Ends the thread after what it has to do, within 10 s. */
    void shutdown() throws InterruptedException {
        thread.shutdown();
    }
}
