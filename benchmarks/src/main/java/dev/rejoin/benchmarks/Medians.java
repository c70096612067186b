package dev.rejoin.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs JMH benchmarks and keeps the median of each: nanoseconds of processor time per operation, over the iterations of all forks.
 */
final class Medians {
    private final int forks;
    private final int iterations;
    private final int millis;
    private final Map<String, Figure> figures = new TreeMap<>();

    Medians(int forks, int iterations, int millis) {
        this.forks = forks;
        this.iterations = iterations;
        this.millis = millis;
    }

    /**
     * What one benchmark has shown.
     *
     * @param nanos processor time per operation
     * @param bytes heap allocated per operation
     * @param share median part of the wall clock that was ours
     */
    record Figure(double nanos, double bytes, double share) {
        static final Figure NONE = new Figure(Double.NaN, Double.NaN, Double.NaN);
    }

    /** Measures the benchmarks of a class, or those of its methods that the pattern names. */
    void run(Class<?> benchmark, String methods, Map<String, String[]> parameters) throws RunnerException {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("\\." + benchmark.getSimpleName() + "\\.(" + methods + ")$")
                .forks(forks)
                .jvmArgsAppend("-Xms4g", "-Xmx4g")
                .warmupIterations(iterations)
                .warmupTime(TimeValue.milliseconds(millis))
                .measurementIterations(iterations)
                .measurementTime(TimeValue.milliseconds(millis))
                .timeUnit(TimeUnit.NANOSECONDS)
                .addProfiler(CpuShare.class)
                .addProfiler(GCProfiler.class)
                .verbosity(VerboseMode.SILENT);
        parameters.forEach(options::param);
        for (RunResult result : new Runner(options.build()).run()) {
            figures.put(name(result.getParams()), figure(result));
        }
    }

    private static String name(BenchmarkParams params) {
        String full = params.getBenchmark();
        String method = full.substring(full.lastIndexOf('.', full.lastIndexOf('.') - 1) + 1);
        String values = params.getParamsKeys().stream().map(params::getParam).reduce("", String::concat);
        return method + "(" + values + ")";
    }

    private static Figure figure(RunResult run) {
        List<Double> nanos = new ArrayList<>();
        List<Double> bytes = new ArrayList<>();
        List<Double> shares = new ArrayList<>();
        for (BenchmarkResult fork : run.getBenchmarkResults()) {
            for (IterationResult iteration : fork.getIterationResults()) {
                double wall = iteration.getPrimaryResult().getScore();
                iteration.getSecondaryResults().forEach((label, result) -> {
                    if (label.endsWith(CpuShare.LABEL)) {
                        shares.add(result.getScore());
                        nanos.add(wall * result.getScore());
                    } else if (label.endsWith("gc.alloc.rate.norm")) {
                        bytes.add(result.getScore());
                    }
                });
            }
        }
        return new Figure(median(nanos), median(bytes), median(shares));
    }

    static double median(List<Double> values) {
        if (values.isEmpty()) {
            return Double.NaN;
        }
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    Figure of(Class<?> benchmark, String method, Object parameter) {
        return figures.getOrDefault(benchmark.getSimpleName() + "." + method + "(" + parameter + ")", Figure.NONE);
    }

    double nanos(Class<?> benchmark, String method, Object parameter) {
        return of(benchmark, method, parameter).nanos();
    }

    /** The median over all benchmarks of the part of the wall clock that was theirs. */
    double share() {
        return median(figures.values().stream().map(Figure::share).toList());
    }
}
