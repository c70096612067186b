package dev.rejoin.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs the standard benchmarks and prints one page of Markdown: medians, ratios, and the bounds the project has set itself.
 *
 * <p>{@code java -cp benchmarks.jar dev.rejoin.benchmarks.Report [iterations] [milliseconds per iteration] [largest size]}.
 * All contenders run on the same JVM in the same job; compare within a table, not between runs.
 */
public final class Report {
    private static final int[] SIZES = {100, 1_000, 10_000, 100_000, 1_000_000};

    private final int iterations;
    private final int millis;
    private final int largest;

    /** Median nanoseconds by "Benchmark.method(parameter)". */
    private final Map<String, Double> medians = new TreeMap<>();

    private final List<String> bounds = new ArrayList<>();

    private Report(int iterations, int millis, int largest) {
        this.iterations = iterations;
        this.millis = millis;
        this.largest = largest;
    }

    /** Runs everything and prints the page. */
    public static void main(String[] args) throws RunnerException {
        new Report(number(args, 0, 5), number(args, 1, 500), number(args, 2, 1_000_000)).run();
    }

    private static int number(String[] args, int index, int otherwise) {
        return args.length > index ? Integer.parseInt(args[index]) : otherwise;
    }

    private void run() throws RunnerException {
        print("# Benchmarks\n");
        print("JDK %s, %d processors; medians of %d iterations of %d ms.\n"
                .formatted(Runtime.version(), Runtime.getRuntime().availableProcessors(), iterations, millis));
        sizes("Set: local mutation with its delta (ns)", SetMutationBenchmark.class, "hashSet");
        sizes("Set: membership test (ns)", SetContainsBenchmark.class, "hashSet");
        sizes("Set: merging a one-element delta (ns)", SetMergeBenchmark.class, null);
        counters();
        registers();
        codec();
        snapshots();
        try (Pekko pekko = new Pekko()) {
            deltaBytes(DeltaBytes.measure(pekko));
        }
        heap(HeapPerElement.measure());
        print("\n## Bounds\n");
        bounds.forEach(Report::print);
    }

    @SuppressWarnings("SystemOut")
    private static void print(String line) {
        System.out.println(line);
    }

    private void measure(Class<?> benchmark, String parameter, String... values) throws RunnerException {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(benchmark.getSimpleName() + "\\.")
                .forks(1)
                .warmupIterations(iterations)
                .warmupTime(TimeValue.milliseconds(millis))
                .measurementIterations(iterations)
                .measurementTime(TimeValue.milliseconds(millis))
                .timeUnit(java.util.concurrent.TimeUnit.NANOSECONDS)
                .verbosity(VerboseMode.SILENT);
        if (values.length > 0) {
            options.param(parameter, values);
        }
        Collection<RunResult> results = new Runner(options.build()).run();
        for (RunResult result : results) {
            String name = result.getParams().getBenchmark();
            String value = result.getParams().getParamsKeys().stream()
                    .map(result.getParams()::getParam)
                    .reduce("", String::concat);
            medians.put(
                    name.substring(name.lastIndexOf('.', name.lastIndexOf('.') - 1) + 1) + "(" + value + ")",
                    result.getPrimaryResult().getStatistics().getPercentile(50));
        }
    }

    private double median(Class<?> benchmark, String method, Object value) {
        return medians.getOrDefault(benchmark.getSimpleName() + "." + method + "(" + value + ")", Double.NaN);
    }

    private String[] sizesToRun() {
        List<String> sizes = new ArrayList<>();
        for (int size : SIZES) {
            if (size <= largest) {
                sizes.add(Integer.toString(size));
            }
        }
        return sizes.toArray(String[]::new);
    }

    private void sizes(String title, Class<?> benchmark, @org.jspecify.annotations.Nullable String floor)
            throws RunnerException {
        measure(benchmark, "size", sizesToRun());
        print("\n## " + title + "\n");
        print("| elements | Rejoin |" + (floor == null ? "" : " HashSet | Rejoin ÷ HashSet |")
                + " Pekko | Pekko ÷ Rejoin |");
        print("|--:|--:|" + (floor == null ? "" : "--:|--:|") + "--:|--:|");
        double smallest = Double.NaN;
        double slowest = 0;
        for (String size : sizesToRun()) {
            double ours = median(benchmark, "ours", size);
            double peer = median(benchmark, "pekko", size);
            smallest = Double.isNaN(smallest) ? ours : smallest;
            slowest = Math.max(slowest, ours);
            String middle = floor == null
                    ? ""
                    : " %s | %s |"
                            .formatted(
                                    round(median(benchmark, floor, size)),
                                    round(ours / median(benchmark, floor, size)));
            print("| %s | %s |%s %s | %s |".formatted(size, round(ours), middle, round(peer), round(peer / ours)));
        }
        if (benchmark == SetMutationBenchmark.class) {
            bound("local set mutation with delta ≤ 300 ns at all sizes", slowest, 300, "ns");
        } else if (benchmark == SetMergeBenchmark.class) {
            bound("merge of a one-element delta ≤ 1 µs at all sizes", slowest, 1_000, "ns");
            bound("growth of the merge over all sizes ≤ 2×", slowest / smallest, 2, "×");
            double peerRatio = median(benchmark, "pekko", 10_000) / median(benchmark, "ours", 10_000);
            bounds.add("- merge at 10⁴ elements ≥ 100 times Pekko: %s× %s"
                    .formatted(round(peerRatio), peerRatio >= 100 ? "✓" : "**missed**"));
        }
    }

