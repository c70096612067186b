package dev.rejoin.benchmarks.yjs;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/** A trace while it is made: its operations, and what the document must be after them. */
final class TraceDraft {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<String, Object> fields = new LinkedHashMap<>();

    TraceDraft(String kind, String about, String endContent) {
        fields.put("kind", kind);
        fields.put("about", about);
        fields.put("endContent", endContent);
    }

    TraceDraft with(String field, Object value) {
        fields.put(field, value);
        return this;
    }

    TraceDraft withOps(List<List<Object>> ops) {
        return with("ops", ops);
    }

    byte[] json() throws IOException {
        return JSON.writeValueAsBytes(fields);
    }

    void write(Path file) throws IOException {
        try (OutputStream out = Files.newOutputStream(file);
                GZIPOutputStream gzip = new Tight(out)) {
            gzip.write(json());
        }
    }

    private static final class Tight extends GZIPOutputStream {
        Tight(OutputStream out) throws IOException {
            super(out);
            def.setLevel(Deflater.BEST_COMPRESSION);
        }
    }
}
