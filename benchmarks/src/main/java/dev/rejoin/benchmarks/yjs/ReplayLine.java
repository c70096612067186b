package dev.rejoin.benchmarks.yjs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rejoin.crdt.yjs.YArchive;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;

/**
 * Measures one trace or document and says it in one line of JSON: local edits without and with their update, the updates applied one by one elsewhere,
 * the whole document encoded and loaded, its bytes and its heap.
 */
public final class ReplayLine {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long EDITOR = 1;
    private static final List<String> FIELDS = List.of(
            "trace",
            "edits",
            "ok",
            "local_ms",
            "local_updates_ms",
            "remote_ms",
            "encode_v1_ms",
            "encode_v2_ms",
            "load_v1_ms",
            "load_v2_ms",
            "bytes_v1",
            "bytes_v2",
            "heap_bytes");

    private final Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    private boolean ok = true;

    private ReplayLine() {
        FIELDS.forEach(field -> fields.put(field, null));
    }

    /** Measures a file. */
    public static String of(Path file) throws IOException {
        Trace trace = TraceReader.read(file);
        ReplayLine line = new ReplayLine();
        line.fields.put("trace", trace.name());
        line.fields.put("peer", "Rejoin");
        if (trace instanceof Script script) {
            line.fields.put("kind", kind(script));
            line.measure(script);
        } else if (trace instanceof SharedTrace shared) {
            line.fields.put("kind", "concurrent");
            line.measure(shared);
        } else if (trace instanceof WholeDocument document) {
            line.fields.put("kind", "document");
            line.measure(document);
        }
        line.fields.put("ok", line.ok);
        return line.json();
    }

    private static String kind(Script script) {
        return script instanceof PlainTrace ? "sequential" : script instanceof RichTrace ? "rich" : "tree";
    }

