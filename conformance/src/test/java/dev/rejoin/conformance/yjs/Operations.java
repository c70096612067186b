package dev.rejoin.conformance.yjs;

import dev.rejoin.crdt.yjs.TextDelta;
import dev.rejoin.crdt.yjs.YArray;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import dev.rejoin.crdt.yjs.YMap;
import dev.rejoin.crdt.yjs.YText;
import dev.rejoin.crdt.yjs.YType;
import dev.rejoin.crdt.yjs.YXmlElement;
import dev.rejoin.crdt.yjs.YXmlFragment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** How the numbers of a script act on a document of ours; operations.mjs does the same to one of yjs. */
final class Operations {
    private final YDoc doc;
    private final boolean pairs;
    private int cursor;

    Operations(YDoc doc, boolean pairs) {
        this.doc = doc;
        this.pairs = pairs;
    }

    /** The live types of a document in the order in which both sides find them. */
    static final class Live {
        final List<YType> all = new ArrayList<>();
        final List<YText> texts = new ArrayList<>();
        final List<YArray> arrays = new ArrayList<>();
        final List<YMap> maps = new ArrayList<>();
        final List<YXmlFragment> fragments = new ArrayList<>();
        final List<YXmlElement> elements = new ArrayList<>();

        static Live of(YDoc doc) {
            Live live = new Live();
            live.visit(doc.getText("t"));
            live.visit(doc.getArray("a"));
            live.visit(doc.getMap("m"));
            live.visit(doc.getXmlFragment("x"));
            return live;
        }

        private void visit(@Nullable Object value) {
            if (!(value instanceof YType type)) {
                return;
            }
            all.add(type);
            if (type instanceof YText text) {
                texts.add(text);
                for (TextDelta.Op op : text.toDelta().ops()) {
                    visit(((TextDelta.Insert) op).value());
                }
            } else if (type instanceof YArray array) {
                arrays.add(array);
                for (int i = 0; i < array.length(); i++) {
                    visit(array.get(i));
                }
            } else if (type instanceof YXmlFragment fragment) {
                fragments.add(fragment);
                if (fragment instanceof YXmlElement element) {
                    elements.add(element);
                }
                for (int i = 0; i < fragment.length(); i++) {
                    visit(fragment.get(i));
                }
            } else if (type instanceof YMap map) {
                maps.add(map);
                for (String key : new TreeSet<>(map.keys())) {
                    visit(map.get(key));
                }
            }
        }
    }

    /** Positions in a text: never between the halves of a pair. */
    private final class Positions {
        private final int length;
        private final String units;

        Positions(YText type) {
            length = type.length();
            units = pairs ? unitsOf(type) : "";
        }

        int snap(int index) {
            return index > 0
                            && index < units.length()
                            && Character.isSurrogatePair(units.charAt(index - 1), units.charAt(index))
                    ? index + 1
                    : index;
        }

        int any(int raw) {
            return snap(index(raw, length));
        }

        /** End of a stretch of at least one unit, if there is one. */
        int end(int from, int raw) {
            return from >= length ? from : snap(from + 1 + raw % (length - from));
        }
    }

    private int index(int raw, int length) {
        return raw >= ScriptGenerator.CURSOR ? Math.min(cursor, length) : raw % (length + 1);
    }

    private static String unitsOf(YText type) {
        StringBuilder units = new StringBuilder();
        for (TextDelta.Op op : type.toDelta().ops()) {
            if (((TextDelta.Insert) op).value() instanceof String text) {
                units.append(text);
            } else {
                units.append('\0');
            }
        }
        return units.toString();
    }

    static <T> T pick(List<T> list, int raw) {
        return list.get(raw % list.size());
    }

    /** One operation and its numbers. */
    void perform(int operation, int[] g) {
        switch (operation) {
            case 7 -> insertPlain(g);
            case 8 -> deletePlain(g);
            case 1, 2, 3, 4, 5, 6, 23, 24 -> onText(operation, pick(Live.of(doc).texts, g[0]), g);
            case 9, 10, 11, 12, 13 -> onArray(operation, pick(Live.of(doc).arrays, g[0]), g);
            case 14, 15, 16, 17, 18 -> onMap(operation, pick(Live.of(doc).maps, g[0]), g);
            case 19, 20 -> onFragment(operation, pick(Live.of(doc).fragments, g[0]), g);
            case 21, 22 -> {
                List<YXmlElement> elements = Live.of(doc).elements;
                if (!elements.isEmpty()) {
                    YXmlElement element = pick(elements, g[0]);
                    if (operation == 21) {
                        element.setAttribute(Pools.key(g[1]), Pools.xmlValue(g[2]));
                    } else {
                        element.removeAttribute(Pools.key(g[1]));
                    }
                }
            }
            default -> throw new IllegalArgumentException("operation " + operation);
        }
    }

    private void insertPlain(int[] g) {
        YText type = doc.getText("p");
        int at = new Positions(type).any(g[0]);
        String text = Pools.text(g[1], pairs);
        type.insert(at, text);
        cursor = at + text.length();
    }

    private void deletePlain(int[] g) {
        YText type = doc.getText("p");
        Positions positions = new Positions(type);
        int from = positions.any(g[0]);
        type.delete(from, positions.end(from, g[1]) - from);
        cursor = from == 0 ? 0 : positions.snap(from - 1);
    }

