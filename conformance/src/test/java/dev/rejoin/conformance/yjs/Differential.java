package dev.rejoin.conformance.yjs;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Scripts carried out by both sides and compared step by step.
 *
 * <p>Every replica of a script exists twice, here and in yjs. Our side goes first and feeds itself; yjs follows and is fed
 * with our bytes, whatever the encoding; then our side runs again, fed with the bytes of yjs. All three must look alike after
 * every step, so each update is read by the side that did not write it. Where yjs is let to clean formatting up, it goes
 * first and our side follows what it did.
 */
final class Differential {
    /** How many documents a class compares in an ordinary build. */
    static final String DOCUMENTS = "rejoin.yjs.documents";

    private static final int BATCH = 200;
    private static final long RUN_SECONDS = 10;
    private static final long SHRINK_NANOS = 30_000_000_000L;

    private final YjsOracle oracle;
    private final String test;
    private final boolean exact;
    private ExecutorService runner = daemon();
    private long bytesCompared;
    private long bytesDiffering;
    private long stuck;

    /**
     * @param exact whether all bytes must be equal; else only those of snapshots and positions, and the rest is counted
     */
    Differential(YjsOracle oracle, Class<?> test, boolean exact) {
        this.oracle = oracle;
        this.test = test.getSimpleName();
        this.exact = exact;
    }

    /** The number asked for by flag; {@code forever} is one too. */
    static long documents(long ordinary) {
        String asked = System.getProperty(DOCUMENTS, Long.toString(ordinary));
        return asked.equals("forever") ? Long.MAX_VALUE : Long.parseLong(asked);
    }

    static long seed() {
        return Long.getLong("rejoin.seed", System.nanoTime() >>> 8);
    }

    private record Batch(
            long first, List<Script> scripts, List<@Nullable Outcome> ours, CompletableFuture<List<Answer>> theirs) {}

    void run(LongFunction<Script> scripts, long documents) {
        long first = seed();
        System.out.printf("%s: %d documents from seed %d%n", test, documents, first);
        long started = System.nanoTime();
        long compared = 0;
        ExecutorService asker = Executors.newSingleThreadExecutor();
        try {
            Batch before = null;
            while (compared < documents || before != null) {
                Batch next = null;
                if (compared < documents) {
                    int size = (int) Math.min(BATCH, documents - compared);
                    next = begin(scripts, first + compared, size, asker);
                    compared += size;
                }
                if (before != null) {
                    finish(before);
                }
                before = next;
                if (next != null && compared % 20_000 == 0) {
                    System.out.printf("%s: %s%n", test, progress(compared, started));
                }
            }
        } finally {
            asker.shutdownNow();
        }
        System.out.printf("%s: %s%n", test, progress(compared, started));
    }

    /** Our side in a thread of its own, which is left behind if it does not come to an end. */
    private Outcome ours(Script script, List<byte[]> foreign, boolean whole) {
        AtomicReference<@Nullable Thread> where = new AtomicReference<>();
        Future<Outcome> run = runner.submit(() -> {
            where.set(Thread.currentThread());
            return ScriptRun.of(script, foreign, whole);
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

    private static ExecutorService daemon() {
        return Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "ours");
            thread.setDaemon(true);
            return thread;
        });
    }

    private String progress(long compared, long started) {
        double seconds = (System.nanoTime() - started) / 1e9;
        return String.format(
                "%d documents, 0 differences, %.0f documents/s; %d of %d blobs written in other bytes, yjs stuck in %d",
                compared, compared / seconds, bytesDiffering, bytesCompared, stuck);
    }

