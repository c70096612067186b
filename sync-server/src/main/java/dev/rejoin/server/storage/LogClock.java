package dev.rejoin.server.storage;

/** The time as the log needs it. */
public interface LogClock {
    /** Wall clock, milliseconds since 1970. */
    long millis();

    /** Monotonic, for durations. */
    long nanos();
}
