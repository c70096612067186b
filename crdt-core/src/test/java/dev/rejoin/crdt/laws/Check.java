package dev.rejoin.crdt.laws;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Plays many generated inputs against a claim, shrinks the first failing one by deleting steps, and says how to play
 * it again. {@code -Drejoin.seed} fixes the first seed, {@code -Drejoin.tries} the number of inputs.
 */
final class Check {
    private static final long SHRINK_NANOS = 10_000_000_000L;

    private Check() {}

    /** A failing input, as small as shrinking got it. */
    record Counterexample<S>(long seed, List<S> steps, Throwable cause) {}

    static int tries(int standard) {
        return Integer.getInteger("rejoin.tries", standard);
    }

    /** A fresh seed, unless one is asked for. */
    static long seed() {
        return Long.getLong("rejoin.seed", new Random().nextLong() >>> 16);
    }

    /** Fails with a shrunk history if the law does not hold. */
    static void law(Class<?> test, Backend backend, Scenario scenario, Run.Law law, int tries) {
        forAll(test, scenario::history, history -> Run.play(backend, scenario, history, law), tries);
    }

    static <S> void forAll(Class<?> test, Function<Random, List<S>> generator, Consumer<List<S>> claim, int tries) {
        find(generator, claim, seed(), tries).ifPresent(found -> {
            StringBuilder text = new StringBuilder(String.valueOf(found.cause.getMessage()));
            text.append("\n  seed ").append(found.seed).append("; replay: mvn -pl crdt-core test -Dtest=");
            text.append(test.getSimpleName())
                    .append(" -Drejoin.tries=1 -Drejoin.seed=")
                    .append(found.seed);
            text.append("\n  steps after shrinking:");
            found.steps.forEach(step -> text.append("\n    ").append(step));
            throw new AssertionError(text.toString(), found.cause);
        });
    }

    static <S> Optional<Counterexample<S>> find(
            Function<Random, List<S>> generator, Consumer<List<S>> claim, long firstSeed, int tries) {
        for (long seed = firstSeed; seed < firstSeed + tries; seed++) {
            List<S> steps = generator.apply(new Random(seed));
            Throwable failure = failure(claim, steps);
            if (failure != null) {
                return Optional.of(shrink(new Counterexample<>(seed, steps, failure), claim));
            }
        }
        return Optional.empty();
    }

    private static <S> Counterexample<S> shrink(Counterexample<S> found, Consumer<List<S>> claim) {
        long deadline = System.nanoTime() + SHRINK_NANOS;
        Counterexample<S> best = found;
        for (int chunk = Math.max(1, found.steps.size() / 2); chunk >= 1; chunk /= 2) {
            for (int at = 0; at < best.steps.size() && System.nanoTime() < deadline; ) {
                List<S> fewer = new ArrayList<>(best.steps.subList(0, at));
                fewer.addAll(best.steps.subList(Math.min(at + chunk, best.steps.size()), best.steps.size()));
                Throwable failure = failure(claim, fewer);
                if (failure != null) {
                    best = new Counterexample<>(found.seed, fewer, failure);
                } else {
                    at += chunk;
                }
            }
        }
        return best;
    }

    private static <S> Throwable failure(Consumer<List<S>> claim, List<S> steps) {
        try {
            claim.accept(steps);
            return null;
        } catch (RuntimeException | AssertionError e) {
            return e;
        }
    }
}
