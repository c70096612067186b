package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** Reads content out of a store, which may be frozen: text, deltas, plain values, XML. Nothing here recurses into what a document nests. */
final class Reader {
    private Reader() {}

    /** Told of a key and the item of its value. */
    @FunctionalInterface
    interface KeyVisitor {
        void key(String key, int item);
    }

    // lists

    /** The characters of a text. O(items + characters) */
    static String text(Store store, int type) {
        Items items = store.items;
        // at least as many bytes as there are characters
        byte[] bytes = new byte[store.tree.length(type)];
        byte[] latin = store.arena.latin;
        int at = 0;
        for (int item = store.types.first(type); item != NONE; ) {
            int[] page = items.pages[item >>> Records.BITS];
            int record = (item & Records.MASK) * Items.WIDTH;
            int head = page[record + Items.HEAD];
            if ((head & (0xf | Items.GONE)) == Items.STRING) {
                if ((head & Items.WIDE) != 0) {
                    return wideText(store, type);
                }
                int length = page[record + Items.LENGTH];
                System.arraycopy(latin, page[record + Items.CONTENT], bytes, at, length);
                at += length;
            }
            item = page[record + Items.NEXT];
        }
        return new String(bytes, 0, at, StandardCharsets.ISO_8859_1);
    }

    private static String wideText(Store store, int type) {
        Items items = store.items;
        StringBuilder out = new StringBuilder(store.tree.length(type));
        for (int item = store.types.first(type); item != NONE; item = items.next(item)) {
            if ((items.head(item) & (0xf | Items.GONE)) == Items.STRING) {
                store.appendText(out, item, 0, items.length(item));
            }
        }
        return out.toString();
    }

    /** The unit of an item as users see it. */
    @Nullable
    static Object value(YDoc doc, int item, int offset) {
        Store store = doc.store;
        int content = store.items.content(item);
        return switch (store.items.kind(item)) {
            case Items.TYPE -> doc.handle(content);
            case Items.DOC -> doc.subdoc(item);
            default -> plainValue(store, item, offset);
        };
    }

    @Nullable
    static Object lastValue(YDoc doc, int item) {
        return value(doc, item, doc.store.items.length(item) - 1);
    }

    /** The unit of an item that holds neither a type nor a document. */
    @Nullable
    private static Object plainValue(Store store, int item, int offset) {
        int content = store.items.content(item);
        return switch (store.items.kind(item)) {
            case Items.ANY, Items.JSON -> ((ValueRun) store.slots.get(content)).get(offset);
            case Items.BINARY -> ((byte[]) store.slots.get(content)).clone();
            case Items.EMBED -> ((EmbedContent) store.slots.get(content)).value();
            case Items.STRING -> String.valueOf(store.arena.charAt(store.items.is(item, Items.WIDE), content + offset));
            case Items.DOC -> Map.of("guid", ((DocContent) store.slots.get(content)).guid());
            default -> Undefined.UNDEFINED; // a mark that somebody has put under a key
        };
    }

    static List<@Nullable Object> elements(YDoc doc, int type) {
        List<@Nullable Object> elements = new ArrayList<>();
        forEachVisible(doc.store, type, item -> {
            for (int i = 0, n = doc.store.items.length(item); i < n; i++) {
                elements.add(value(doc, item, i));
            }
        });
        return elements;
    }

    private static void forEachVisible(Store store, int type, IntConsumer visitor) {
        for (int item = store.types.first(type); item != NONE; item = store.items.next(item)) {
            if (store.items.visible(item) > 0) {
                visitor.accept(item);
            }
        }
    }

    // maps

    /** The keys that have values, in the order in which the document has first seen them. */
    static void forEachKey(Store store, int type, KeyVisitor visitor) {
        Deque<Integer> oldestFirst = new ArrayDeque<>();
        for (int entry = store.types.entries(type); entry != NONE; entry = store.entries.following(entry)) {
            int item = store.entries.tail(entry);
            if (item != NONE && !store.items.isGone(item)) {
                oldestFirst.push(entry);
            }
        }
        for (int entry : oldestFirst) {
            visitor.key(store.entries.key(entry), store.entries.tail(entry));
        }
    }

