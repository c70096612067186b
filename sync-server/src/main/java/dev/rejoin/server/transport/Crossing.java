package dev.rejoin.server.transport;

import io.netty.util.concurrent.FastThreadLocal;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries what rooms say over to the loops of the sockets: what one task of a room says to all sockets of one loop crosses as one
 * task, in the order in which it was said.
 */
final class Crossing {
    private static final Logger LOG = LoggerFactory.getLogger(Crossing.class);

    private static final FastThreadLocal<Crossing> OF_THREAD = new FastThreadLocal<>() {
        @Override
        protected Crossing initialValue() {
            return new Crossing();
        }
    };

    private final Map<Executor, List<Runnable>> leaving = new IdentityHashMap<>();
    private boolean gathers;

    private Crossing() {}

    /** Runs a task of a room; what is said meanwhile crosses when it has ended. */
    static void gather(Runnable task) {
        Crossing here = OF_THREAD.get();
        here.gathers = true;
        try {
            task.run();
        } finally {
            here.gathers = false;
            here.leave();
        }
    }

    /** Runs {@code call} on another loop, or on this one after what it is doing. On any thread. */
    static void cross(Executor loop, Runnable call) {
        Crossing here = OF_THREAD.getIfExists();
        if (here != null && here.gathers) {
            here.leaving.computeIfAbsent(loop, none -> new ArrayList<>()).add(call);
        } else {
            execute(loop, call);
        }
    }

    private void leave() {
        if (!leaving.isEmpty()) {
            leaving.forEach((loop, calls) -> execute(loop, () -> arrive(calls)));
            leaving.clear();
        }
    }

    private static void arrive(List<Runnable> calls) {
        for (Runnable call : calls) {
            try {
                call.run();
            } catch (RuntimeException e) {
                LOG.error("a session failed at what its room said", e);
            }
        }
    }

    private static void execute(Executor loop, Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("sessions are told nothing more: their loop has ended", e);
        }
    }
}
