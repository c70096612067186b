package dev.rejoin.benchmarks.yjs;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A rich text in its plainest form, one cell per code point: what the makers of traces edit beside the operations they write down. It shares no code
 * with the engine.
 */
final class MarkedText {
    /** One code point as a string, or something embedded, and the attributes that are on. */
    record Cell(Object value, Map<String, Object> attributes) {}

    private final List<Cell> cells = new ArrayList<>();

    int length() {
        return cells.size();
    }

    /** The attributes that text inherits which is inserted here without any of its own: those of what is to the left. */
    Map<String, Object> inherited(int at) {
        return at == 0 ? Map.of() : cells.get(at - 1).attributes;
    }

    void insert(int at, String text, Map<String, Object> attributes) {
        List<Cell> inserted = new ArrayList<>();
        text.codePoints().forEach(point -> inserted.add(new Cell(Character.toString(point), attributes)));
        cells.addAll(at, inserted);
    }

    /** Unlike text, an embed without attributes of its own inherits none. */
    void embed(int at, Object value) {
        cells.add(at, new Cell(value, Map.of()));
    }

    void delete(int at, int length) {
        cells.subList(at, at + length).clear();
    }

    /** Sets attributes; null switches one off. */
    void format(int at, int length, Map<String, @Nullable Object> changes) {
        for (int i = at; i < at + length; i++) {
            Cell cell = cells.get(i);
            Map<String, Object> changed = new TreeMap<>(cell.attributes);
            changes.forEach((key, value) -> {
                if (value == null) {
                    changed.remove(key);
                } else {
                    changed.put(key, value);
                }
            });
            cells.set(i, new Cell(cell.value, Map.copyOf(changed)));
        }
    }

    Cell cell(int at) {
        return cells.get(at);
    }

    /** The text without what is embedded. */
    String plain() {
        StringBuilder text = new StringBuilder();
        for (Cell cell : cells) {
            text.append(cell.value instanceof String string ? string : "");
        }
        return text.toString();
    }

    /** From a position on, in segments of equal attributes: {@code [value, attributes]}, attributes by name. */
    List<List<Object>> segments(int from) {
        List<List<Object>> segments = new ArrayList<>();
        StringBuilder run = new StringBuilder();
        Map<String, Object> on = Map.of();
        for (Cell cell : cells.subList(from, cells.size())) {
            boolean text = cell.value instanceof String;
            if (run.length() > 0 && (!text || !cell.attributes.equals(on))) {
                segments.add(List.of(run.toString(), new TreeMap<>(on)));
                run.setLength(0);
            }
            if (text) {
                run.append((String) cell.value);
                on = cell.attributes;
            } else {
                segments.add(List.of(cell.value, new TreeMap<>(cell.attributes)));
            }
        }
        if (run.length() > 0) {
            segments.add(List.of(run.toString(), new TreeMap<>(on)));
        }
        return segments;
    }
}