    // plain values

    static Map<String, Object> json(Store store) {
        Map<String, Object> all = new LinkedHashMap<>();
        store.roots().forEach((name, type) -> {
            int kind = store.types.kind(type);
            if (kind != Types.UNKNOWN) {
                all.put(name, json(store, type, kind));
            }
        });
        return all;
    }

    static Map<String, RootKind> roots(Store store) {
        Map<String, RootKind> all = new LinkedHashMap<>();
        store.roots().forEach((name, type) -> {
            // whoever only asked for a root has not changed the document
            RootKind told = toldByContent(store, type);
            if (told != null) {
                all.put(
                        name,
                        switch (store.types.kind(type)) {
                            case Types.UNKNOWN -> told;
                            case Types.ARRAY -> RootKind.ARRAY;
                            case Types.MAP, Types.XML_HOOK -> RootKind.MAP;
                            case Types.TEXT -> RootKind.TEXT;
                            default -> RootKind.XML;
                        });
            }
        });
        return all;
    }

    private static @Nullable RootKind toldByContent(Store store, int root) {
        for (int item = store.types.first(root); item != NONE; item = store.items.next(item)) {
            if (!store.items.isGone(item)) {
                return switch (store.items.kind(item)) {
                    case Items.STRING, Items.FORMAT, Items.EMBED -> RootKind.TEXT;
                    case Items.TYPE ->
                        store.types.kind(store.items.content(item)) >= Types.XML_ELEMENT
                                ? RootKind.XML
                                : RootKind.ARRAY;
                    default -> RootKind.ARRAY;
                };
            }
        }
        for (int entry = store.types.entries(root); entry != NONE; entry = store.entries.following(entry)) {
            int item = store.entries.tail(entry);
            if (item != NONE && !store.items.isGone(item)) {
                return RootKind.MAP;
            }
        }
        return null;
    }

    private static Object json(Store store, int type, int kind) {
        return switch (kind) {
            case Types.ARRAY -> jsonList(store, type);
            case Types.MAP, Types.XML_HOOK -> jsonMap(store, type);
            case Types.TEXT -> text(store, type);
            default -> xml(store, type);
        };
    }

    static List<@Nullable Object> jsonList(Store store, int type) {
        List<@Nullable Object> result = new ArrayList<>();
        Deque<Runnable> rest = new ArrayDeque<>();
        fill(store, type, result, rest);
        run(rest);
        return result;
    }

    static Map<String, @Nullable Object> jsonMap(Store store, int type) {
        Map<String, @Nullable Object> result = new LinkedHashMap<>();
        Deque<Runnable> rest = new ArrayDeque<>();
        fill(store, type, result, rest);
        run(rest);
        return result;
    }

    private static void run(Deque<Runnable> rest) {
        while (!rest.isEmpty()) {
            rest.pop().run();
        }
    }

    private static void fill(Store store, int type, List<@Nullable Object> into, Deque<Runnable> rest) {
        forEachVisible(store, type, item -> {
            for (int i = 0, n = store.items.length(item); i < n; i++) {
                into.add(jsonValue(store, item, i, rest));
            }
        });
    }

    private static void fill(Store store, int type, Map<String, @Nullable Object> into, Deque<Runnable> rest) {
        forEachKey(
                store, type, (key, item) -> into.put(key, jsonValue(store, item, store.items.length(item) - 1, rest)));
    }

    private static @Nullable Object jsonValue(Store store, int item, int offset, Deque<Runnable> rest) {
        if (store.items.kind(item) != Items.TYPE) {
            return plainValue(store, item, offset);
        }
        int type = store.items.content(item);
        int kind = store.types.kind(type);
        if (kind == Types.ARRAY) {
            List<@Nullable Object> list = new ArrayList<>();
            rest.push(() -> fill(store, type, list, rest));
            return list;
        }
        if (kind == Types.MAP || kind == Types.XML_HOOK) {
            Map<String, @Nullable Object> map = new LinkedHashMap<>();
            rest.push(() -> fill(store, type, map, rest));
            return map;
        }
        return json(store, type, kind);
    }

