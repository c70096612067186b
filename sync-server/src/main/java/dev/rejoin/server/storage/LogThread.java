package dev.rejoin.server.storage;

/** The one thread that a {@link LogWriter} works on: tasks run one at a time, those that are due in the order of their times. */
@FunctionalInterface
public interface LogThread {
    /**
     * Runs a task, but not before so much time has passed. On any thread.
     *
     * @throws java.util.concurrent.RejectedExecutionException if the thread has ended
     */
    void run(Runnable task, long afterNanos);
}
