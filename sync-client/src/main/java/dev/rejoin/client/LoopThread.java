package dev.rejoin.client;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** What runs the steps of a client, one after another, and the clock they go by: a thread of its own, or a simulation. */
interface LoopThread {
    /**
     * Runs a task after those before it.
     *
     * @throws RejectedExecutionException if the thread has been shut down
     */
    void execute(Runnable task);

    /** Runs a task after a time, unless it is cancelled or the thread is shut down before. */
    Timer schedule(Runnable task, long millis);

    /** Milliseconds of a monotonic clock. */
    long millis();

    boolean isShutdown();

    /** Ends after the tasks so far, within 10 s. */
    void shutdown() throws InterruptedException;

    /** A task that has been put off. */
    interface Timer {
        void cancel();
    }

    /** A daemon thread of this name. */
    static LoopThread named(String name) {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        return new LoopThread() {
            @Override
            public void execute(Runnable task) {
                executor.execute(task);
            }

            @Override
            public Timer schedule(Runnable task, long millis) {
                ScheduledFuture<?> timer = executor.schedule(task, millis, TimeUnit.MILLISECONDS);
                return () -> timer.cancel(false);
            }

            @Override
            public long millis() {
                return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
            }

            @Override
            public boolean isShutdown() {
                return executor.isShutdown();
            }

            @Override
            public void shutdown() throws InterruptedException {
                executor.shutdown();
                if (!executor.awaitTermination(10, TimeUnit.SECONDS)) {
                    executor.shutdownNow();
                }
            }
        };
    }
}
