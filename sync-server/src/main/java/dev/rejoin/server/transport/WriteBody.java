package dev.rejoin.server.transport;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.ObjectType;
import dev.rejoin.crdt.Values;
import dev.rejoin.crdt.yjs.RootKind;
import dev.rejoin.server.room.ContentEdit;
import dev.rejoin.server.room.DocumentWrite;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The body of a write: JSON, or a bare update of the content. What is wrong with it is an {@link IllegalArgumentException}. */
final class WriteBody {
    static final String JSON_TYPE = "application/json";

    /** What a write may be, as {@code Accept-Patch} says it. */
    static final String TYPES = JSON_TYPE + ", " + DocumentFormat.UPDATE.mediaType();

    private static final int MAX_MUTATIONS = 4_096;
    private static final int MAX_EDITS = 4_096;
    private static final Set<String> PARTS = Set.of("mutations", "content", "update");

    private WriteBody() {}

    static boolean understands(@Nullable String mimeType) {
        return JSON_TYPE.equals(mimeType) || DocumentFormat.UPDATE.mediaType().equals(mimeType);
    }

    static DocumentWrite parse(String mimeType, byte[] body) {
        if (!mimeType.equals(JSON_TYPE)) {
            return new DocumentWrite(List.of(), List.of(), nonEmpty(body));
        }
        JsonNode tree = Json.parse(body);
        if (!tree.isObject() || tree.isEmpty()) {
            throw new IllegalArgumentException(
                    "the body is an object with one or more of 'mutations', 'content', 'update'");
        }
        tree.fieldNames().forEachRemaining(name -> {
            if (!PARTS.contains(name)) {
                throw new IllegalArgumentException("there is no part '" + name + "' of a write");
            }
        });
        return new DocumentWrite(
                tree.has("mutations") ? list(tree, "mutations", MAX_MUTATIONS, WriteBody::mutation) : List.of(),
                tree.has("content") ? list(tree, "content", MAX_EDITS, WriteBody::edit) : List.of(),
                tree.has("update") ? update(tree.path("update")) : null);
    }

    private static byte[] update(JsonNode node) {
        if (!node.isTextual()) {
            throw new IllegalArgumentException("'update' is an update in base64");
        }
        return nonEmpty(Base64.getDecoder().decode(node.textValue()));
    }

    private static byte[] nonEmpty(byte[] update) {
        if (update.length == 0) {
            throw new IllegalArgumentException("the update is empty");
        }
        return update;
    }

    private static <T> List<T> list(JsonNode tree, String name, int most, Function<JsonNode, T> read) {
        JsonNode list = tree.path(name);
        if (!list.isArray() || list.isEmpty() || list.size() > most) {
            throw new IllegalArgumentException("'" + name + "' must be a list of 1 to " + most);
        }
        List<T> items = new ArrayList<>(list.size());
        for (JsonNode item : list) {
            try {
                items.add(read.apply(item));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(name + "[" + items.size() + "]: " + e.getMessage(), e);
            }
        }
        return items;
    }

    private static Mutation mutation(JsonNode item) {
        List<String> path = new ArrayList<>();
        for (JsonNode step : item.path("path")) {
            if (!step.isTextual()) {
                throw new IllegalArgumentException("'path' must be a list of strings");
            }
            path.add(step.textValue());
        }
        if (path.isEmpty()) {
            throw new IllegalArgumentException("'path' must name an object");
        }
        Object value = item.has("value") ? Json.value(item.path("value")) : Values.NULL;
        return new Mutation(
                path,
                ObjectType.ofLabel(item.path("type").asText()),
                Mutation.Op.ofLabel(item.path("op").asText()),
                value);
    }