    // rich text

    /**
     * The content of a text with its attributes.
     *
     * @param doc for handles of the types in it; null to give them as plain values
     * @param at the past to show, or null for the present
     */
    static TextDelta delta(Store store, int type, @Nullable YDoc doc, @Nullable YSnapshot at) {
        Items items = store.items;
        TextDelta.Builder out = TextDelta.builder();
        StringBuilder text = new StringBuilder();
        Map<String, @Nullable Object> attributes = new LinkedHashMap<>();
        for (int item = store.types.first(type); item != NONE; item = items.next(item)) {
            int kind = items.kind(item);
            if (kind == Items.DELETED || at == null && items.isGone(item)) {
                continue;
            }
            switch (kind) {
                case Items.STRING -> appendVisible(store, item, at, text);
                case Items.FORMAT -> {
                    if (isVisible(store, item, at)) {
                        flush(out, text, attributes);
                        TextEditor.update(attributes, (FormatContent) store.slots.get(items.content(item)));
                    }
                }
                case Items.EMBED, Items.TYPE, Items.DOC -> {
                    if (isVisible(store, item, at)) {
                        flush(out, text, attributes);
                        Object value = doc != null ? value(doc, item, 0) : jsonOf(store, item);
                        out.insert(value, attributes);
                    }
                }
                default -> {}
            }
        }
        flush(out, text, attributes);
        return out.build();
    }

    private static @Nullable Object jsonOf(Store store, int item) {
        Deque<Runnable> rest = new ArrayDeque<>();
        Object value = jsonValue(store, item, 0, rest);
        run(rest);
        return value;
    }

    private static void flush(TextDelta.Builder out, StringBuilder text, Map<String, @Nullable Object> attributes) {
        if (text.length() > 0) {
            out.insert(text.toString(), attributes);
            text.setLength(0);
        }
    }

    private static boolean isVisible(Store store, int item, @Nullable YSnapshot at) {
        if (at == null) {
            return !store.items.isGone(item);
        }
        long client = store.clients.id(store.items.client(item));
        int clock = store.items.clock(item);
        return clock < at.stateVector().get(client) && !at.deleteSet().contains(client, clock);
    }

    private static void appendVisible(Store store, int item, @Nullable YSnapshot at, StringBuilder text) {
        Items items = store.items;
        if (at == null) {
            store.appendText(text, item, 0, items.length(item));
            return;
        }
        long client = store.clients.id(items.client(item));
        int start = items.clock(item);
        int end = (int) Math.min(items.end(item), at.stateVector().get(client));
        for (int clock = start; clock < end; clock++) {
            if (!at.deleteSet().contains(client, clock)) {
                store.appendText(text, item, clock - start, clock - start + 1);
            }
        }
    }

    // XML

    static String nodeName(Store store, int type) {
        int name = store.types.get(type, Types.NAME);
        return name == NONE ? "UNDEFINED" : (String) store.slots.get(name);
    }

    /** The XML of a fragment, an element or a text. */
    static String xml(Store store, int type) {
        StringBuilder out = new StringBuilder();
        Deque<Object> rest = new ArrayDeque<>();
        rest.push(type);
        while (!rest.isEmpty()) {
            Object next = rest.pop();
            if (next instanceof Integer nested) {
                List<Object> pieces = new ArrayList<>();
                if (store.types.kind(nested) == Types.XML_TEXT) {
                    addText(store, nested, pieces);
                } else {
                    addElement(store, nested, pieces);
                }
                for (int i = pieces.size() - 1; i >= 0; i--) {
                    rest.push(pieces.get(i));
                }
            } else {
                out.append(next);
            }
        }
        return out.toString();
    }