    private void counters() throws RunnerException {
        measure(CounterBenchmark.class, "replicas", "1", "1000");
        print("\n## Counter: increment with its delta (ns)\n");
        print("| replicas | Rejoin | HashMap.merge | Pekko | Pekko ÷ Rejoin |\n|--:|--:|--:|--:|--:|");
        for (int replicas : new int[] {1, 1_000}) {
            double ours = median(CounterBenchmark.class, "ours", replicas);
            double peer = median(CounterBenchmark.class, "pekko", replicas);
            print("| %d | %s | %s | %s | %s |"
                    .formatted(
                            replicas,
                            round(ours),
                            round(median(CounterBenchmark.class, "hashMap", replicas)),
                            round(peer),
                            round(peer / ours)));
            bound("counter increment with delta, " + replicas + " replicas ≤ 300 ns", ours, 300, "ns");
        }
    }

    private void registers() throws RunnerException {
        measure(RegisterBenchmark.class, "");
        double ours = median(RegisterBenchmark.class, "ours", "");
        double peer = median(RegisterBenchmark.class, "pekko", "");
        print("\n## Register: set with its delta (ns)\n");
        print("| Rejoin | HashMap.put | Pekko (no delta) | Pekko ÷ Rejoin |\n|--:|--:|--:|--:|");
        print("| %s | %s | %s | %s |"
                .formatted(
                        round(ours),
                        round(median(RegisterBenchmark.class, "hashMap", "")),
                        round(peer),
                        round(peer / ours)));
        bound("register set with delta ≤ 300 ns", ours, 300, "ns");
    }

    private void codec() throws RunnerException {
        String[] sizes = largest >= 100_000 ? new String[] {"1000", "100000"} : new String[] {"1000"};
        measure(CodecBenchmark.class, "size", sizes);
        print("\n## Whole set to bytes and back (µs)\n");
        print("| elements | encode | Pekko | decode | Pekko |\n|--:|--:|--:|--:|--:|");
        for (String size : sizes) {
            print("| %s | %s | %s | %s | %s |"
                    .formatted(
                            size,
                            round(median(CodecBenchmark.class, "encodeOurs", size) / 1_000),
                            round(median(CodecBenchmark.class, "encodePekko", size) / 1_000),
                            round(median(CodecBenchmark.class, "decodeOurs", size) / 1_000),
                            round(median(CodecBenchmark.class, "decodePekko", size) / 1_000)));
        }
    }

    private void snapshots() throws RunnerException {
        String[] sizes = largest >= 1_000_000 ? new String[] {"100", "1000000"} : new String[] {"100", "10000"};
        measure(SnapshotBenchmark.class, "size", sizes);
        print("\n## Snapshots and deltas for those behind (ns)\n");
        print(
                "| elements | snapshot | snapshot and the write after it | delta since ten writes ago |\n|--:|--:|--:|--:|");
        for (String size : sizes) {
            print("| %s | %s | %s | %s |"
                    .formatted(
                            size,
                            round(median(SnapshotBenchmark.class, "snapshot", size)),
                            round(median(SnapshotBenchmark.class, "snapshotAndWrite", size)),
                            round(median(SnapshotBenchmark.class, "deltaSinceTenWrites", size))));
        }
    }

    private void deltaBytes(List<DeltaBytes.Row> rows) {
        print("\n## Delta (bytes)\n");
        print("| operation | replicas | Rejoin, link | Rejoin, self-contained | Pekko |\n|---|--:|--:|--:|--:|");
        for (DeltaBytes.Row row : rows) {
            print("| %s | %d | %d | %d | %d |"
                    .formatted(row.operation(), row.replicas(), row.link(), row.selfContained(), row.peer()));
        }
        bound("counter delta on a link ≤ 8 B", most(rows, "counter increment"), 8, "B");
        bound("add on a link ≤ 8 B + element (5 B)", most(rows, "set add"), 13, "B");
        bound("remove on a link ≤ 6 B per dot", most(rows, "set remove"), 6, "B");
    }

    private static int most(List<DeltaBytes.Row> rows, String operation) {
        return rows.stream()
                .filter(row -> row.operation().startsWith(operation))
                .mapToInt(DeltaBytes.Row::link)
                .max()
                .orElseThrow();
    }

    private void heap(List<HeapPerElement.Row> rows) {
        print("\n## Heap per element of a set, elements excluded (bytes)\n");
        print("| elements | Rejoin | HashSet | Pekko |\n|--:|--:|--:|--:|");
        double most = 0;
        for (HeapPerElement.Row row : rows) {
            print("| %d | %.1f | %.1f | %.1f |".formatted(row.size(), row.ours(), row.hashSet(), row.peer()));
            if (row.size() >= 1_000) {
                most = Math.max(most, row.ours());
            }
        }
        bound("set ≤ 24 B per element from 10³ on", most, 24, "B");
    }

    private void bound(String sentence, double value, double limit, String unit) {
        bounds.add("- %s: %s %s %s".formatted(sentence, round(value), unit, value <= limit ? "✓" : "**missed**"));
    }

    private static String round(double value) {
        return value >= 100 ? String.format(Locale.ROOT, "%,.0f", value) : String.format(Locale.ROOT, "%.1f", value);
    }
}