    private void onText(int operation, YText type, int[] g) {
        switch (operation) {
            case 1 -> {
                int at = new Positions(type).any(g[1]);
                String text = Pools.text(g[2], pairs);
                Map<String, @Nullable Object> attributes = Pools.attributes(g[3]);
                if (attributes == null) {
                    type.insert(at, text);
                } else {
                    type.insert(at, text, attributes);
                }
                cursor = at + text.length();
            }
            case 2 -> {
                Positions positions = new Positions(type);
                int from = positions.any(g[1]);
                type.delete(from, positions.end(from, g[2]) - from);
                cursor = from;
            }
            case 3 -> {
                Positions positions = new Positions(type);
                int from = positions.any(g[1]);
                Map<String, @Nullable Object> attributes = Pools.attributes(g[3]);
                type.format(from, positions.end(from, g[2]) - from, attributes == null ? Map.of() : attributes);
            }
            case 4 -> {
                int at = new Positions(type).any(g[1]);
                Map<String, @Nullable Object> attributes = Pools.attributes(g[3]);
                if (attributes == null) {
                    type.insertEmbed(at, Pools.embed(g[2]));
                } else {
                    type.insertEmbed(at, Pools.embed(g[2]), attributes);
                }
            }
            case 5 -> {
                int at = new Positions(type).any(g[1]);
                switch (g[2] % 4) {
                    case 0 -> type.insertArray(at);
                    case 1 -> type.insertMap(at);
                    case 2 -> type.insertText(at);
                    default -> type.insertXmlElement(at, "n");
                }
            }
            case 6 -> type.applyDelta(delta(type, g));
            case 23 -> type.setAttribute(Pools.key(g[1]), Pools.xmlValue(g[2]));
            default -> type.removeAttribute(Pools.key(g[1]));
        }
    }

    /** After the target: kind, number, attributes each. */
    private TextDelta delta(YText type, int[] g) {
        Positions positions = new Positions(type);
        TextDelta.Builder delta = TextDelta.builder();
        int at = 0;
        for (int i = 1; i + 2 < g.length; i += 3) {
            Map<String, @Nullable Object> given = Pools.attributes(g[i + 2]);
            Map<String, @Nullable Object> attributes = given == null ? Map.of() : given;
            switch (g[i] % 4) {
                case 0, 1 -> {
                    int end = positions.end(at, g[i + 1]);
                    if (end > at && g[i] % 4 == 0) {
                        delta.retain(end - at, attributes);
                    } else if (end > at) {
                        delta.delete(end - at);
                    }
                    at = end;
                }
                case 2 -> delta.insert(Pools.text(g[i + 1], pairs), attributes);
                default -> delta.insert(Pools.embed(g[i + 1]), attributes);
            }
        }
        return delta.build();
    }

    private void onArray(int operation, YArray type, int[] g) {
        switch (operation) {
            case 9 -> {
                int at = index(g[1], type.length());
                type.insert(at, values(g, 2));
                cursor = at + g.length - 2;
            }
            case 10 -> type.push(values(g, 1));
            case 11 -> {
                int from = index(g[1], type.length());
                type.delete(from, from == type.length() ? 0 : 1 + g[2] % (type.length() - from));
            }
            case 12 -> {
                int at = index(g[1], type.length());
                switch (g[2] % 6) {
                    case 0 -> type.insertArray(at);
                    case 1 -> type.insertMap(at);
                    case 2 -> type.insertText(at);
                    case 3 -> type.insertXmlElement(at, "n");
                    case 4 -> type.insertXmlFragment(at);
                    default -> type.insertXmlText(at);
                }
            }
            default -> type.insertDoc(index(g[1], type.length()), subdocument(g[2]));
        }
    }

    private static List<@Nullable Object> values(int[] g, int from) {
        List<@Nullable Object> values = new ArrayList<>();
        for (int raw : Arrays.copyOfRange(g, from, g.length)) {
            values.add(Pools.listValue(raw));
        }
        return values;
    }

    private static void onMap(int operation, YMap type, int[] g) {
        switch (operation) {
            case 14 -> type.set(Pools.key(g[1]), Pools.value(g[2]));
            case 15 -> {
                String key = Pools.key(g[1]);
                switch (g[2] % 6) {
                    case 0 -> type.setArray(key);
                    case 1 -> type.setMap(key);
                    case 2 -> type.setText(key);
                    case 3 -> type.setXmlElement(key, "n");
                    case 4 -> type.setXmlFragment(key);
                    default -> type.setXmlText(key);
                }
            }
            case 16 -> type.delete(Pools.key(g[1]));
            case 17 -> type.clear();
            default -> type.setDoc(Pools.key(g[1]), subdocument(g[2]));
        }
    }

    private void onFragment(int operation, YXmlFragment type, int[] g) {
        int at = index(g[1], type.length());
        if (operation == 20) {
            type.delete(at, at == type.length() ? 0 : 1 + g[2] % (type.length() - at));
        } else if (g[2] % 2 == 0) {
            type.insertText(at);
        } else {
            type.insertElement(at, Pools.name(g[2] >> 1));
        }
    }

    private static YDoc subdocument(int raw) {
        YDocOptions options = YDocOptions.defaults()
                .withGuid("g" + raw % 5)
                .withAutoLoad(raw % 3 == 1)
                .withGc(raw % 4 != 1);
        return YDoc.create(raw % 7 == 3 ? options.withMeta(Map.of("v", raw % 2)) : options);
    }
}