    /** What an element or a fragment is made of: strings, and types that come to be opened in their turn. */
    private static void addElement(Store store, int type, List<Object> pieces) {
        boolean element = store.types.kind(type) == Types.XML_ELEMENT;
        String name = element ? nodeName(store, type).toLowerCase(Locale.ROOT) : "";
        if (element) {
            StringBuilder tag = new StringBuilder("<").append(name);
            Map<String, String> sorted = new TreeMap<>();
            forEachKey(store, type, (key, item) -> sorted.put(key, attribute(store, item)));
            sorted.forEach((key, value) ->
                    tag.append(' ').append(key).append("=\"").append(value).append('"'));
            pieces.add(tag.append('>').toString());
        }
        forEachVisible(store, type, item -> {
            for (int i = 0, n = store.items.length(item); i < n; i++) {
                pieces.add(piece(store, item, i));
            }
        });
        if (element) {
            pieces.add("</" + name + ">");
        }
    }

    /** What a text is made of, its attributes as elements around each stretch, in the order of their names. */
    private static void addText(Store store, int type, List<Object> pieces) {
        Items items = store.items;
        Map<String, @Nullable Object> attributes = new LinkedHashMap<>();
        List<Object> stretch = new ArrayList<>();
        for (int item = store.types.first(type); item != NONE; item = items.next(item)) {
            if (items.isGone(item)) {
                continue;
            }
            switch (items.kind(item)) {
                case Items.STRING -> stretch.add(store.text(item));
                case Items.FORMAT -> {
                    addStretch(stretch, attributes, pieces);
                    TextEditor.update(attributes, (FormatContent) store.slots.get(items.content(item)));
                }
                case Items.EMBED, Items.TYPE -> {
                    addStretch(stretch, attributes, pieces);
                    stretch.add(piece(store, item, 0));
                    addStretch(stretch, attributes, pieces);
                }
                default -> {}
            }
        }
        addStretch(stretch, attributes, pieces);
    }

    private static void addStretch(
            List<Object> stretch, Map<String, @Nullable Object> attributes, List<Object> pieces) {
        if (stretch.isEmpty()) {
            return;
        }
        List<String> names = new ArrayList<>(attributes.keySet());
        names.sort(Comparator.naturalOrder());
        for (String name : names) {
            StringBuilder tag = new StringBuilder("<").append(name);
            new TreeMap<>(JsValue.properties(attributes.get(name)))
                    .forEach((key, value) -> tag.append(' ')
                            .append(key)
                            .append("=\"")
                            .append(JsValue.toText(value))
                            .append('"'));
            pieces.add(tag.append('>').toString());
        }
        pieces.addAll(stretch);
        for (int i = names.size() - 1; i >= 0; i--) {
            pieces.add("</" + names.get(i) + ">");
        }
        stretch.clear();
    }

    /** A unit as a string, or as the number of an XML type. */
    private static Object piece(Store store, int item, int offset) {
        if (store.items.kind(item) != Items.TYPE) {
            return JsValue.toText(plainValue(store, item, offset));
        }
        int type = store.items.content(item);
        return switch (store.types.kind(type)) {
            case Types.XML_ELEMENT, Types.XML_FRAGMENT, Types.XML_TEXT -> type;
            case Types.TEXT -> text(store, type);
            default -> "[object Object]";
        };
    }

    private static String attribute(Store store, int item) {
        return store.items.kind(item) == Items.TYPE
                ? "[object Object]"
                : JsValue.toText(plainValue(store, item, store.items.length(item) - 1));
    }

    @Nullable
    static YType sibling(YDoc doc, int item, boolean next) {
        Items items = doc.store.items;
        int sibling = item;
        do {
            sibling = next ? items.next(sibling) : items.previous(sibling);
        } while (sibling != NONE && items.visible(sibling) == 0);
        return sibling != NONE && value(doc, sibling, 0) instanceof YType type ? type : null;
    }
}
