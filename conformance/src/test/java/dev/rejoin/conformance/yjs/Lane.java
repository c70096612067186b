package dev.rejoin.conformance.yjs;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A thread that takes batches of seeds until all are taken, and a yjs of its own to ask. */
final class Lane extends Thread {
    private static final int BATCH = 100;

    /** What is done with the documents of some seeds in a row. */
    interface Work {
        void compare(Lane lane, long first, int size);
    }

    /** What went wrong with the document of a seed. */
    record Failure(long seed, Throwable thrown) {}

    private final YjsOracle oracle;
    private final Work work;
    private final AtomicLong next;
    private final long end;
    private volatile long seed;
    private volatile boolean onOurSide;
    private final AtomicLong beat = new AtomicLong();
    private final AtomicLong done = new AtomicLong();
    private volatile @Nullable Failure failure;

    /**
     * @param next the first seed that nobody has taken yet
     * @param end the seed after the last
     */
    Lane(YjsOracle oracle, Work work, AtomicLong next, long end) {
        super("ours");
        setDaemon(true);
        this.oracle = oracle;
        this.work = work;
        this.next = next;
        this.end = end;
    }

    @Override
    public void run() {
        try (oracle) {
            for (long first = next.getAndAdd(BATCH); first < end; first = next.getAndAdd(BATCH)) {
                int size = (int) Math.min(BATCH, end - first);
                work.compare(this, first, size);
                done.addAndGet(size);
            }
        } catch (RuntimeException | AssertionError | StackOverflowError thrown) {
            failure = new Failure(seed, thrown);
        }
    }

    /** Says which document the lane is at. */
    void at(long document) {
        seed = document;
    }

    /** Our side of a document. */
    <T> T ours(long document, Supplier<T> side) {
        seed = document;
        onOurSide = true;
        T outcome = side.get();
        onOurSide = false;
        beat.incrementAndGet();
        return outcome;
    }

    List<Answer> ask(List<Job> jobs) {
        return oracle.ask(jobs);
    }

    /** How many documents the lane has done. */
    long done() {
        return done.get();
    }

    /** Does not change while our side is busy with one document. */
    long beat() {
        return onOurSide ? beat.get() : -1;
    }

    @Nullable
    Failure failure() {
        return failure;
    }

    /** As a failure, what the lane is busy with. */
    Failure endless() {
        AssertionError error = new AssertionError("our side does not come to an end");
        error.setStackTrace(getStackTrace());
        return new Failure(seed, error);
    }
}
