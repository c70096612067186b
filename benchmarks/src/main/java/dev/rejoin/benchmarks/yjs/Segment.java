package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.TextDelta;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of a rich text with the same attributes.
 *
 * @param value a string, or something embedded that counts as one
 * @param attributes all attributes that are on
 */
record Segment(Object value, Map<String, @Nullable Object> attributes) {
    int length() {
        return value instanceof String string ? string.length() : 1;
    }

    /** The text of a delta in segments as long as they can be. */
    static List<Segment> of(TextDelta delta) {
        List<Segment> segments = new ArrayList<>();
        for (TextDelta.Op op : delta.ops()) {
            if (!(op instanceof TextDelta.Insert insert) || insert.value() == null) {
                throw new IllegalArgumentException("not the content of a text: " + op);
            }
            segments.add(new Segment(insert.value(), insert.attributes()));
        }
        return segments;
    }
}