    private Batch begin(LongFunction<Script> generator, long first, int size, ExecutorService asker) {
        List<Script> scripts = new ArrayList<>(size);
        List<@Nullable Outcome> ours = new ArrayList<>(size);
        List<Job> jobs = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            Script script = generator.apply(first + i);
            Outcome outcome;
            try {
                outcome = script.has(Script.CLEANUP) ? null : ours(script, List.of(), false);
            } catch (RuntimeException | AssertionError thrown) {
                throw failure(script, first + i, thrown);
            }
            scripts.add(script);
            ours.add(outcome);
            jobs.add(Job.script(script, outcome == null ? List.of() : outcome.blobs(), false));
        }
        return new Batch(first, scripts, ours, CompletableFuture.supplyAsync(() -> oracle.ask(jobs), asker));
    }

    private void finish(Batch batch) {
        List<Answer> answers = batch.theirs.join();
        for (int i = 0; i < answers.size(); i++) {
            Script script = batch.scripts.get(i);
            try {
                Outcome theirs = answers.get(i).digests();
                compare(script, batch.ours.get(i), theirs, true);
                compare(script, ours(script, theirs.blobs(), false), theirs, false);
            } catch (RuntimeException | AssertionError thrown) {
                throw failure(script, batch.first + i, thrown);
            }
        }
    }

    private void compare(Script script, @Nullable Outcome ours, Outcome theirs, boolean count) {
        if (ours == null) {
            return;
        }
        for (int i = 0; i < Math.min(ours.checks().size(), theirs.checks().size()); i++) {
            Outcome.Check our = ours.checks().get(i);
            Outcome.Check their = theirs.checks().get(i);
            if (our.digest() != their.digest() && their.pending() != 0 && our.digest() == their.unstuck()) {
                // yjs has not noticed that something can go on; from here on the two are not the same replicas
                stuck += count ? 1 : 0;
                return;
            }
            if (our.digest() != their.digest()) {
                throw new AssertionError("check " + i + ": documents differ" + texts(our.text(), their.text()));
            }
            if (their.pending() == 0 && our.pending() != 0) {
                throw new AssertionError("check " + i + ": we wait for something, yjs does not");
            }
        }
        if (ours.checks().size() != theirs.checks().size()
                || ours.blobs().size() != theirs.blobs().size()) {
            throw new AssertionError("one side did more than the other");
        }
        List<Slot> slots = Slot.of(script);
        for (int i = 0; i < slots.size(); i++) {
            byte[] our = ours.blobs().get(i);
            byte[] their = theirs.blobs().get(i);
            Slot slot = slots.get(i);
            boolean equal = Arrays.equals(our, their);
            bytesCompared += count ? 1 : 0;
            bytesDiffering += count && !equal ? 1 : 0;
            boolean ofCleanup = slot == Slot.FOLLOW_UP && script.has(Script.CLEANUP);
            if (!ofCleanup && !equal && (exact || slot.exact || our.length == 0 || their.length == 0)) {
                HexFormat hex = HexFormat.of();
                throw new AssertionError("blob " + i + " (" + slot + ") differs\n  ours   " + hex.formatHex(our)
                        + "\n  theirs " + hex.formatHex(their));
            }
        }
    }

    /** What a blob of a script is. */
    private enum Slot {
        UPDATE(false),
        FOLLOW_UP(false),
        STATE(false),
        SNAPSHOT(true),
        POSITION(true);

        private final boolean exact;

        Slot(boolean exact) {
            this.exact = exact;
        }

        static List<Slot> of(Script script) {
            List<Slot> slots = new ArrayList<>();
            for (int[] step : script.steps()) {
                slots.addAll(
                        switch (step[0]) {
                            case Script.TRANSACTION, Script.UNDO_STEP, Script.REDO_STEP, Script.STOP_CAPTURING ->
                                List.of(UPDATE, UPDATE);
                            case Script.DELIVER -> List.of(FOLLOW_UP, FOLLOW_UP);
                            case Script.SYNC, Script.REOPEN, Script.MERGED -> List.of(STATE, FOLLOW_UP, FOLLOW_UP);
                            case Script.SNAPSHOT -> List.of(SNAPSHOT);
                            case Script.POSITION -> List.of(POSITION);
                            case Script.WHOLE -> List.of(STATE);
                            default -> List.<Slot>of();
                        });
            }
            return slots;
        }
    }

    private static String texts(@Nullable String ours, @Nullable String theirs) {
        if (ours == null || theirs == null) {
            return "";
        }
        StringBuilder text = new StringBuilder();
        String[] our = ours.split("\n", -1);
        String[] their = theirs.split("\n", -1);
        for (int i = 0; i < Math.max(our.length, their.length); i++) {
            String a = i < our.length ? our[i] : "";
            String b = i < their.length ? their[i] : "";
            text.append(a.equals(b) ? "\n  both   " + a : "\n  ours   " + a + "\n  theirs " + b);
        }
        return text.toString();
    }

    /** The whole comparison of one script; what is wrong with it, if anything. */
    @Nullable
    Throwable judge(Script script) {
        try {
            Outcome ours = script.has(Script.CLEANUP) ? null : ours(script, List.of(), true);
            Outcome theirs = oracle.ask(Job.script(script, ours == null ? List.of() : ours.blobs(), true))
                    .descriptions();
            compare(script, ours, theirs, false);
            compare(script, ours(script, theirs.blobs(), true), theirs, false);
            return null;
        } catch (RuntimeException | AssertionError wrong) {
            return wrong;
        }
    }

    private AssertionError failure(Script script, long seed, Throwable thrown) {
        Script smallest = shrink(script);
        Throwable wrong = judge(smallest);
        return new AssertionError(
                "seed " + seed + ": " + (wrong == null ? thrown : wrong).getMessage()
                        + "\nreplay: mvn -pl conformance -am verify -Dit.test="
                        + test + " -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false"
                        + " -Dfailsafe.failIfNoSpecifiedTests=false -Drejoin.seed=" + seed + " -D" + DOCUMENTS
                        + "=1\nsmallest script found:\n" + smallest.text(),
                wrong == null ? thrown : wrong);
    }

    /** Takes out steps and operations of transactions as long as something stays wrong and time is left. */
    private Script shrink(Script script) {
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
}