    private String json() {
        try {
            return JSON.writeValueAsString(fields);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private void put(Timing timing, String name) {
        timing.into(fields, name);
    }

    private static YDoc document(long client) {
        return YDoc.create(YDocOptions.defaults().withClientId(client));
    }

    private void measure(Script script) {
        fields.put("edits", script.edits());
        if (script instanceof PlainTrace plain) {
            put(Timing.of(plain::replayPlain), "floor");
            ok &= plain.replayPlain().toString().equals(plain.end());
        }
        put(Timing.of(() -> replay(script)), "local");
        Outbox outbox = new Outbox(script.edits());
        put(Timing.of(() -> replayInto(script, outbox)), "local_updates");
        byte[][] updates = outbox.sent();
        put(Timing.of(() -> receive(updates)), "remote");
        fields.put("bytes_updates", bytes(updates));
        ok &= script.matches(receive(updates));
        YDoc replayed = replay(script);
        ok &= script.matches(replayed);
        measureWhole(replayed, script::text, script::matches);
    }

    private static YDoc replay(Script script) {
        YDoc doc = document(EDITOR);
        script.replay(doc);
        return doc;
    }

    private static YDoc replayInto(Script script, Outbox outbox) {
        outbox.count = 0;
        YDoc doc = document(EDITOR);
        doc.onUpdate(outbox);
        script.replay(doc);
        return doc;
    }

    /** Keeps every update; an edit that changes nothing sends none. */
    private static final class Outbox implements YDoc.UpdateListener {
        private final byte[][] updates;
        private int count;

        Outbox(int most) {
            updates = new byte[most][];
        }

        @Override
        public void update(byte[] update, @Nullable Object origin, YDoc doc) {
            updates[count++] = update;
        }

        byte[][] sent() {
            return Arrays.copyOf(updates, count);
        }
    }

    private static YDoc receive(byte[][] updates) {
        YDoc doc = YDoc.create();
        for (byte[] update : updates) {
            doc.applyUpdate(update);
        }
        return doc;
    }

    private static long bytes(byte[][] updates) {
        long sum = 0;
        for (byte[] update : updates) {
            sum += update.length;
        }
        return sum;
    }

    private void measure(SharedTrace trace) {
        fields.put("edits", trace.edits());
        put(Timing.of(trace::play), "session");
        byte[][] updates = trace.play().toArray(byte[][]::new);
        put(Timing.of(() -> receive(updates)), "remote");
        fields.put("bytes_updates", bytes(updates));
        YDoc received = receive(updates);
        Predicate<YDoc> matches = doc -> WholeDocument.text(doc).equals(trace.end());
        ok &= matches.test(received);
        measureWhole(received, WholeDocument::text, matches);
    }

    private void measure(WholeDocument document) {
        YDoc doc = loadV2(document.update());
        String text = WholeDocument.text(doc);
        ok &= doc.pending().structs() == 0 && !text.isEmpty();
        measureWhole(doc, WholeDocument::text, copy -> WholeDocument.text(copy).equals(text));
    }

    private static YDoc loadV1(byte[] update) {
        YDoc doc = YDoc.create();
        doc.applyUpdate(update);
        return doc;
    }

    private static YDoc loadV2(byte[] update) {
        YDoc doc = YDoc.create();
        doc.applyUpdateV2(update);
        return doc;
    }

    private void measureWhole(YDoc doc, Function<YDoc, String> text, Predicate<YDoc> matches) {
        byte[] v1 = doc.encodeStateAsUpdate();
        byte[] v2 = doc.encodeStateAsUpdateV2();
        fields.put("bytes_v1", v1.length);
        fields.put("bytes_v2", v2.length);
        fields.put("bytes_v2_deflated", deflated(v2));
        measureFormat("v1", v1, ReplayLine::loadV1, YDoc::encodeStateAsUpdate, text, matches);
        measureFormat("v2", v2, ReplayLine::loadV2, YDoc::encodeStateAsUpdateV2, text, matches);
        measureArchive(doc);
        fields.put("text_sha256", Digest.sha256(text.apply(doc)).substring(0, 16));
        fields.put("heap_bytes", HeapPerCopy.measure(v1.length, () -> {
            YDoc copy = loadV1(v1);
            Objects.requireNonNull(text.apply(copy));
            return copy;
        }));
    }

    /** T5: from the bytes of an archive until the text is readable; what has no plain text has no figure. */
    private void measureArchive(YDoc doc) {
        byte[] archive = YArchive.encode(doc);
        String text = YArchive.open(archive).text(PlainTrace.ROOT);
        if (text == null) {
            return;
        }
        ok &= text.equals(WholeDocument.text(YArchive.open(archive).document(YDocOptions.defaults())));
        fields.put("bytes_archive", archive.length);
        fields.put("bytes_archive_deflated", deflated(archive));
        put(Timing.of(() -> Objects.requireNonNull(YArchive.open(archive).text(PlainTrace.ROOT))), "open_archive");
        put(Timing.of(() -> YArchive.encode(doc)), "encode_archive");
        put(
                Timing.of(() -> WholeDocument.text(YArchive.open(archive).document(YDocOptions.defaults()))),
                "load_archive");
    }

    /** The size of bytes as a store keeps what is not in use. */
    private static int deflated(byte[] bytes) {
        Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
        try {
            deflater.setInput(bytes);
            deflater.finish();
            byte[] out = new byte[1 << 16];
            int size = 0;
            while (!deflater.finished()) {
                size += deflater.deflate(out);
            }
            return size;
        } finally {
            deflater.end();
        }
    }

    /** Encodes after one more edit, so that no cached answer counts; loads until the text is readable. */
    private void measureFormat(
            String format,
            byte[] bytes,
            Function<byte[], YDoc> load,
            Function<YDoc, byte[]> encode,
            Function<YDoc, String> text,
            Predicate<YDoc> matches) {
        Timing warm = Timing.of(() -> text.apply(load.apply(bytes)));
        put(warm, "load_" + format);
        fields.put("load_" + format + "_cold_ms", coldLoad(format, bytes));
        put(
                Timing.of(
                        () -> {
                            YDoc copy = load.apply(bytes);
                            copy.getText(PlainTrace.ROOT).insert(0, "x");
                            return copy;
                        },
                        encode,
                        encoded -> {}),
                "encode_" + format);
        ok &= matches.test(load.apply(bytes));
    }

    /** What once ran here is warm, so that a cold load needs a JVM of its own. */
    private double coldLoad(String format, byte[] bytes) {
        try {
            Path file = Files.createTempFile("replay", ".update");
            try {
                Files.write(file, bytes);
                List<String> command = new ArrayList<>();
                command.add(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString());
                command.addAll(List.of("-cp", System.getProperty("java.class.path"), ColdLoad.class.getName()));
                command.addAll(List.of(format, String.valueOf(fields.get("kind")), file.toString()));
                Process process = new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
                String answer =
                        new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
                return Timing.round(Double.parseDouble(answer.strip()));
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Loads one document in a JVM that has done nothing else, reads its text, and prints how many milliseconds that took. */
    public static final class ColdLoad {
        private ColdLoad() {}

        /** Encoding, kind of trace, file. */
        @SuppressWarnings("SystemOut")
        public static void main(String[] args) throws IOException {
            byte[] bytes = Files.readAllBytes(Path.of(args[2]));
            long start = System.nanoTime();
            YDoc doc = args[0].equals("v1") ? loadV1(bytes) : loadV2(bytes);
            int length = args[1].equals("tree")
                    ? new TreeTrace("", List.of(), "", "").text(doc).length()
                    : WholeDocument.text(doc).length();
            double ms = (System.nanoTime() - start) / 1e6;
            if (length < 0) {
                throw new IllegalStateException();
            }
            System.out.println(ms);
        }
    }
}
