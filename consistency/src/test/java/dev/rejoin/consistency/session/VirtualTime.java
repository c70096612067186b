package dev.rejoin.consistency.session;

import dev.rejoin.crdt.Subscription;
import dev.rejoin.crdt.clock.TimeSource;
import java.util.Comparator;
import java.util.PriorityQueue;

/** A clock that stands still until it is moved, and its timers. */
public final class VirtualTime implements Timers, TimeSource {
    private final PriorityQueue<Alarm> alarms =
            new PriorityQueue<>(Comparator.comparingLong(Alarm::at).thenComparingLong(Alarm::ticket));
    private long now;
    private long tickets;

    private record Alarm(long at, long ticket, Runnable task) {}

    /** A clock at this many milliseconds since 1970. */
    public VirtualTime(long now) {
        this.now = now;
    }

    @Override
    public long millis() {
        return now;
    }

    @Override
    public Subscription after(long millis, Runnable task) {
        Alarm alarm = new Alarm(now + millis, tickets++, task);
        alarms.add(alarm);
        return () -> alarms.remove(alarm);
    }

    /** Moves the clock, from alarm to alarm. */
    public void advance(long millis) {
        long until = now + millis;
        while (!alarms.isEmpty() && alarms.peek().at <= until) {
            Alarm next = alarms.poll();
            now = Math.max(now, next.at);
            next.task.run();
        }
        now = until;
    }

    /** How many timers are running. */
    public int pending() {
        return alarms.size();
    }
}
