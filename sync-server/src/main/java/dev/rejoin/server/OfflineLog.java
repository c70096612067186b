package dev.rejoin.server;

import dev.rejoin.server.storage.DeltaLog;
import dev.rejoin.server.storage.LogBounds;
import dev.rejoin.server.storage.LogObserver;
import dev.rejoin.server.storage.LogWriter;
import java.security.SecureRandom;

/** A log that a command has for itself: everything happens on the thread that asks for it. */
final class OfflineLog {
    private OfflineLog() {}

    static LogWriter open(DeltaLog rows) {
        return LogWriter.open(
                rows,
                new SystemClock(),
                new SecureRandom().nextLong(),
                (task, after) -> task.run(),
                Runnable::run,
                LogBounds.DEFAULT,
                new LogObserver() {});
    }
}
