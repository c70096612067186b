package dev.rejoin.crdt.clock;

/** A source of wall-clock time. */
@FunctionalInterface
public interface TimeSource {

    /** Returns milliseconds since 1970-01-01T00:00Z; may stand still or step back. */
    long millis();

    /** Returns the clock of this machine. */
    static TimeSource system() {
        return System::currentTimeMillis;
    }
}
