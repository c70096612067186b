package dev.rejoin.conformance.yjs;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Looks at single scripts: what is wrong with one, and how small it can be made with something still wrong. */
final class Counterexample implements AutoCloseable {
    private static final long RUN_SECONDS = 10;
    private static final long SHRINK_NANOS = 30_000_000_000L;

    private final YjsOracle oracle = YjsOracle.start(YjsOracle.THIRTEEN);
    private final Comparison comparison;
    private ExecutorService runner = daemon();

    /** @param exact as for {@link Comparison} */
    Counterexample(boolean exact) {
        this.comparison = new Comparison(exact);
    }

    private static ExecutorService daemon() {
        return Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "ours");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** The whole comparison of one script; what is wrong with it, if anything. */
    @Nullable
    Throwable judge(Script script) {
        try {
            Outcome ours = script.has(Script.CLEANUP) ? null : ours(script, List.of());
            Outcome theirs =
                    oracle.ask(Job.script(script, ours, Job.Detail.TEXTS)).outcome(ours, Job.Detail.TEXTS);
            comparison.of(script, ours, theirs);
            comparison.of(script, ours(script, theirs.blobs()), theirs);
            return null;
        } catch (RuntimeException | AssertionError wrong) {
            return wrong;
        }
    }

    /** Our side in a thread of its own, which is left behind if it does not come to an end. */
    private Outcome ours(Script script, List<byte[]> foreign) {
        AtomicReference<@Nullable Thread> where = new AtomicReference<>();
        Future<Outcome> run = runner.submit(() -> {
            where.set(Thread.currentThread());
            return ScriptRun.of(script, foreign, true);
        });
        try {
            return run.get(RUN_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException thrown) {
            throw new AssertionError(String.valueOf(thrown.getCause()), thrown.getCause());
        } catch (TimeoutException endless) {
            runner = daemon();
            Thread stuck = where.get();
            AssertionError error = new AssertionError("our side does not come to an end");
            if (stuck != null) {
                error.setStackTrace(stuck.getStackTrace());
            }
            throw error;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** Takes out steps and operations of transactions as long as something stays wrong and time is left. */
    Script shrink(Script script) {
        long end = System.nanoTime() + SHRINK_NANOS;
        Script best = script;
        Script before;
        do {
            before = best;
            for (int size = best.steps().size() / 2; size >= 1; size /= 2) {
                best = withFewerSteps(best, size, end);
            }
            for (int i = best.steps().size() - 1; i >= 0; i--) {
                best = withFewerOperations(best, i, end);
            }
        } while (best != before && System.nanoTime() < end);
        return best;
    }

    private Script withFewerSteps(Script script, int size, long end) {
        Script best = script;
        for (int from = best.steps().size() - size; from >= 0 && System.nanoTime() < end; from -= size) {
            List<int[]> steps = new ArrayList<>(best.steps());
            steps.subList(from, from + size).clear();
            Script candidate = best.withSteps(steps);
            if (judge(candidate) != null) {
                best = candidate;
            }
        }
        return best;
    }

    private Script withFewerOperations(Script script, int index, long end) {
        Script best = script;
        int at = 3;
        while (best.steps().get(index)[0] == Script.TRANSACTION
                && at < best.steps().get(index).length
                && System.nanoTime() < end) {
            int[] step = best.steps().get(index);
            int length = 2 + step[at + 1];
            int[] shorter = new int[step.length - length];
            System.arraycopy(step, 0, shorter, 0, at);
            System.arraycopy(step, at + length, shorter, at, step.length - at - length);
            List<int[]> steps = new ArrayList<>(best.steps());
            steps.set(index, shorter);
            Script candidate = best.withSteps(steps);
            if (judge(candidate) != null) {
                best = candidate;
            } else {
                at += length;
            }
        }
        return best;
    }

    @Override
    public void close() {
        runner.shutdownNow();
        oracle.close();
    }
}
