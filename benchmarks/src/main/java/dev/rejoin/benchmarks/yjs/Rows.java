package dev.rejoin.benchmarks.yjs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Measures the targets that a replay does not show, T7 and T10 to T15, and prints one JSON line per figure.
 *
 * <p>{@code java -cp benchmarks.jar dev.rejoin.benchmarks.yjs.Rows [TRACE [ROW…]]}. The script rows.mjs beside the peers does the same with Yjs.
 */
public final class Rows {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int KEYSTROKES = Timing.BRIEF ? 10 : 10_000;
    private static final int SCATTERED = Timing.BRIEF ? 100 : 10_000;

    private final PlainTrace trace;

    private Rows(PlainTrace trace) {
        this.trace = trace;
    }

    /** Prints the rows asked for, or all. */
    public static void main(String[] args) throws IOException {
        String name = args.length > 0 ? args[0] : "automerge-paper";
        if (!(TraceReader.read(TraceReader.find(name)) instanceof PlainTrace trace)) {
            throw new IllegalArgumentException("not a plain text's history: " + name);
        }
        Rows rows = new Rows(trace);
        List<String> wanted = args.length > 1 ? List.of(args).subList(1, args.length) : List.of();
        Map<String, Runnable> all = new LinkedHashMap<>();
        all.put("T7", rows::merging);
        all.put("T10", rows::hotSpots);
        all.put("T11", rows::keystrokes);
        all.put("T12", rows::hundredfold);
        all.put("T13", rows::scattered);
        all.put("T14", rows::nesting);
        all.put("T15", rows::allocation);
        all.forEach((row, measure) -> {
            if (wanted.isEmpty() || wanted.contains(row)) {
                measure.run();
            }
        });
    }

    private static Map<String, Object> line(String row, String what, long size) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("row", row);
        line.put("case", what);
        line.put("size", size);
        line.put("peer", "Rejoin");
        return line;
    }

    @SuppressWarnings("SystemOut")
    private static void print(Map<String, Object> line) {
        try {
            System.out.println(JSON.writeValueAsString(line));
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static int size(int full, int brief) {
        return Timing.BRIEF ? brief : full;
    }

    private void merging() {
        print(merge("typed", size(8_000, 80), SmallUpdates.typed(size(8_000, 80))));
        print(merge("clients", size(10_000, 100), SmallUpdates.ofClients(size(10_000, 100))));
    }

    private static Map<String, Object> merge(String what, int size, SmallUpdates updates) {
        Map<String, Object> line = line("T7", what, size);
        Timing.of(updates::merge).into(line, "time");
        byte[] merged = updates.merge();
        line.put("bytes", merged.length);
        line.put("ok", updates.holds(merged));
        return line;
    }

    private void hotSpots() {
        for (int clients : new int[] {size(1_540, 15), size(100_000, 100)}) {
            HotSpot spot = new HotSpot(clients);
            Map<String, Object> up = line("T10", "ascending", clients);
            Timing.of(spot::ascending).into(up, "time");
            print(up);
            Map<String, Object> down = line("T10", "descending", clients);
            Timing.of(spot::descending).into(down, "time");
            print(down);
        }
    }

    private void keystrokes() {
        print(keystroke("unobserved", false));
        print(keystroke("observed", true));
    }

    private Map<String, Object> keystroke(String what, boolean observed) {
        Map<String, Object> line = line("T11", what, trace.end().length());
        Keystrokes keys = new Keystrokes(trace, observed);
        Timing timing = Timing.of(() -> {
            Object last = "";
            for (int i = 0; i < KEYSTROKES; i++) {
                last = keys.press();
            }
            return Objects.requireNonNullElse(last, "");
        });
        line.put("time_ns", Timing.round(timing.warmMs() * 1e6 / KEYSTROKES));
        line.put("time_cold_ns", Timing.round(timing.coldMs() * 1e6 / KEYSTROKES));
        return line;
    }

    private void hundredfold() {
        int times = size(100, 2);
        Hundredfold work = new Hundredfold(trace, times);
        Map<String, Object> line = line("T12", "repeated", (long) times * trace.edits());
        Timing.of(work::run).into(line, "time");
        line.put("heap_bytes", HeapPerCopy.measureCopies(1, work::run));
        print(line);
    }

    private void scattered() {
        for (int runs : new int[] {size(60_000, 600), size(600_000, 1_000), size(1_000_000, 2_000)}) {
            ScatteredText text = new ScatteredText(runs);
            Map<String, Object> line = line("T13", "random", runs);
            Timing timing = Timing.of(text::copy, doc -> text.insert(doc, SCATTERED), doc -> {});
            line.put("time_ns", Timing.round(timing.warmMs() * 1e6 / SCATTERED));
            line.put("time_cold_ns", Timing.round(timing.coldMs() * 1e6 / SCATTERED));
            print(line);
        }
    }

    private void nesting() {
        int depth = size(1_000_000, 1_000);
        Nesting nesting = new Nesting(depth);
        Map<String, Object> load = line("T14", "load", depth);
        Timing.of(nesting::load).into(load, "time");
        print(load);
        Map<String, Object> delete = line("T14", "delete", depth);
        Timing.of(nesting::load, nesting::delete, doc -> {}).into(delete, "time");
        print(delete);
    }

    private void allocation() {
        TypedRun run = new TypedRun(trace);
        Map<String, Object> local = line("T15", "local", trace.end().length());
        Allocation here = Allocation.of(run::press, () -> {});
        put(here, local);
        local.put("update_object_bytes", TypedRun.objectBytes(run.press()));
        print(local);
        Map<String, Object> remote = line("T15", "remote", trace.end().length());
        put(
                Allocation.of(run::receive, () -> {
                    if (run.left() == 0) {
                        run.rewind();
                    }
                }),
                remote);
        print(remote);
    }

    private static void put(Allocation allocation, Map<String, Object> line) {
        line.put("median_bytes", allocation.medianBytes());
        line.put("mean_bytes", Timing.round(allocation.meanBytes()));
        line.put("free_share", Timing.round(allocation.freeShare()));
    }
}