    private static ContentEdit edit(JsonNode item) {
        List<Object> path = path(item.path("path"));
        String edit = item.path("type").asText() + " " + item.path("op").asText();
        return switch (edit) {
            case "text insert" -> {
                only(item, "index", "value", "attributes");
                yield new ContentEdit.InsertText(
                        path,
                        number(item, "index"),
                        text(item, "value"),
                        item.has("attributes") ? attributes(item) : null);
            }
            case "text delete" -> {
                only(item, "index", "length");
                yield new ContentEdit.DeleteText(path, number(item, "index"), number(item, "length"));
            }
            case "text format" -> {
                only(item, "index", "length", "attributes");
                yield new ContentEdit.FormatText(path, number(item, "index"), number(item, "length"), attributes(item));
            }
            case "map set" -> {
                only(item, "key", "value");
                yield new ContentEdit.SetEntry(path, text(item, "key"), Json.plainValue(value(item)));
            }
            case "map create" -> {
                only(item, "key", "value");
                yield new ContentEdit.CreateEntry(path, text(item, "key"), kind(item));
            }
            case "map delete" -> {
                only(item, "key");
                yield new ContentEdit.DeleteEntry(path, text(item, "key"));
            }
            case "array insert" -> {
                only(item, "index", "value");
                yield new ContentEdit.InsertItems(path, number(item, "index"), values(item));
            }
            case "array create" -> {
                only(item, "index", "value");
                yield new ContentEdit.CreateItem(path, number(item, "index"), kind(item));
            }
            case "array delete" -> {
                only(item, "index", "length");
                yield new ContentEdit.DeleteItems(path, number(item, "index"), number(item, "length"));
            }
            default ->
                throw new IllegalArgumentException(
                        "there is no edit '" + edit
                                + "': a text knows insert, delete, format; a map set, create, delete; an array insert, create, delete");
        };
    }

    private static List<Object> path(JsonNode node) {
        List<Object> path = new ArrayList<>();
        for (JsonNode step : node) {
            if (step.isTextual()) {
                path.add(step.textValue());
            } else if (step.isIntegralNumber() && step.canConvertToInt()) {
                path.add(step.intValue());
            } else {
                throw new IllegalArgumentException("'path' must be a list of strings and indexes");
            }
        }
        return path;
    }

    /** A field that means nothing here was meant to mean something. */
    private static void only(JsonNode item, String... known) {
        Set<String> all = Set.of(known);
        item.fieldNames().forEachRemaining(name -> {
            if (!all.contains(name) && !name.equals("path") && !name.equals("type") && !name.equals("op")) {
                throw new IllegalArgumentException("'" + name + "' means nothing here");
            }
        });
    }

    private static int number(JsonNode item, String name) {
        JsonNode node = item.path(name);
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < 0) {
            throw new IllegalArgumentException("'" + name + "' must be an integer from 0 on");
        }
        return node.intValue();
    }

    private static String text(JsonNode item, String name) {
        JsonNode node = item.path(name);
        if (!node.isTextual()) {
            throw new IllegalArgumentException("'" + name + "' must be a string");
        }
        return node.textValue();
    }

    private static JsonNode value(JsonNode item) {
        if (!item.has("value")) {
            throw new IllegalArgumentException("'value' is missing");
        }
        return item.path("value");
    }

    private static List<@Nullable Object> values(JsonNode item) {
        JsonNode list = value(item);
        if (!list.isArray()) {
            throw new IllegalArgumentException("'value' must be a list of values");
        }
        List<@Nullable Object> values = new ArrayList<>(list.size());
        list.forEach(each -> values.add(Json.plainValue(each)));
        return values;
    }

    private static Map<String, @Nullable Object> attributes(JsonNode item) {
        JsonNode node = item.path("attributes");
        if (!node.isObject()) {
            throw new IllegalArgumentException("'attributes' must be an object");
        }
        Map<String, @Nullable Object> attributes = new LinkedHashMap<>();
        node.properties().forEach(each -> attributes.put(each.getKey(), Json.plainValue(each.getValue())));
        return attributes;
    }

    private static RootKind kind(JsonNode item) {
        String name = text(item, "value");
        for (RootKind kind : RootKind.values()) {
            if (kind.name().toLowerCase(Locale.ROOT).equals(name)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("'value' must be text, array, map or xml");
    }
}
