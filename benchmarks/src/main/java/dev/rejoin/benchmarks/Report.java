package dev.rejoin.benchmarks;

import static dev.rejoin.benchmarks.Bound.round;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.runner.RunnerException;

/**
 * Runs the standard benchmarks and prints one page of Markdown: medians, ratios, and the bounds the project has set itself.
 *
 * <p>{@code java -cp benchmarks.jar dev.rejoin.benchmarks.Report [forks] [iterations] [milliseconds per iteration] [largest size]
 * [section …]}. Without sections, all. All contenders run on the same JVM in the same job; compare within a table, not between runs.
 */
public final class Report {
    private static final int[] SIZES = {100, 1_000, 10_000, 100_000, 1_000_000};

    private final PrintStream out;
    private final Medians medians;
    private final String settings;
    private final int largest;
    private final List<Bound> bounds = new ArrayList<>();

    Report(PrintStream out, int forks, int iterations, int millis, int largest) {
        this.out = out;
        this.medians = new Medians(forks, iterations, millis);
        this.largest = largest;
        this.settings =
                "%d forks of %d iterations of %d ms, after as many to warm up".formatted(forks, iterations, millis);
    }

    /** Runs everything, or the sections that are named, and prints the page. */
    @SuppressWarnings("SystemOut")
    public static void main(String[] args) throws RunnerException {
        Report report = new Report(
                System.out, number(args, 0, 2), number(args, 1, 5), number(args, 2, 500), number(args, 3, 1_000_000));
        report.run(new TreeSet<>(Arrays.asList(args).subList(Math.min(4, args.length), args.length)));
    }

    private static int number(String[] args, int index, int otherwise) {
        return args.length > index ? Integer.parseInt(args[index]) : otherwise;
    }

    /** A part of the page that can be run alone. */
    private interface Section {
        void run() throws RunnerException;
    }

    void run(Set<String> wanted) throws RunnerException {
        Map<String, Section> sections = new java.util.LinkedHashMap<>();
        sections.put("mutation", this::mutation);
        sections.put("fill", this::fill);
        sections.put("contains", this::contains);
        sections.put("merge", this::merge);
        sections.put("batch", this::batch);
        sections.put("counter", this::counter);
        sections.put("types", this::types);
        sections.put("map", this::map);
        sections.put("judged", this::judged);
        sections.put("codec", this::codec);
        sections.put("snapshot", this::snapshot);
        sections.put("reconcile", this::reconcile);
        sections.put("bytes", this::bytes);
        sections.put("heap", this::heap);
        if (!sections.keySet().containsAll(wanted)) {
            throw new IllegalArgumentException("sections are " + sections.keySet() + ", not " + wanted);
        }
        print("JDK %s, %d processors; medians over %s."
                .formatted(Runtime.version(), Runtime.getRuntime().availableProcessors(), settings));
        for (Map.Entry<String, Section> section : sections.entrySet()) {
            if (wanted.isEmpty() || wanted.contains(section.getKey())) {
                section.getValue().run();
            }
        }
        print("\n## Bounds\n\n" + Bound.HEAD);
        bounds.forEach(bound -> print(bound.row()));
        if (!Double.isNaN(medians.share())) {
            print("\nOf the wall clock %.0f %% was ours (median).".formatted(100 * medians.share()));
        }
    }

    private void print(String line) {
        out.println(line);
    }

    private String[] sizes(int... all) {
        return Arrays.stream(all)
                .filter(size -> size <= largest)
                .mapToObj(Integer::toString)
                .toArray(String[]::new);
    }

    /** A table of ours, a floor that may be missing, and the peer that may be missing; returns our figures. */
    private double[] table(
            String title,
            String parameter,
            String[] values,
            Class<?> benchmark,
            String ours,
            @Nullable String floor,
            @Nullable String peer) {
        return table(title, parameter, values, benchmark, ours, floor, peer, value -> 1);
    }

