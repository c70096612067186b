package dev.rejoin.server.room;

import java.util.concurrent.Executor;

/**
 * The single thread that owns a share of the rooms: tasks run one after another, in the order in which they were handed
 * over. {@link #execute} may be called from any thread, everything else in this package belongs to the loop.
 */
public interface RoomLoop extends Executor {

    /** Runs {@code task} on this loop after {@code delayMillis}, unless it is cancelled before. */
    Timer schedule(Runnable task, long delayMillis);

    /** Monotonic milliseconds, of no particular beginning. */
    long millis();

    /** A task that has been put off. */
    interface Timer {
        /** Forgets the task; without effect once it has run. */
        void cancel();
    }
}
