package dev.rejoin.consistency.session;

import dev.rejoin.crdt.Subscription;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Runs something later: the loop of a server, an executor, or the virtual time of a test. */
@FunctionalInterface
public interface Timers {
    /**
     * Runs {@code task} once, {@code millis} from now, unless what is returned is closed before.
     *
     * @param millis at least 0
     */
    Subscription after(long millis, Runnable task);

    /** Timers of an executor, whose threads run the tasks. */
    static Timers of(ScheduledExecutorService executor) {
        return (millis, task) -> {
            Future<?> scheduled = executor.schedule(task, millis, TimeUnit.MILLISECONDS);
            return () -> scheduled.cancel(false);
        };
    }
}
