package dev.rejoin.server.room;

import dev.rejoin.crdt.yjs.RootKind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One edit of the content by somebody who has no engine: where, and what. Indexes count UTF-16 units of a text or elements of a list, as
 * the content is when the edit's turn comes. Values are those of {@code dev.rejoin.crdt.yjs}.
 */
public sealed interface ContentEdit {
    /** Longest way to a type, in steps. */
    int MAX_STEPS = 32;

    /** The way to the type that is edited: the name of a root, then keys of maps ({@code String}) and indexes of lists ({@code Integer}). */
    List<Object> path();

    /** What the edit takes the type at the end of the way for. */
    RootKind kind();

    /**
     * Characters go into a text.
     *
     * @param attributes exactly these; null takes on those of the character before
     */
    record InsertText(
            List<Object> path,
            int index,
            String text,
            @Nullable Map<String, @Nullable Object> attributes) implements ContentEdit {
        /** Takes copies. */
        public InsertText {
            path = checked(path);
            attributes = attributes == null ? null : copy(attributes);
        }

        @Override
        public RootKind kind() {
            return RootKind.TEXT;
        }
    }

    /** Characters go from a text. */
    record DeleteText(List<Object> path, int index, int length) implements ContentEdit {
        /** Takes a copy. */
        public DeleteText {
            path = checked(path);
        }

        @Override
        public RootKind kind() {
            return RootKind.TEXT;
        }
    }

    /**
     * A stretch of a text gets attributes.
     *
     * @param attributes a null value switches one off
     */
    record FormatText(List<Object> path, int index, int length, Map<String, @Nullable Object> attributes)
            implements ContentEdit {
        /** Takes copies. */
        public FormatText {
            path = checked(path);
            attributes = copy(attributes);
        }

        @Override
        public RootKind kind() {
            return RootKind.TEXT;
        }
    }

    /** A key of a map gets a value. */
    record SetEntry(List<Object> path, String key, @Nullable Object value) implements ContentEdit {
        /** Takes a copy. */
        public SetEntry {
            path = checked(path);
        }

        @Override
        public RootKind kind() {
            return RootKind.MAP;
        }
    }

    /** A key of a map gets a new, empty type. */
    record CreateEntry(List<Object> path, String key, RootKind made) implements ContentEdit {
        /** Takes a copy. */
        public CreateEntry {
            path = checked(path);
        }

        @Override
        public RootKind kind() {
            return RootKind.MAP;
        }
    }

    /** A key of a map goes; one that is not there is no error. */
    record DeleteEntry(List<Object> path, String key) implements ContentEdit {
        /** Takes a copy. */
        public DeleteEntry {
            path = checked(path);
        }

        @Override
        public RootKind kind() {
            return RootKind.MAP;
        }
    }

    /** Values go into a list. */
    record InsertItems(List<Object> path, int index, List<@Nullable Object> values) implements ContentEdit {
        /** Takes copies. */
        public InsertItems {
            path = checked(path);
            values = ContentEdit.copy(values);
        }

        @Override
        public RootKind kind() {
            return RootKind.ARRAY;
        }
    }

    /** A new, empty type goes into a list. */
    record CreateItem(List<Object> path, int index, RootKind made) implements ContentEdit {
        /** Takes a copy. */
        public CreateItem {
            path = checked(path);
        }

        @Override
        public RootKind kind() {
            return RootKind.ARRAY;
        }
    }

    /** Elements go from a list. */
    record DeleteItems(List<Object> path, int index, int length) implements ContentEdit {
        /** Takes a copy. */
        public DeleteItems {
            path = checked(path);
        }

        @Override
        public RootKind kind() {
            return RootKind.ARRAY;
        }
    }

    private static List<Object> checked(List<Object> path) {
        if (path.isEmpty() || path.size() > MAX_STEPS || !(path.get(0) instanceof String)) {
            throw new IllegalArgumentException(
                    "a path has 1 to " + MAX_STEPS + " steps, the first of which is the name of a root");
        }
        for (Object step : path) {
            if (!(step instanceof String) && !(step instanceof Integer)) {
                throw new IllegalArgumentException("a step is a key or an index, not " + step);
            }
        }
        return List.copyOf(path);
    }

    @SuppressWarnings("NullAway") // the JDK does not say that its wrappers hold null as well as what they wrap
    private static List<@Nullable Object> copy(List<@Nullable Object> values) {
        return Collections.unmodifiableList(new ArrayList<>(values));
    }

    @SuppressWarnings("NullAway") // as above
    private static Map<String, @Nullable Object> copy(Map<String, @Nullable Object> attributes) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
    }
}
