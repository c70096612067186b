package dev.rejoin.benchmarks.yjs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads traces (.json, .json.gz) and whole documents (any other name) from files. Positions in files count Unicode code points; what is read counts
 * UTF-16 units. The formats are described beside the traces.
 */
public final class TraceReader {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<Path> SHELVES = List.of(
            Path.of("benchmarks", "traces"), Path.of("traces"), Path.of("..", "benchmarks", "traces"), Path.of("."));

    private TraceReader() {}

    /** The file at a path, or the trace of that name among our own. */
    public static Path find(String nameOrPath) {
        Path path = Path.of(nameOrPath);
        if (Files.isRegularFile(path)) {
            return path;
        }
        for (Path shelf : SHELVES) {
            Path candidate = shelf.resolve(nameOrPath + ".json.gz");
            if (Files.isRegularFile(candidate)) {
                return candidate;
            }
        }
        throw new IllegalArgumentException("no file and no trace: " + nameOrPath);
    }

    /** Reads a file. */
    public static Trace read(Path path) throws IOException {
        String file = path.getFileName().toString();
        String name = file.replaceFirst("\\.(json|json\\.gz|yjs-v2|yjs)$", "");
        if (!file.matches(".*\\.json(\\.gz)?")) {
            return new WholeDocument(name, Files.readAllBytes(path));
        }
        JsonNode json = json(path);
        String kind = json.path("kind").asText("sequential");
        return switch (kind) {
            case "sequential" -> sequential(name, json);
            case "concurrent" -> concurrent(name, json);
            case "rich" -> rich(name, json);
            case "tree" -> tree(name, json);
            default -> throw new IOException(path + ": unknown kind of trace " + kind);
        };
    }

    private static JsonNode json(Path path) throws IOException {
        try (InputStream file = new BufferedInputStream(Files.newInputStream(path));
                InputStream in = path.toString().endsWith(".gz") ? new GZIPInputStream(file, 1 << 16) : file) {
            return JSON.readTree(in);
        }
    }

    private static PlainTrace sequential(String name, JsonNode json) {
        List<Edits.Edit> edits = new ArrayList<>();
        String start = json.path("startContent").asText("");
        if (!start.isEmpty()) {
            edits.add(new Edits.Edit(0, 0, start));
        }
        for (JsonNode txn : json.get("txns")) {
            edits.addAll(patches(txn));
        }
        boolean pairs = edits.stream().anyMatch(edit -> Shadow.hasPairs(edit.inserted()));
        List<Edits.Edit> inUnits = pairs ? Edits.inUnits(edits, new Shadow("")) : edits;
        return new PlainTrace(name, Edits.of(inUnits), json.get("endContent").asText());
    }

    private static List<Edits.Edit> patches(JsonNode txn) {
        List<Edits.Edit> edits = new ArrayList<>();
        for (JsonNode patch : txn.get("patches")) {
            edits.add(new Edits.Edit(
                    patch.get(0).asInt(), patch.get(1).asInt(), patch.path(2).asText("")));
        }
        return edits;
    }

    /**
     * Gives every transaction a replica that has seen exactly its ancestors: its agent's own if that has seen no more than them, else a new one. What has
     * been seen is counted in transactions per replica.
     */
    private static SharedTrace concurrent(String name, JsonNode json) throws IOException {
        List<List<Integer>> own = new ArrayList<>();
        List<int[]> seen = new ArrayList<>();
        Map<Integer, List<Integer>> byAgent = new HashMap<>();
        List<int[]> known = new ArrayList<>();
        List<SharedTrace.Step> steps = new ArrayList<>();
        int edits = 0;
        for (JsonNode txn : json.get("txns")) {
            List<Edits.Edit> patches = patches(txn);
            if (patches.stream().anyMatch(edit -> Shadow.hasPairs(edit.inserted()))) {
                throw new IOException(
                        name + ": concurrent traces with characters beyond the basic plane are not supported");
            }
            edits += patches.size();
            int[] needed = {};
            for (JsonNode parent : txn.get("parents")) {
                needed = join(needed, known.get(parent.asInt()));
            }
            List<Integer> mine = byAgent.computeIfAbsent(txn.path("agent").asInt(), agent -> new ArrayList<>());
            int replica = -1;
            for (int candidate : mine) {
                if (replica < 0 && covers(needed, seen.get(candidate))) {
                    replica = candidate;
                }
            }
            if (replica < 0) {
                replica = own.size();
                mine.add(replica);
                own.add(new ArrayList<>());
                seen.add(new int[0]);
            }
            List<Integer> receive = new ArrayList<>();
            for (int other = 0; other < needed.length; other++) {
                int from = at(seen.get(replica), other);
                receive.addAll(own.get(other).subList(Math.min(from, needed[other]), needed[other]));
            }
            own.get(replica).add(steps.size());
            int[] after = join(needed, new int[replica + 1]);
            after[replica] = own.get(replica).size();
            seen.set(replica, after);
            known.add(after);
            steps.add(new SharedTrace.Step(
                    replica, receive.stream().mapToInt(i -> i).sorted().toArray(), Edits.of(patches)));
        }
        return new SharedTrace(
                name,
                edits,
                own.size(),
                List.copyOf(steps),
                json.get("endContent").asText());
    }

    private static int at(int[] counts, int index) {
        return index < counts.length ? counts[index] : 0;
    }

