package dev.rejoin.server.transport;

import io.netty.util.concurrent.FastThreadLocal;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
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

    /** Whom frames are relayed to, at the other side. */
    @FunctionalInterface
    interface Listener {
        void relayed(byte[] frame);
    }

    private final Map<Lane, Cargo> leaving = new IdentityHashMap<>();
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

    /** Runs {@code call} at the other end of the lane, or at this one after what it is doing. On any thread. */
    static void cross(Lane lane, Runnable call) {
        Crossing here = OF_THREAD.getIfExists();
        if (here != null && here.gathers) {
            here.cargo(lane).add(call);
        } else {
            Cargo alone = new Cargo(lane);
            alone.add(call);
            alone.leave();
        }
    }

    /** Hands over a frame that may be for many, as {@link #cross} would, and counts it. On any thread. */
    static void relay(Lane lane, Listener listener, byte[] frame) {
        Crossing here = OF_THREAD.getIfExists();
        if (here != null && here.gathers) {
            here.cargo(lane).add(listener, frame);
        } else {
            Cargo alone = new Cargo(lane);
            alone.add(listener, frame);
            alone.leave();
        }
    }

    private Cargo cargo(Lane lane) {
        return leaving.computeIfAbsent(lane, Cargo::new);
    }

    private void leave() {
        if (!leaving.isEmpty()) {
            leaving.values().forEach(Cargo::leave);
            leaving.clear();
        }
    }

    /** What crosses together: calls, and listeners each followed by the frame for it. */
    private static final class Cargo implements Runnable {
        private static final int COUNTED_FOR_EACH = 64;

        private final Lane lane;
        private final List<Object> said = new ArrayList<>();
        private long relayed;
        private byte @Nullable [] last;

        Cargo(Lane lane) {
            this.lane = lane;
        }

        void add(Runnable call) {
            said.add(call);
        }

        void add(Listener listener, byte[] frame) {
            said.add(listener);
            said.add(frame);
            relayed += COUNTED_FOR_EACH + (frame == last ? 0 : frame.length);
            last = frame;
        }

        void leave() {
            lane.departed(relayed);
            try {
                lane.loop().execute(this);
            } catch (RejectedExecutionException e) {
                LOG.debug("sessions are told nothing more: their loop has ended", e);
            }
        }

        @Override
        public void run() {
            for (int i = 0; i < said.size(); i++) {
                Object next = said.get(i);
                try {
                    if (next instanceof Listener listener) {
                        listener.relayed((byte[]) said.get(++i));
                    } else {
                        ((Runnable) next).run();
                    }
                } catch (RuntimeException e) {
                    LOG.error("a session failed at what its room said", e);
                }
            }
            lane.arrived(relayed);
        }
    }
}