    private double[] table(
            String title,
            String parameter,
            String[] values,
            Class<?> benchmark,
            String ours,
            @Nullable String floor,
            @Nullable String peer,
            java.util.function.ToDoubleFunction<String> operations) {
        String floorName = floor == null ? "" : floor.contains("Set") ? "HashSet" : "HashMap";
        print("\n## " + title + "\n");
        print("| " + parameter + " | Rejoin | allocated, B |"
                + (floor == null ? "" : " " + floorName + " | Rejoin ÷ " + floorName + " |")
                + (peer == null ? "" : " Pekko | Pekko ÷ Rejoin | allocated, B |"));
        print("|--:|--:|--:|" + (floor == null ? "" : "--:|--:|") + (peer == null ? "" : "--:|--:|--:|"));
        double[] figures = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            double count = operations.applyAsDouble(values[i]);
            Medians.Figure own = medians.of(benchmark, ours, values[i]);
            figures[i] = own.nanos() / count;
            StringBuilder row = new StringBuilder(
                    "| " + grouped(values[i]) + " | " + round(figures[i]) + " | " + round(own.bytes() / count) + " |");
            if (floor != null) {
                double nanos = medians.nanos(benchmark, floor, values[i]);
                row.append(" %s | %s |".formatted(round(nanos / count), round(own.nanos() / nanos)));
            }
            if (peer != null) {
                Medians.Figure theirs = medians.of(benchmark, peer, values[i]);
                row.append(" %s | %s | %s |"
                        .formatted(
                                round(theirs.nanos() / count),
                                round(theirs.nanos() / own.nanos()),
                                round(theirs.bytes() / count)));
            }
            print(row.toString());
        }
        return figures;
    }

    private static String grouped(String value) {
        return value.isEmpty() ? "" : String.format(java.util.Locale.ROOT, "%,d", Long.parseLong(value));
    }

    private static double most(double... figures) {
        return Arrays.stream(figures).max().orElse(Double.NaN);
    }

    private static double growth(double... figures) {
        return most(figures) / Arrays.stream(figures).min().orElse(Double.NaN);
    }

    private void mutation() throws RunnerException {
        String[] sizes = sizes(SIZES);
        medians.run(SetMutationBenchmark.class, ".*", Map.of("size", sizes));
        double[] ours = table(
                "Set: remove a random element or add it again, with the delta (ns)",
                "elements",
                sizes,
                SetMutationBenchmark.class,
                "ours",
                "hashSet",
                "pekko");
        for (int i = 0; i < sizes.length; i++) {
            mutationBound(
                    "set mutation with its delta, " + grouped(sizes[i]) + " elements",
                    ours[i],
                    SetMutationBenchmark.class,
                    "hashSet",
                    sizes[i]);
        }
    }

    /** A bound on a local mutation, with the ratio to the floor beside it, which is slow itself where memory is. */
    private void mutationBound(String what, double nanos, Class<?> benchmark, String floor, String parameter) {
        double ratio = nanos / medians.nanos(benchmark, floor, parameter);
        String name = floor.equals("hashSet") ? "HashSet" : "HashMap";
        bounds.add(Bound.atMost(what + ": " + round(ratio) + " × " + name, 300, nanos, "ns"));
    }

    private void fill() throws RunnerException {
        String[] sizes = sizes(100, 10_000, 1_000_000);
        medians.run(SetFillBenchmark.class, ".*", Map.of("size", sizes));
        double[] added = table(
                "Set: add each of n elements to an empty set, with its delta (ns per element)",
                "elements",
                sizes,
                SetFillBenchmark.class,
                "addOurs",
                "addHashSet",
                "addPekko",
                Double::parseDouble);
        double[] removed = table(
                "Set: remove all of n elements in random order, each with its delta (ns per element)",
                "elements",
                sizes,
                SetFillBenchmark.class,
                "removeOurs",
                "removeHashSet",
                "removePekko",
                Double::parseDouble);
        for (int i = 0; i < sizes.length; i++) {
            String elements = grouped(sizes[i]) + " elements";
            bounds.add(Bound.atMost("set add with its delta, from empty to " + elements, 300, added[i], "ns"));
            bounds.add(Bound.atMost("set remove with its delta, from " + elements + " to none", 300, removed[i], "ns"));
        }
    }

    private void contains() throws RunnerException {
        String[] sizes = sizes(SIZES);
        medians.run(SetContainsBenchmark.class, ".*", Map.of("size", sizes));
        table(
                "Set: ask for a random element (ns)",
                "elements",
                sizes,
                SetContainsBenchmark.class,
                "ours",
                "hashSet",
                "pekko");
    }

    private void merge() throws RunnerException {
        String[] sizes = sizes(SIZES);
        medians.run(SetMergeBenchmark.class, ".*", Map.of("size", sizes));
        double[] ours = table(
                "Set: merge a delta of one element (ns)",
                "elements",
                sizes,
                SetMergeBenchmark.class,
                "ours",
                null,
                "pekko");
        double[] again = table(
                "Set: merge the addition of a random element that is there already (ns)",
                "elements",
                sizes,
                SetMergeBenchmark.class,
                "oursReadd",
                null,
                null);
        bounds.add(Bound.atMost("merging a one-element delta, slowest size", 1_000, most(ours), "ns"));
        bounds.add(Bound.atMost("its growth from the fastest size to the slowest", 2, growth(ours), "×"));
        for (int i = 0; i < sizes.length; i++) {
            bounds.add(Bound.atMost(
                    "merging the addition of an element that is there, " + grouped(sizes[i]) + " elements",
                    1_000,
                    again[i],
                    "ns"));
        }
        bounds.add(Bound.atLeast(
                "merging at 10,000 elements, Pekko ÷ Rejoin",
                100,
                medians.nanos(SetMergeBenchmark.class, "pekko", 10_000)
                        / medians.nanos(SetMergeBenchmark.class, "ours", 10_000),
                "×"));
    }

    private void batch() throws RunnerException {
        String[] sizes = sizes(100, 10_000, 1_000_000);
        medians.run(SetBatchMergeBenchmark.class, ".*", Map.of("size", sizes));
        table(
                "Set: merge a delta of a hundred elements, Pekko's best case (ns per element)",
                "elements",
                sizes,
                SetBatchMergeBenchmark.class,
                "ours",
                null,
                "pekko");
    }

    private void counter() throws RunnerException {
        String[] replicas = {"1", "10", "100", "1000"};
        medians.run(CounterBenchmark.class, ".*", Map.of("replicas", replicas));
        medians.run(CounterMergeBenchmark.class, ".*", Map.of("replicas", replicas));
        double[] local = table(
                "Counter: increment, with its delta (ns)",
                "replicas",
                replicas,
                CounterBenchmark.class,
                "ours",
                "hashMap",
                "pekko");
        double[] merged = table(
                "Counter: merge an increment (ns)",
                "replicas",
                replicas,
                CounterMergeBenchmark.class,
                "ours",
                "hashMap",
                "pekko");
        for (int i = 0; i < replicas.length; i++) {
            mutationBound(
                    "counter increment with its delta, replicas: " + grouped(replicas[i]),
                    local[i],
                    CounterBenchmark.class,
                    "hashMap",
                    replicas[i]);
        }
        bounds.add(Bound.atMost("merging a counter's delta, up to 1,000 replicas", 300, most(merged), "ns"));
    }

    private void types() throws RunnerException {
        medians.run(RegisterBenchmark.class, ".*", Map.of());
        medians.run(FlagBenchmark.class, ".*", Map.of());
        String[] none = {""};
        double[] register = table(
                "Register: set, with its delta (ns; Pekko has no delta for it)",
                "",
                none,
                RegisterBenchmark.class,
                "ours",
                "hashMap",
                "pekko");
        double[] multiValue = table(
                "Multi-value register: set, with its delta (ns; Pekko has none)",
                "",
                none,
                RegisterBenchmark.class,
                "oursMultiValue",
                "hashMap",
                null);
        double[] flag = table(
                "Flag: enable or disable, with its delta (ns; Pekko's cannot be disabled)",
                "",
                none,
                FlagBenchmark.class,
                "ours",
                "hashMap",
                null);
        mutationBound("register set with its delta", register[0], RegisterBenchmark.class, "hashMap", "");
        mutationBound("multi-value register set with its delta", multiValue[0], RegisterBenchmark.class, "hashMap", "");
        mutationBound("flag switch with its delta", flag[0], FlagBenchmark.class, "hashMap", "");
    }

    private void map() throws RunnerException {
        String[] sizes = sizes(100, 10_000);
        medians.run(MapBenchmark.class, ".*", Map.of("size", sizes));
        table(
                "Map: set the register under a random key, with its delta (ns)",
                "keys",
                sizes,
                MapBenchmark.class,
                "ours",
                "hashMap",
                "pekko");
    }

    private void judged() throws RunnerException {
        medians.run(JudgedBenchmark.class, ".*", Map.of());
        print("\n## A client's write until its verdict, 16 pending (ns)\n\n| set | register |\n|--:|--:|");
        print("| %s | %s |"
                .formatted(
                        round(medians.nanos(JudgedBenchmark.class, "set", "")),
                        round(medians.nanos(JudgedBenchmark.class, "register", ""))));
    }

    private void codec() throws RunnerException {
        String[] sizes = sizes(1_000, 100_000);
        medians.run(CodecBenchmark.class, ".*", Map.of("size", sizes));
        table(
                "Set: write the whole as bytes (ns per element)",
                "elements",
                sizes,
                CodecBenchmark.class,
                "encodeOurs",
                null,
                "encodePekko",
                Double::parseDouble);
        table(
                "Set: read the whole from bytes (ns per element)",
                "elements",
                sizes,
                CodecBenchmark.class,
                "decodeOurs",
                null,
                "decodePekko",
                Double::parseDouble);
    }

    private void snapshot() throws RunnerException {
        String[] sizes = sizes(100, 10_000, 1_000_000);
        medians.run(SnapshotBenchmark.class, ".*", Map.of("size", sizes));
        print("\n## Document: snapshots, and deltas for those behind (ns)\n");
        print(
                "| elements | snapshot | snapshot and the write after it | delta since ten writes ago |\n|--:|--:|--:|--:|");
        for (String size : sizes) {
            print("| %s | %s | %s | %s |"
                    .formatted(
                            grouped(size),
                            round(medians.nanos(SnapshotBenchmark.class, "snapshot", size)),
                            round(medians.nanos(SnapshotBenchmark.class, "snapshotAndWrite", size)),
                            round(medians.nanos(SnapshotBenchmark.class, "deltaSinceTenWrites", size))));
        }
    }

    private void reconcile() throws RunnerException {
        String[] sizes = sizes(100, 10_000, 1_000_000);
        medians.run(ReconcileBenchmark.class, ".*", Map.of("size", sizes));
        print("\n## Two replicas compare (µs)\n");
        print(
                "| elements | equal? | digest after a write | Pekko | ten differ: what the other lacks | Pekko: merge all |\n|--:|--:|--:|--:|--:|--:|");
        for (String size : sizes) {
            String[] cells = Stream.of(
                            "equalOurs", "digestAfterWriteOurs", "digestAfterWritePekko", "differOurs", "differPekko")
                    .map(method -> round(medians.nanos(ReconcileBenchmark.class, method, size) / 1_000))
                    .toArray(String[]::new);
            print("| " + grouped(size) + " | " + String.join(" | ", cells) + " |");
        }
        double[] equal = Arrays.stream(sizes)
                .mapToDouble(size -> medians.nanos(ReconcileBenchmark.class, "equalOurs", size))
                .toArray();
        bounds.add(Bound.atMost("comparing equal states, growth from 100 elements to the most", 2, growth(equal), "×"));
    }

    private void bytes() {
        List<DeltaBytes.Row> rows;
        try (Pekko pekko = new Pekko()) {
            rows = DeltaBytes.measure(pekko);
        }
        print("\n## Deltas (bytes; the element has five)\n");
        print(
                "| operation | replicas | dots | Rejoin, link | per dot | Rejoin, self-contained | Pekko |\n|---|--:|--:|--:|--:|--:|--:|");
        for (DeltaBytes.Row row : rows) {
            print("| %s | %,d | %,d | %,d | %s | %,d | %s |"
                    .formatted(
                            row.operation(),
                            row.replicas(),
                            row.dots(),
                            row.link(),
                            round(row.perDot()),
                            row.selfContained(),
                            row.peer() == 0 ? "–" : String.format(java.util.Locale.ROOT, "%,d", row.peer())));
        }
        bounds.add(
                Bound.atMost("counter delta on a link, 1 to 1,000 replicas", 8, link(rows, DeltaBytes.COUNTER), "B"));
        bounds.add(Bound.atMost(
                "add on a link beyond the element, 1 to 1,000 replicas", 8, link(rows, DeltaBytes.ADD), "B"));
        bounds.add(Bound.atMost(
                "remove on a link per dot, 1 to 1,000 replicas",
                6,
                of(rows, DeltaBytes.REMOVE)
                        .mapToDouble(DeltaBytes.Row::perDot)
                        .max()
                        .orElse(Double.NaN),
                "B"));
    }

    private static Stream<DeltaBytes.Row> of(List<DeltaBytes.Row> rows, String operation) {
        return rows.stream().filter(row -> row.operation().startsWith(operation));
    }

    private static double link(List<DeltaBytes.Row> rows, String operation) {
        return of(rows, operation)
                .mapToDouble(row -> row.link() - row.element())
                .max()
                .orElse(Double.NaN);
    }

    private void heap() {
        print("\n## Heap of a set per element, the element excluded (bytes)\n");
        print(
                "| elements | Rejoin | after 3 n random removals and additions | HashSet | Pekko | after the same |\n|--:|--:|--:|--:|--:|--:|");
        double fresh = 0;
        double churned = 0;
        for (HeapPerElement.Row row : HeapPerElement.measure(largest)) {
            print("| %,d | %s | %s | %s | %s | %s |"
                    .formatted(
                            row.size(),
                            round(row.ours()),
                            round(row.oursChurned()),
                            round(row.hashSet()),
                            round(row.peer()),
                            round(row.peerChurned())));
            if (row.size() >= 1_000) {
                fresh = Math.max(fresh, row.ours());
                churned = Math.max(churned, row.oursChurned());
            }
        }
        bounds.add(Bound.atMost("set per element, from 1,000 elements on", 24, fresh, "B"));
        bounds.add(Bound.atMost("the same after random removals and additions", 24, churned, "B"));
    }
}
