package dev.rejoin.server;

import dev.rejoin.server.storage.LogClock;

/** The clocks of this machine. */
final class SystemClock implements LogClock {
    @Override
    public long millis() {
        return System.currentTimeMillis();
    }

    @Override
    public long nanos() {
        return System.nanoTime();
    }
}
