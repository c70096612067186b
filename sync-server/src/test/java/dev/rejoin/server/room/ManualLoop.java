package dev.rejoin.server.room;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;

/** A loop that runs when a test says so, in time that a test lets pass. */
public final class ManualLoop implements RoomLoop {
    private record Alarm(long due, long order, Runnable task) {}

    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final PriorityQueue<Alarm> alarms =
            new PriorityQueue<>(Comparator.comparingLong(Alarm::due).thenComparingLong(Alarm::order));
    private long now = 1_000_000;
    private long orders;

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public Timer schedule(Runnable task, long delayMillis) {
        Alarm alarm = new Alarm(now + delayMillis, orders++, task);
        alarms.add(alarm);
        return () -> alarms.remove(alarm);
    }

    @Override
    public long millis() {
        return now;
    }

    /** Runs until nothing is left to do at the present time. */
    public void run() {
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
    }

    /** Lets time pass, running what becomes due. */
    public void pass(long millis) {
        long until = now + millis;
        run();
        while (!alarms.isEmpty() && alarms.element().due() <= until) {
            Alarm alarm = alarms.remove();
            now = alarm.due();
            alarm.task().run();
            run();
        }
        now = until;
    }

    /** Forgets everything that is to be done, now or later. */
    public void forget() {
        tasks.clear();
        alarms.clear();
    }
}
