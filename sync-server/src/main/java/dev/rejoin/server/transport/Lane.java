package dev.rejoin.server.transport;

import io.netty.util.concurrent.FastThreadLocal;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The way from the rooms to the sockets of one loop: how much of what is relayed is on it, and who is to be looked at again when that has
 * become less. What is relayed is counted here, once for all that one task of a room says, and not at each connection, where two threads
 * would write the count for every delivery. On any thread.
 */
final class Lane {
    /** While more than this is on the way, no room relays anything to a socket of the loop. A frame for many counts once, and a little for each. */
    static final long HIGH_BYTES = 16 << 20;

    /** With this much left, rooms relay again. */
    static final long LOW_BYTES = 4 << 20;

    private static final FastThreadLocal<Lane> OF_LOOP = new FastThreadLocal<>();

    private final Executor loop;
    private final AtomicLong underWay = new AtomicLong();
    private final Set<Runnable> awaiting = ConcurrentHashMap.newKeySet();

    Lane(Executor loop) {
        this.loop = loop;
    }

    /** That to the loop that calls. */
    static Lane here(Executor loop) {
        Lane lane = OF_LOOP.get();
        if (lane == null) {
            lane = new Lane(loop);
            OF_LOOP.set(lane);
        }
        return lane;
    }

    Executor loop() {
        return loop;
    }

    boolean hasRoom() {
        return underWay.get() < HIGH_BYTES;
    }

    /** Whether it has drained; if not, {@code then} runs on the loop when it has. */
    boolean drainedOr(Runnable then) {
        if (isLow()) {
            return true;
        }
        awaiting.add(then);
        // it may have drained between the two; then nobody is left to say so
        return isLow() && awaiting.remove(then);
    }

    private boolean isLow() {
        return underWay.get() <= LOW_BYTES;
    }

    void departed(long bytes) {
        underWay.addAndGet(bytes);
    }

    void arrived(long bytes) {
        if (underWay.addAndGet(-bytes) <= LOW_BYTES && !awaiting.isEmpty()) {
            for (Runnable each : Set.copyOf(awaiting)) {
                if (awaiting.remove(each)) {
                    each.run();
                }
            }
        }
    }
}
