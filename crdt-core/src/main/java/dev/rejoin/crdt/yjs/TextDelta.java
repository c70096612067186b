package dev.rejoin.crdt.yjs;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A rich text, or a change of one: what to keep, insert and delete from the start on, as Quill and Yjs write it.
 *
 * @param ops in order; immutable
 */
public record TextDelta(List<Op> ops) {

    /** The delta without operations. */
    public static final TextDelta EMPTY = new TextDelta(List.of());

    /** Copies the list. */
    public TextDelta {
        ops = List.copyOf(ops);
    }

    /** One operation of a delta. */
    public sealed interface Op permits Insert, Retain, Delete {}

    /**
     * Inserts characters or one other thing.
     *
     * @param value a string; or anything that counts as one: a plain value, a {@link YType} or a {@link YDoc}; in the changes of an array a list of values
     * @param attributes the attributes of what is inserted, all others off
     */
    public record Insert(@Nullable Object value, Map<String, @Nullable Object> attributes) implements Op {
        /** Copies the attributes. */
        public Insert {
            attributes = frozen(attributes);
        }
    }

    /**
     * Keeps some units.
     *
     * @param length how many, at least 1
     * @param attributes the attributes to change on the way; a null value switches one off
     */
    public record Retain(int length, Map<String, @Nullable Object> attributes) implements Op {
        /** Copies the attributes. */
        public Retain {
            attributes = frozen(attributes);
        }
    }

    /**
     * Deletes some units.
     *
     * @param length how many, at least 1
     */
    public record Delete(int length) implements Op {}

    private static Map<String, @Nullable Object> frozen(Map<String, @Nullable Object> attributes) {
        return attributes.isEmpty() ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
    }

    /** A delta under construction. */
    public static Builder builder() {
        return new Builder();
    }

    /** Collects operations in order. */
    public static final class Builder {
        private final List<Op> ops = new ArrayList<>();

        private Builder() {}

        /** Inserts plain text. */
        public Builder insert(String text) {
            return insert(text, Map.of());
        }

        /** Inserts text or an embedded value with attributes. */
        public Builder insert(@Nullable Object value, Map<String, @Nullable Object> attributes) {
            ops.add(new Insert(value, attributes));
            return this;
        }

        /** Keeps some units as they are. */
        public Builder retain(int length) {
            return retain(length, Map.of());
        }

        /** Keeps some units and changes their attributes. */
        public Builder retain(int length, Map<String, @Nullable Object> attributes) {
            if (length < 1) {
                throw new IllegalArgumentException("a retain keeps at least one unit: " + length);
            }
            ops.add(new Retain(length, attributes));
            return this;
        }

        /** Deletes some units. */
        public Builder delete(int length) {
            if (length < 1) {
                throw new IllegalArgumentException("a delete takes at least one unit: " + length);
            }
            ops.add(new Delete(length));
            return this;
        }

        /** The delta of what was collected. */
        public TextDelta build() {
            return new TextDelta(ops);
        }
    }
}
