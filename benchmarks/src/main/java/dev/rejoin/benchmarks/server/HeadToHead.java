package dev.rejoin.benchmarks.server;

import static dev.rejoin.benchmarks.Bound.round;

import dev.rejoin.benchmarks.Bound;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * Measures the server beside {@code @hocuspocus/server}, {@code @y/websocket-server} and the least that any server has to do, and
 * prints one page of Markdown: medians, ratios, and the bounds the project has set itself, each section when it is finished.
 *
 * <p>{@code java -cp benchmarks.jar dev.rejoin.benchmarks.server.HeadToHead [full|quick] [section …]}, in the checkout. Each server is
 * a process of its own, its processor time and memory are read from /proc. One thread makes the load for all of them. Ours keeps
 * every change on disk before it tells of it; the peers keep everything in memory. With {@code -Drejoin.before=JAR} an earlier
 * version of ours runs beside it.
 */
public final class HeadToHead {
    private static final double NANOS = 1e6;
    private static final double OBSERVED_LETTERS_PER_SECOND = 50;
    private static final double TYPED_LETTERS_PER_SECOND = 5;
    private static final int TYPISTS = 5;
    private static final double MOVES_PER_SECOND = 1;

    /** How much faster people type and move while a server warms up. */
    private static final double WARM_UP_PACE = 3;

    private static final double MEBIBYTE = 1 << 20;

    private final PrintStream out;
    private final Level level;
    private final Path checkout;
    private final Path work;
    private final List<Bound> bounds = new ArrayList<>();
    private final List<Contender> running = new ArrayList<>();
    private int runs;

    HeadToHead(PrintStream out, Level level, Path checkout) throws IOException {
        this.out = out;
        this.level = level;
        this.checkout = checkout;
        this.work = Files.createDirectories(checkout.resolve(
                "benchmarks/target/head-to-head/" + ProcessHandle.current().pid()));
    }

    /** Runs everything, or the sections that are named, and prints the page. */
    @SuppressWarnings("SystemOut")
    public static void main(String[] args) throws IOException {
        boolean quick = args.length > 0 && args[0].equals("quick");
        Set<String> sections = new TreeSet<>(Arrays.asList(args));
        sections.removeAll(Set.of("quick", "full"));
        new HeadToHead(System.out, quick ? Level.QUICK : Level.FULL, Path.of("").toAbsolutePath()).run(sections);
    }

    private interface Section {
        void run() throws IOException;
    }

    void run(Set<String> wanted) throws IOException {
        Map<String, Section> sections = new LinkedHashMap<>();
        sections.put("fan-out", this::fanOut);
        sections.put("rooms", this::rooms);
        sections.put("presence", this::presence);
        sections.put("joins", this::joins);
        sections.put("idle", this::idle);
        sections.put("start", this::start);
        sections.put("cold", this::cold);
        if (!sections.keySet().containsAll(wanted)) {
            throw new IllegalArgumentException("sections are " + sections.keySet() + ", not " + wanted);
        }
        print(
                "JDK %s, %d processors, load average %s before; %d rounds of each measurement, in turns between the servers."
                        .formatted(
                                Runtime.version(),
                                Runtime.getRuntime().availableProcessors(),
                                Files.readString(Path.of("/proc/loadavg")).split(" ")[0],
                                level.rounds()));
        for (Map.Entry<String, Section> section : sections.entrySet()) {
            if (wanted.isEmpty() || wanted.contains(section.getKey())) {
                run(section.getValue());
            }
        }
        // what goes wrong leaves the logs of the servers
        Contender.deleteTree(work);
    }

    private void run(Section section) throws IOException {
        int known = bounds.size();
        try {
            section.run();
        } finally {
            running.forEach(Contender::close);
            running.clear();
        }
        // a page that is cut short has the verdicts of what was finished
        print("\n" + Bound.HEAD);
        bounds.subList(known, bounds.size()).forEach(bound -> print(bound.row()));
    }

    List<Bound> bounds() {
        return bounds;
    }

    private void print(String line) {
        out.println(line);
    }

