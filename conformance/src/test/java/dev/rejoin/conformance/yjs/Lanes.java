package dev.rejoin.conformance.yjs;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Runs over many documents, each made from a seed of its own, that several lanes share. Prints how far it has come. */
final class Lanes {
    private static final String DOCUMENTS = "rejoin.yjs.documents";
    private static final String LANES = "rejoin.yjs.lanes";
    private static final String SEED = "rejoin.seed";

    private static final long TICK_MILLIS = 1_000;
    private static final int ENDLESS_TICKS = 60;
    private static final int PROGRESS_TICKS = 30;

    private final String test;
    private final String program;
    private final long documents;
    private final long first;

    /**
     * @param program the side that is asked
     * @param ordinary how many documents an ordinary build looks at
     */
    Lanes(Class<?> test, String program, long ordinary) {
        this.test = test.getSimpleName();
        this.program = program;
        String asked = System.getProperty(DOCUMENTS, Long.toString(ordinary));
        this.documents = asked.equals("forever") ? Long.MAX_VALUE / 2 : Long.parseLong(asked);
        this.first = Long.getLong(SEED, System.nanoTime() >>> 8);
    }

    /** Returns what went wrong first, if anything. */
    Lane.@Nullable Failure run(Lane.Work work) {
        int count = Integer.getInteger(LANES, 1 + Runtime.getRuntime().availableProcessors());
        System.out.printf("%s: %,d documents from seed %d in %d lanes%n", test, documents, first, count);
        AtomicLong next = new AtomicLong(first);
        List<Lane> lanes = IntStream.range(0, count)
                .mapToObj(i -> new Lane(YjsOracle.start(program), work, next, first + documents))
                .toList();
        Progress progress = new Progress(test, documents);
        lanes.forEach(Lane::start);
        Lane.Failure failure = watch(lanes, progress);
        next.set(first + documents);
        System.out.println(progress.line(done(lanes), failure == null));
        return failure;
    }

    /** As {@link #run}, and throws what went wrong with how to do it again. */
    void check(Lane.Work work) {
        Lane.Failure failure = run(work);
        if (failure != null) {
            throw new AssertionError(
                    "seed " + failure.seed() + ": " + failure.thrown().getMessage() + "\nreplay: "
                            + replay(failure.seed()),
                    failure.thrown());
        }
    }

    /** How to look at one document again. */
    String replay(long seed) {
        return "mvn -pl conformance -am verify -Dit.test=" + test
                + " -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false" + " -Dfailsafe.failIfNoSpecifiedTests=false -D"
                + SEED + "=" + seed + " -D" + DOCUMENTS + "=1";
    }

    /** Until all lanes have ended, or one has failed or does not come to an end: that one is left behind. */
    private static Lane.@Nullable Failure watch(List<Lane> lanes, Progress progress) {
        long[] beats = new long[lanes.size()];
        int[] still = new int[lanes.size()];
        for (int tick = 1; ; tick++) {
            boolean alive = false;
            for (int i = 0; i < beats.length; i++) {
                Lane lane = lanes.get(i);
                join(lane, TICK_MILLIS / beats.length);
                alive |= lane.isAlive();
                if (lane.failure() != null) {
                    return lane.failure();
                }
                // ticks and not time: there are none while the whole process is stopped
                long beat = lane.beat();
                still[i] = beat >= 0 && beat == beats[i] ? still[i] + 1 : 0;
                beats[i] = beat;
                if (still[i] > ENDLESS_TICKS) {
                    return lane.endless();
                }
            }
            if (!alive) {
                return null;
            }
            if (tick % PROGRESS_TICKS == 0) {
                System.out.println(progress.line(done(lanes), true));
            }
        }
    }

    private static void join(Thread thread, long millis) {
        try {
            thread.join(millis);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    private static long done(List<Lane> lanes) {
        return lanes.stream().mapToLong(Lane::done).sum();
    }
}
