package dev.rejoin.crdt.yjs;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Edits of all kinds of types, drawn from a seed: rich text, arrays, maps, XML, types in types. */
final class RandomEdits {
    private static final String[] WORDS = {"a", "bc", "def", "\u00fc", "\u4f60\u597d", "\ud83d\ude00", "x y"};

    private final Random random;

    RandomEdits(Random random) {
        this.random = random;
    }

    static YDoc document(long client, boolean gc) {
        YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(client).withGc(gc));
        doc.getText("text");
        doc.getArray("array");
        doc.getMap("map");
        doc.getXmlFragment("xml");
        return doc;
    }

    /** One edit. */
    void edit(YDoc doc) {
        switch (random.nextInt(4)) {
            case 0 -> editText(doc.getText("text"));
            case 1 -> editArray(doc.getArray("array"), 0);
            case 2 -> editMap(doc.getMap("map"), 0);
            default -> editXml(doc.getXmlFragment("xml"), 0);
        }
    }

    void editText(YText text) {
        int length = text.length();
        int index = whole(text, random.nextInt(length + 1));
        switch (random.nextInt(6)) {
            case 0, 1 -> text.insert(index, word());
            case 2 -> text.insert(index, word(), attributes());
            case 3 -> {
                int end = whole(text, Math.min(length, index + random.nextInt(5)));
                if (end > index) {
                    text.delete(index, end - index);
                }
            }
            case 4 -> {
                int end = whole(text, Math.min(length, index + 1 + random.nextInt(6)));
                if (end > index) {
                    text.format(index, end - index, attributes());
                }
            }
            default -> text.insertEmbed(index, Map.of("n", random.nextInt(3)), attributes());
        }
    }

    /** Moves an index off the middle of a character of two units. */
    private static int whole(YText text, int index) {
        StringBuilder units = new StringBuilder();
        for (TextDelta.Op op : text.toDelta().ops()) {
            Object value = ((TextDelta.Insert) op).value();
            units.append(value instanceof String string ? string : "?");
        }
        return index > 0 && index < units.length() && Character.isLowSurrogate(units.charAt(index)) ? index - 1 : index;
    }

    private String word() {
        return WORDS[random.nextInt(WORDS.length)];
    }

    private Map<String, @Nullable Object> attributes() {
        Map<String, @Nullable Object> attributes = new LinkedHashMap<>();
        for (String key : List.of("b", "i", "link")) {
            if (random.nextInt(3) == 0) {
                attributes.put(
                        key,
                        random.nextInt(3) == 0 ? null : key.equals("link") ? "u" + random.nextInt(2) : (Object) true);
            }
        }
        return attributes;
    }

    private Object value() {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextInt(100);
            case 1 -> word();
            case 2 -> 0.5 + random.nextInt(3);
            case 3 -> random.nextBoolean();
            case 4 -> Arrays.asList(1, null, "x");
            default -> Map.of("k", random.nextInt(3));
        };
    }

    private void editArray(YArray array, int depth) {
        int length = array.length();
        int index = random.nextInt(length + 1);
        switch (random.nextInt(6)) {
            case 0 -> {
                List<Object> values = new ArrayList<>();
                for (int i = random.nextInt(3); i >= 0; i--) {
                    values.add(value());
                }
                array.insert(index, values);
            }
            case 1 -> array.push(List.of(value()));
            case 2 -> {
                int count = Math.min(length - index, random.nextInt(4));
                array.delete(index, count);
            }
            case 3 -> array.insertMap(index).set("n", random.nextInt(9));
            case 4 -> array.insertText(index).insert(0, word());
            default -> {
                if (index < length) {
                    editChild(array.get(index), depth);
                }
            }
        }
    }

    private void editMap(YMap map, int depth) {
        String key = "k" + random.nextInt(3);
        switch (random.nextInt(6)) {
            case 0, 1 -> map.set(key, value());
            case 2 -> map.delete(key);
            case 3 -> map.setArray(key).push(List.of(1));
            case 4 -> map.setMap(key).set("d", depth);
            default -> editChild(map.get(key), depth);
        }
    }

    private void editXml(YXmlFragment xml, int depth) {
        int length = xml.length();
        int index = random.nextInt(length + 1);
        switch (random.nextInt(5)) {
            case 0 -> xml.insertElement(index, "p").setAttribute("class", "c" + random.nextInt(3));
            case 1 -> xml.insertText(index).insert(0, word());
            case 2 -> xml.delete(index, Math.min(length - index, random.nextInt(2)));
            case 3 -> {
                if (xml instanceof YXmlElement element) {
                    element.setAttribute("id", random.nextInt(5));
                }
            }
            default -> {
                if (index < length) {
                    editChild(xml.get(index), depth);
                }
            }
        }
    }

    private void editChild(@Nullable Object child, int depth) {
        if (depth > 4) {
            return;
        }
        if (child instanceof YText text) {
            editText(text);
        } else if (child instanceof YArray array) {
            editArray(array, depth + 1);
        } else if (child instanceof YMap map) {
            editMap(map, depth + 1);
        } else if (child instanceof YXmlFragment xml) {
            editXml(xml, depth + 1);
        }
    }
}