    private Contender rejoin() {
        Path data = work.resolve("data-" + ++runs);
        Contender.deleteTree(data);
        return started(Contender.rejoin(checkout, data));
    }

    /** Ours, and what it was before if there is a jar of that. */
    private List<Contender> versions(Contender ours) {
        String before = System.getProperty("rejoin.before", "");
        if (before.isEmpty()) {
            return List.of(ours);
        }
        Path data = work.resolve("data-" + ++runs);
        return List.of(ours, started(Contender.before(checkout, Path.of(before), data)));
    }

    @SafeVarargs
    private static List<Contender> all(List<Contender>... groups) {
        return Arrays.stream(groups).flatMap(List::stream).toList();
    }

    private Contender floor() {
        return started(Contender.floor(work));
    }

    private List<Contender> peers() throws IOException {
        Path packages = checkout.resolve("benchmarks/peers/servers");
        install(packages);
        return List.of(
                started(Contender.yWebsocketServer(packages, work)), started(Contender.hocuspocus(packages, work)));
    }

    private Contender started(Contender contender) {
        running.add(contender);
        return contender;
    }

    private void install(Path packages) throws IOException {
        // npm writes this when everything else is in place
        if (Files.exists(packages.resolve("node_modules/.package-lock.json"))) {
            return;
        }
        Process npm = new ProcessBuilder("npm", "ci", "--no-audit", "--no-fund")
                .directory(packages.toFile())
                .redirectErrorStream(true)
                .redirectOutput(work.resolve("npm.log").toFile())
                .start();
        try {
            if (npm.waitFor() != 0) {
                throw new IOException("npm ci failed: " + Files.readString(work.resolve("npm.log")));
            }
        } catch (InterruptedException e) {
            npm.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /** The outcomes of all rounds, with each server in turn, after rounds to warm up, whose outcomes are thrown away. */
    private <T> Map<Contender, List<T>> rounds(
            List<Contender> contenders, Function<Contender, ?> warmUp, Function<Contender, T> round) {
        Map<Contender, List<T>> outcomes = new LinkedHashMap<>();
        // the load itself, with a server that is not measured: else the first one is warmed up by less
        try (Contender nobody = Contender.floor(work)) {
            warmUp(nobody, warmUp, level.warmUps() / 3);
        }
        for (Contender contender : contenders) {
            outcomes.put(contender, new ArrayList<>());
            warmUp(contender, warmUp, level.warmUps());
        }
        for (int i = 0; i < level.rounds(); i++) {
            for (int j = 0; j < contenders.size(); j++) {
                Contender next = contenders.get((i + j) % contenders.size());
                Objects.requireNonNull(outcomes.get(next)).add(round.apply(next));
                next.rest();
            }
        }
        return outcomes;
    }

    private static void warmUp(Contender contender, Function<Contender, ?> warmUp, int times) {
        for (int i = 0; i < times; i++) {
            var unused = warmUp.apply(contender);
        }
        contender.rest();
    }

    private static <T> double median(List<T> outcomes, ToDoubleFunction<T> figure) {
        double[] sorted = outcomes.stream().mapToDouble(figure).sorted().toArray();
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    /** @throws IllegalStateException unless everything arrived; only a peer may be too slow */
    private static void checkComplete(Contender server, long missing, long of) {
        if (missing > 0 && server.name().startsWith("Rejoin")) {
            throw new IllegalStateException(server.name() + " did not deliver " + missing + " of " + of);
        }
    }

    private Map<Contender, List<Typing.Outcome>> typing(
            List<Contender> contenders, String name, int rooms, int typists, int observers, double rate) {
        Map<Contender, List<Typing.Outcome>> outcomes = rounds(
                contenders,
                server -> ++runs % 2 == 0
                        ? manyLetters(server)
                        : Typing.run(
                                server,
                                name + runs,
                                rooms,
                                typists,
                                observers,
                                WARM_UP_PACE * rate,
                                level.warmUpSeconds()),
                server -> Typing.run(server, name + ++runs, rooms, typists, observers, rate, level.seconds()));
        outcomes.forEach((server, rounds) ->
                rounds.forEach(round -> checkComplete(server, round.missing(), round.deliveries() + round.missing())));
        return outcomes;
    }

    /**
     * A round of {@code rooms} in a hurry. What a server runs once for a letter is run too seldom while one types before many: its compiler
     * would come to it in the rounds that are measured.
     */
    private Typing.Outcome manyLetters(Contender server) {
        return Typing.run(
                server,
                "many" + runs,
                level.rooms(),
                TYPISTS,
                0,
                WARM_UP_PACE * TYPED_LETTERS_PER_SECOND,
                level.warmUpSeconds());
    }

    private void typingTable(
            String title,
            String unit,
            Map<Contender, List<Typing.Outcome>> outcomes,
            ToDoubleFunction<Typing.Outcome> count) {
        print("\n## " + title + "\n");
        print("| | µs of processor per " + unit
                + " | of it in the kernel | told, p50 ms | p99 ms | kept, p50 ms | p99 ms | letters per"
                + " message | missing |");
        print("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
        outcomes.forEach((server, rounds) -> print("| %s | %s | %s | %s | %s | %s | %s | %s | %s |"
                .formatted(
                        server.name(),
                        round(median(rounds, it -> NANOS * it.usage().seconds() / count.applyAsDouble(it))),
                        round(median(rounds, it -> NANOS * it.usage().kernelSeconds() / count.applyAsDouble(it))),
                        round(median(rounds, it -> it.told().percentile(50))),
                        round(median(rounds, it -> it.told().percentile(99))),
                        round(median(rounds, it -> it.kept().percentile(50))),
                        round(median(rounds, it -> it.kept().percentile(99))),
                        round(median(rounds, it -> (double) it.deliveries() / it.messages())),
                        round(median(rounds, Typing.Outcome::missing)))));
    }

    private void fanOut() throws IOException {
        Contender ours = rejoin();
        Contender floor = floor();
        List<Contender> peers = peers();
        Map<Contender, List<Typing.Outcome>> outcomes = typing(
                all(versions(ours), List.of(floor), peers),
                "fan-out",
                1,
                1,
                level.observers(),
                OBSERVED_LETTERS_PER_SECOND);
        typingTable(
                "One types %s letters a second, %d watch"
                        .formatted(round(OBSERVED_LETTERS_PER_SECOND), level.observers()),
                "delivery",
                outcomes,
                Typing.Outcome::deliveries);
        ToDoubleFunction<Contender> cpu = server -> median(
                Objects.requireNonNull(outcomes.get(server)), it -> it.usage().seconds() / it.deliveries());
        ToDoubleFunction<Contender> p99 = server -> median(
                Objects.requireNonNull(outcomes.get(server)), it -> it.told().percentile(99));
        bounds.add(Bound.atMost(
                "fan-out: processor per delivery ÷ floor",
                1.25,
                cpu.applyAsDouble(ours) / cpu.applyAsDouble(floor),
                "×"));
        bounds.add(Bound.atMost(
                "fan-out: p99 ÷ the better peer's",
                1,
                p99.applyAsDouble(ours) / peers.stream().mapToDouble(p99).min().orElseThrow(),
                "×"));
    }

    private void rooms() throws IOException {
        Contender ours = rejoin();
        Contender floor = floor();
        List<Contender> peers = peers();
        Map<Contender, List<Typing.Outcome>> outcomes = typing(
                all(versions(ours), List.of(ours.overHocuspocus(), floor), peers),
                "rooms",
                level.rooms(),
                TYPISTS,
                0,
                TYPED_LETTERS_PER_SECOND);
        typingTable(
                "%d documents with %d typists each, %s letters a second from each"
                        .formatted(level.rooms(), TYPISTS, round(TYPED_LETTERS_PER_SECOND)),
                "letter",
                outcomes,
                Typing.Outcome::letters);
        ToDoubleFunction<Contender> cpu = server -> median(
                Objects.requireNonNull(outcomes.get(server)), it -> it.usage().seconds() / it.letters());
        bounds.add(Bound.atMost(
                "rooms: processor per letter ÷ the better peer's",
                0.5,
                cpu.applyAsDouble(ours) / peers.stream().mapToDouble(cpu).min().orElseThrow(),
                "×"));
        bounds.add(Bound.atMost(
                "rooms: p99 until a letter is on disk and its author knows",
                10,
                median(
                        Objects.requireNonNull(outcomes.get(ours)),
                        it -> it.kept().percentile(99)),
                "ms"));
    }

    private void presence() throws IOException {
        Contender ours = rejoin();
        List<Contender> peers = peers();
        List<Contender> contenders = all(versions(ours), peers);
        for (int crowd : level.crowd()) {
            Map<Contender, List<Presence.Outcome>> outcomes = rounds(
                    contenders,
                    // the smaller crowd for both: nobody is to be so late after it that it shows
                    server -> Presence.run(
                            server,
                            "presence" + ++runs,
                            level.crowd()[0],
                            WARM_UP_PACE * MOVES_PER_SECOND,
                            level.warmUpSeconds()),
                    server -> Presence.run(server, "presence" + ++runs, crowd, MOVES_PER_SECOND, level.seconds()));
            print("\n## %d clients in one document move their cursors once a second\n".formatted(crowd));
            print("| | processors | of it in the kernel | late, p50 ms | p99 ms | most ms | bytes per client and"
                    + " second | seen |");
            print("|---|--:|--:|--:|--:|--:|--:|--:|");
            outcomes.forEach((server, rounds) -> {
                rounds.forEach(round -> checkComplete(server, round.expected() - round.heard(), round.expected()));
                print("| %s | %.3f | %.3f | %s | %s | %s | %s | %s %% |"
                        .formatted(
                                server.name(),
                                median(rounds, it -> it.usage().seconds() / it.seconds()),
                                median(rounds, it -> it.usage().kernelSeconds() / it.seconds()),
                                round(median(rounds, it -> it.late().percentile(50))),
                                round(median(rounds, it -> it.late().percentile(99))),
                                round(median(rounds, it -> it.late().percentile(100))),
                                round(median(rounds, it -> it.bytes() / it.seconds() / crowd)),
                                round(median(rounds, it -> 100.0 * it.heard() / it.expected()))));
            });
            ToDoubleFunction<Contender> cpu = server -> median(
                    Objects.requireNonNull(outcomes.get(server)),
                    it -> it.usage().seconds());
            bounds.add(Bound.atMost(
                    "presence of %d: processor ÷ the better peer's".formatted(crowd),
                    0.125,
                    cpu.applyAsDouble(ours)
                            / peers.stream().mapToDouble(cpu).min().orElseThrow(),
                    "×"));
            bounds.add(Bound.atMost(
                    "presence of %d: p99 of how late a client is seen".formatted(crowd),
                    100,
                    median(
                            Objects.requireNonNull(outcomes.get(ours)),
                            it -> it.late().percentile(99)),
                    "ms"));
        }
    }

    private void joins() throws IOException {
        LargeDocument large = new LargeDocument(level.largeBytes(), 3);
        // warms up the code, and leaves the memory for the large one to be taken while that is looked at
        LargeDocument small = new LargeDocument(level.largeBytes() / 20, 1);
        Contender ours = rejoin();
        Contender floor = floor();
        List<Contender> peers = peers();
        Map<Contender, JoinStorm> storms = new LinkedHashMap<>();
        Map<Contender, List<JoinStorm.Outcome>> outcomes = rounds(
                all(versions(ours), List.of(floor), peers),
                server -> {
                    try (JoinStorm warmUp = new JoinStorm(server, "small" + ++runs, small)) {
                        return warmUp.run(level.joins());
                    }
                },
                server -> {
                    JoinStorm storm = storms.computeIfAbsent(server, it -> new JoinStorm(it, "large", large));
                    storms.values().forEach(JoinStorm::answerPings);
                    return storm.run(level.joins());
                });
        print("\n## %d join a document of %s MB at once\n".formatted(level.joins(), round(large.bytes() / 1e6)));
        print("| | ms of processor per join | of it in the kernel | joined, p50 ms | p99 ms | memory grew by, MiB |"
                + " missing |");
        print("|---|--:|--:|--:|--:|--:|--:|");
        outcomes.forEach((server, rounds) -> {
            rounds.forEach(round -> checkComplete(server, round.missing(), level.joins()));
            print("| %s | %s | %s | %s | %s | %s | %s |"
                    .formatted(
                            server.name(),
                            round(median(rounds, it -> 1e3 * it.usage().seconds() / level.joins())),
                            round(median(rounds, it -> 1e3 * it.usage().kernelSeconds() / level.joins())),
                            round(median(rounds, it -> it.joined().percentile(50))),
                            round(median(rounds, it -> it.joined().percentile(99))),
                            round(Objects.requireNonNull(storms.get(server)).growthBytes() / MEBIBYTE),
                            round(median(rounds, JoinStorm.Outcome::missing))));
        });
        ToDoubleFunction<Contender> cpu = server -> median(
                Objects.requireNonNull(outcomes.get(server)), it -> it.usage().seconds());
        ToDoubleFunction<Contender> p99 = server -> median(
                Objects.requireNonNull(outcomes.get(server)), it -> it.joined().percentile(99));
        bounds.add(Bound.atMost(
                "joins: processor ÷ the better peer's",
                0.125,
                cpu.applyAsDouble(ours) / peers.stream().mapToDouble(cpu).min().orElseThrow(),
                "×"));
        bounds.add(Bound.atMost(
                "joins: p99 ÷ the better peer's",
                0.125,
                p99.applyAsDouble(ours) / peers.stream().mapToDouble(p99).min().orElseThrow(),
                "×"));
        bounds.add(Bound.atMost(
                "joins: growth of memory ÷ the document",
                2,
                Objects.requireNonNull(storms.get(ours)).growthBytes() / (double) large.bytes(),
                "×"));
        storms.values().forEach(JoinStorm::close);
    }

    private void idle() throws IOException {
        List<Contender> all = all(versions(rejoin()), peers());
        print("\n## Doing nothing\n");
        print("| | resident, MiB | proportional, MiB | bytes per idle connection |");
        print("|---|--:|--:|--:|");
        for (Contender server : all) {
            server.rest();
            double resident = Usage.residentBytes(server.pid()) / MEBIBYTE;
            double proportional = Usage.proportionalBytes(server.pid()) / MEBIBYTE;
            double each = Idle.bytesPerConnection(server, "idle", level.idle());
            print("| %s | %s | %s | %s |".formatted(server.name(), round(resident), round(proportional), round(each)));
            if (server == all.get(0)) {
                bounds.add(Bound.atMost("an idle connection", 10, each / 1e3, "kB"));
            }
        }
    }

    private void start() {
        Store store = new Store(checkout, work.resolve("data-documents"));
        store.fill(level.documents(), TypedText.letter(0, 0));
        List<Store.Start> starts = new ArrayList<>();
        for (int i = 0; i < level.rounds(); i++) {
            starts.add(store.start());
        }
        print("\n## Start with %,d documents\n".formatted(level.documents()));
        print("| | first one served after, s | resident then, MiB |\n|---|--:|--:|");
        double seconds = median(starts, Store.Start::seconds);
        print("| Rejoin | %.2f | %s |"
                .formatted(seconds, round(median(starts, Store.Start::residentBytes) / MEBIBYTE)));
        bounds.add(Bound.atMost(
                "start with %,d documents until the first is served".formatted(level.documents()), 1, seconds, "s"));
    }

    private void cold() {
        Store store = new Store(checkout, work.resolve("data-cold"));
        store.fill(
                level.cold(), new LargeDocument(level.coldBytes(), 6).updates().get(0));
        Store.Cold cold = store.open(level.cold());
        print("\n## %,d documents open that nobody has written to\n".formatted(level.cold()));
        print("| | bytes of the documents, MB | of the heap, MB | resident, MB |\n|---|--:|--:|--:|");
        print("| Rejoin | %s | %s | %s |"
                .formatted(
                        round(cold.bytes() / 1e6), round(cold.heapBytes() / 1e6), round(cold.residentBytes() / 1e6)));
        bounds.add(
                Bound.atMost("a cold document: heap ÷ its bytes", 1.1, cold.heapBytes() / (double) cold.bytes(), "×"));
    }
}
