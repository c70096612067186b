package dev.rejoin.conformance.yjs;

import java.util.ArrayList;
import java.util.List;
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
    private final Lanes lanes;
    private final LongFunction<Script> generator;
    private final boolean exact;
    private final Comparison comparison;

    /**
     * @param exact whether all bytes must be equal; else only those of snapshots and positions, and the rest is counted
     */
    Differential(Lanes lanes, LongFunction<Script> generator, boolean exact) {
        this.lanes = lanes;
        this.generator = generator;
        this.exact = exact;
        this.comparison = new Comparison(exact);
    }

    void run() {
        Lane.Failure failure = lanes.run(this::compare);
        if (failure != null) {
            throw complaint(failure);
        }
        System.out.println(comparison.seen());
    }

    private void compare(Lane lane, long first, int size) {
        List<Script> scripts = new ArrayList<>(size);
        List<@Nullable Outcome> ours = new ArrayList<>(size);
        List<Job> jobs = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            Script script = generator.apply(first + i);
            Outcome outcome = script.has(Script.CLEANUP) ? null : ours(lane, first + i, script, List.of());
            scripts.add(script);
            ours.add(outcome);
            jobs.add(Job.script(script, outcome, Job.Detail.DIFFERENCES));
        }
        List<Answer> answers = lane.ask(jobs);
        for (int i = 0; i < size; i++) {
            lane.at(first + i);
            Outcome theirs = answers.get(i).outcome(ours.get(i), Job.Detail.DIFFERENCES);
            Outcome again = ours(lane, first + i, scripts.get(i), theirs.blobs());
            compare(lane, scripts.get(i), ours.get(i), theirs, again);
        }
    }

    private static Outcome ours(Lane lane, long seed, Script script, List<byte[]> foreign) {
        return lane.ours(seed, () -> ScriptRun.of(script, foreign, false));
    }

    private void compare(Lane lane, Script script, @Nullable Outcome ours, Outcome theirs, Outcome again) {
        Comparison.Verdict verdict = comparison.of(script, ours, theirs);
        if (verdict == Comparison.Verdict.UNDECIDED
                || comparison.of(script, again, theirs) == Comparison.Verdict.UNDECIDED) {
            Outcome full = lane.ask(List.of(Job.script(script, ours, Job.Detail.DIGESTS)))
                    .get(0)
                    .outcome(ours, Job.Detail.DIGESTS);
            verdict = comparison.of(script, ours, full);
            comparison.of(script, again, full);
        }
        comparison.count(ours, theirs, verdict);
    }

    private AssertionError complaint(Lane.Failure failure) {
        try (Counterexample counterexample = new Counterexample(exact)) {
            Script smallest = counterexample.shrink(generator.apply(failure.seed()));
            Throwable found = counterexample.judge(smallest);
            Throwable wrong = found == null ? failure.thrown() : found;
            return new AssertionError(
                    "seed " + failure.seed() + ": " + wrong.getMessage() + "\nreplay: " + lanes.replay(failure.seed())
                            + "\nsmallest script found:\n" + smallest.text(),
                    wrong);
        }
    }
}