    private static int[] join(int[] a, int[] b) {
        int[] joined = new int[Math.max(a.length, b.length)];
        for (int i = 0; i < joined.length; i++) {
            joined[i] = Math.max(at(a, i), at(b, i));
        }
        return joined;
    }

    private static boolean covers(int[] more, int[] less) {
        for (int i = 0; i < less.length; i++) {
            if (less[i] > at(more, i)) {
                return false;
            }
        }
        return true;
    }

    private static RichTrace rich(String name, JsonNode json) {
        Shadow shadow = new Shadow("");
        List<RichTrace.Op> ops = new ArrayList<>();
        for (JsonNode op : json.get("ops")) {
            ops.add(edit(op, 0, shadow));
        }
        return new RichTrace(name, List.copyOf(ops), json.get("endContent").asText(), segments(json.get("endDelta")));
    }

    /** An edit of a text: the operation's name, then from {@code skipped + 1} on its arguments. */
    private static RichTrace.Op edit(JsonNode op, int skipped, Shadow shadow) {
        int position = op.get(skipped + 1).asInt();
        JsonNode second = op.get(skipped + 2);
        int at = shadow.unitsBefore(position);
        switch (op.get(0).asText()) {
            case "i" -> {
                shadow.splice(at, 0, second.asText());
                JsonNode attributes = op.get(skipped + 3);
                return new RichTrace.Insert(at, second.asText(), attributes == null ? null : map(attributes));
            }
            case "e" -> {
                shadow.splice(at, 0, "\uFFFC");
                return new RichTrace.Embed(at, present(value(second)));
            }
            case "d" -> {
                return new RichTrace.Delete(at, shadow.splice(at, second.asInt(), ""));
            }
            case "f" -> {
                int end = shadow.unitsBefore(position + second.asInt());
                return new RichTrace.Format(at, end - at, map(op.get(skipped + 3)));
            }
            default -> throw new IllegalArgumentException("unknown operation: " + op);
        }
    }

    private static TreeTrace tree(String name, JsonNode json) {
        List<Shadow> shadows = new ArrayList<>();
        List<TreeTrace.Op> ops = new ArrayList<>();
        for (JsonNode op : json.get("ops")) {
            ops.add(treeOp(op, shadows));
        }
        return new TreeTrace(
                name,
                List.copyOf(ops),
                json.get("endContent").asText(),
                json.get("endDigest").asText());
    }

    private static TreeTrace.Op treeOp(JsonNode op, List<Shadow> shadows) {
        int paragraph = op.get(1).asInt();
        switch (op.get(0).asText()) {
            case "p" -> {
                List<Segment> text = segments(op.get(4));
                shadows.add(paragraph, new Shadow(plain(text)));
                return new TreeTrace.Paragraph(paragraph, op.get(2).asText(), map(op.get(3)), text);
            }
            case "a" -> {
                return new TreeTrace.Attribute(paragraph, op.get(2).asText(), present(value(op.get(3))));
            }
            case "s" -> {
                List<Segment> moved = segments(op.get(5));
                String text = plain(moved);
                Shadow shadow = shadows.get(paragraph);
                int at = shadow.unitsBefore(op.get(2).asInt());
                shadow.splice(at, text.codePointCount(0, text.length()), "");
                shadows.add(paragraph + 1, new Shadow(text));
                return new TreeTrace.Split(
                        paragraph,
                        at,
                        text.length(),
                        new TreeTrace.Paragraph(paragraph + 1, op.get(3).asText(), map(op.get(4)), moved));
            }
            case "j" -> {
                List<Segment> text = segments(op.get(2));
                Shadow shadow = shadows.get(paragraph);
                int at = shadow.length();
                shadow.splice(at, 0, plain(text));
                shadows.remove(paragraph + 1);
                return new TreeTrace.Join(paragraph, at, text);
            }
            default -> {
                return new TreeTrace.Edit(paragraph, edit(op, 1, shadows.get(paragraph)));
            }
        }
    }

    private static String plain(List<Segment> segments) {
        StringBuilder text = new StringBuilder();
        segments.forEach(segment -> text.append((String) segment.value()));
        return text.toString();
    }

    private static List<Segment> segments(JsonNode json) {
        List<Segment> segments = new ArrayList<>();
        for (JsonNode segment : json) {
            segments.add(new Segment(present(value(segment.get(0))), map(segment.get(1))));
        }
        return List.copyOf(segments);
    }

    private static Map<String, @Nullable Object> map(JsonNode json) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        json.properties().forEach(entry -> map.put(entry.getKey(), value(entry.getValue())));
        return map;
    }

    private static Object present(@Nullable Object value) {
        if (value == null) {
            throw new IllegalArgumentException("null where a value belongs");
        }
        return value;
    }

    /** A JSON value in plain Java, whole numbers as {@code Long}. */
    private static @Nullable Object value(JsonNode json) {
        if (json.isObject()) {
            return map(json);
        }
        if (json.isArray()) {
            List<@Nullable Object> list = new ArrayList<>();
            json.forEach(element -> list.add(value(element)));
            return list;
        }
        if (json.isTextual()) {
            return json.asText();
        }
        if (json.isBoolean()) {
            return json.asBoolean();
        }
        if (json.isNull()) {
            return null;
        }
        return json.isIntegralNumber() ? (Object) json.asLong() : (Object) json.asDouble();
    }
}
