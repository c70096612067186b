package dev.rejoin.conformance.yjs;

import dev.rejoin.crdt.yjs.TextDelta;
import dev.rejoin.crdt.yjs.Undefined;
import dev.rejoin.crdt.yjs.Units;
import dev.rejoin.crdt.yjs.YArray;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YMap;
import dev.rejoin.crdt.yjs.YText;
import dev.rejoin.crdt.yjs.YType;
import dev.rejoin.crdt.yjs.YXmlElement;
import dev.rejoin.crdt.yjs.YXmlFragment;
import dev.rejoin.crdt.yjs.YXmlText;
import java.math.BigInteger;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The text by which documents of the two sides are compared; describe.mjs gives the same for the same document. */
final class Description {
    private final Transcript out;

    private Description(Transcript out) {
        this.out = out;
    }

    static String of(YDoc doc) {
        Transcript out = Transcript.kept();
        write(doc, out);
        return out.toString();
    }

    static void write(YDoc doc, Transcript out) {
        new Description(out).document(doc);
    }

    static void write(TextDelta delta, Transcript out) {
        new Description(out).delta(delta);
    }

    /** State vector, delete set, and the order of the units of the roots: what does not depend on the version of Yjs. */
    static String ofUnits(YDoc doc) {
        Transcript out = Transcript.kept();
        Description description = new Description(out);
        description.versions(doc);
        Map<String, YType> roots = new LinkedHashMap<>();
        roots.put("t", doc.getText("t"));
        roots.put("p", doc.getText("p"));
        roots.put("a", doc.getArray("a"));
        roots.put("m", doc.getMap("m"));
        roots.put("x", doc.getXmlFragment("x"));
        roots.forEach((name, type) -> {
            out.add('\n').add(name).add(' ');
            description.run(Units.of(type));
            for (String key : new TreeSet<>(Units.keys(type))) {
                out.add(' ').add(key).add('=');
                description.run(Units.ofKey(type, key));
            }
        });
        return out.toString();
    }

    private void versions(YDoc doc) {
        out.add("sv");
        TreeMap<Long, Long> clocks = new TreeMap<>();
        doc.stateVector().forEach(clocks::put);
        clocks.forEach(
                (client, clock) -> out.add(' ').add((long) client).add(':').add((long) clock));
        out.add("\nds");
        TreeMap<Long, StringBuilder> deleted = new TreeMap<>();
        doc.deleteSet()
                .forEachRange((client, clock, length) -> deleted.computeIfAbsent(client, c -> new StringBuilder())
                        .append(' ')
                        .append(client)
                        .append(':')
                        .append(clock)
                        .append('+')
                        .append(length));
        deleted.values().forEach(ranges -> out.add(ranges.toString()));
    }

    private void document(YDoc doc) {
        versions(doc);
        YText text = doc.getText("t");
        YText plain = doc.getText("p");
        YArray array = doc.getArray("a");
        YMap map = doc.getMap("m");
        YXmlFragment fragment = doc.getXmlFragment("x");
        for (String name : new TreeSet<>(Units.untypedRoots(doc))) {
            out.add("\nroot ").add(name).add('#');
            run(Units.ofRoot(doc, name));
        }
        out.add("\nt ");
        type(text);
        out.add("\np ");
        type(plain);
        out.add("\na ");
        type(array);
        out.add("\nm ");
        type(map);
        out.add("\nx ");
        type(fragment);
    }

    private void type(YType type) {
        if (type instanceof YText text) {
            TextDelta delta = text.toDelta();
            out.add(type instanceof YXmlText ? "XT" : "T");
            delta(delta);
            out.add('|');
            if (!(type instanceof YXmlText)) {
                out.add(text.toString()).add('|').add(text.length());
            } else if (isText(delta)) {
                out.add(text.toString());
            }
            units(type);
            map(type);
        } else if (type instanceof YArray array) {
            out.add('A').add(array.length()).add('[');
            for (int i = 0; i < array.length(); i++) {
                if (i > 0) {
                    out.add(',');
                }
                value(array.get(i));
            }
            out.add(']');
            units(type);
        } else if (type instanceof YXmlFragment fragment) {
            if (type instanceof YXmlElement element) {
                out.add("XE").add(element.nodeName());
            } else {
                out.add("XF");
            }
            out.add('[');
            for (int i = 0; i < fragment.length(); i++) {
                if (i > 0) {
                    out.add(',');
                }
                child(fragment, i);
            }
            out.add(']');
            if (type instanceof YXmlElement) {
                units(type);
                map(type);
            } else {
                if (isMarkup(fragment)) {
                    out.add(fragment.toString());
                }
                units(type);
            }
        } else {
            out.add('M');
            map(type);
        }
    }

    /** What is no type has no business there. */
    private void child(YXmlFragment fragment, int index) {
        YType child;
        try {
            child = fragment.get(index);
        } catch (IllegalStateException noType) {
            out.add('?');
            return;
        }
        type(child);
    }

    /** Whether a type reads as XML; how an object inside of one reads is an accident. */
    private static boolean isMarkup(Object type) {
        if (type instanceof YText text) {
            return isText(text.toDelta());
        }
        return type instanceof YXmlFragment fragment
                && fragment.children().size() == fragment.length()
                && fragment.children().stream().allMatch(Description::isMarkup);
    }

    private static boolean isText(TextDelta delta) {
        return delta.ops().stream()
                .map(op -> ((TextDelta.Insert) op).value())
                .allMatch(value -> value instanceof String || value instanceof YDoc);
    }

    private void map(YType type) {
        out.add('{');
        for (String key : new TreeSet<>(Units.keys(type))) {
            out.add(key).add('=');
            if (isSet(type, key)) {
                value(get(type, key));
            } else {
                out.add('-');
            }
            out.add('#');
            run(Units.ofKey(type, key));
            out.add(';');
        }
        out.add('}');
    }

    private static boolean isSet(YType type, String key) {
        if (type instanceof YMap map) {
            return map.containsKey(key);
        }
        return type instanceof YText text
                ? text.attributes().containsKey(key)
                : ((YXmlElement) type).attributes().containsKey(key);
    }

    private static @Nullable Object get(YType type, String key) {
        if (type instanceof YMap map) {
            return map.get(key);
        }
        return type instanceof YText text ? text.getAttribute(key) : ((YXmlElement) type).getAttribute(key);
    }

    private void units(YType type) {
        out.add('#');
        run(Units.of(type));
    }

    /** Runs of one client and one kind. */
    private void run(List<Units.Run> runs) {
        boolean first = true;
        for (int i = 0; i < runs.size(); ) {
            Units.Run run = runs.get(i++);
            long length = run.length();
            while (i < runs.size()
                    && runs.get(i).client() == run.client()
                    && runs.get(i).clock() == run.clock() + length
                    && runs.get(i).kind().equals(run.kind())) {
                length += runs.get(i++).length();
            }
            if (!first) {
                out.add(' ');
            }
            first = false;
            out.add(run.client()).add(':').add(run.clock()).add('+').add(length).add(run.kind());
        }
    }

    /** Neighbouring strings of equal attributes are one. */
    private void delta(TextDelta delta) {
        String before = null;
        for (TextDelta.Op op : delta.ops()) {
            TextDelta.Insert insert = (TextDelta.Insert) op;
            if (insert.value() instanceof YDoc) {
                continue; // a document in a text: yjs counts it and does not show it
            }
            String attributed = insert.attributes().isEmpty() ? "" : objectText(insert.attributes());
            if (insert.value() instanceof String text) {
                if (!attributed.equals(before)) {
                    if (before != null) {
                        out.add('"').add(before);
                    }
                    out.add('"');
                }
                out.add(text);
                before = attributed;
            } else {
                if (before != null) {
                    out.add('"').add(before);
                }
                before = null;
                out.add('<');
                value(insert.value());
                out.add('>').add(attributed);
            }
        }
        if (before != null) {
            out.add('"').add(before);
        }
    }

    private static String objectText(Map<?, ?> object) {
        Transcript text = Transcript.kept();
        new Description(text).object(object);
        return text.toString();
    }

    private void value(@Nullable Object value) {
        if (value == null) {
            out.add("null");
        } else if (value == Undefined.UNDEFINED) {
            out.add("undefined");
        } else if (value instanceof Boolean) {
            out.add(value.toString());
        } else if (value instanceof Long number) {
            out.add('n').add(number);
        } else if (value instanceof Double number) {
            out.add('f').add(HexFormat.of().toHexDigits(Double.doubleToLongBits(number)));
        } else if (value instanceof BigInteger) {
            out.add(value.toString()).add('n');
        } else if (value instanceof String string) {
            out.add('"').add(string).add('"');
        } else if (value instanceof byte[] bytes) {
            out.add('b').add(HexFormat.of().formatHex(bytes));
        } else if (value instanceof List<?> list) {
            out.add('[');
            for (int i = 0; i < list.size(); i++) {
                if (i > 0) {
                    out.add(',');
                }
                value(list.get(i));
            }
            out.add(']');
        } else if (value instanceof Map<?, ?> map) {
            object(map);
        } else if (value instanceof YType type) {
            type(type);
        } else if (value instanceof YDoc doc) {
            out.add("doc(").add(doc.guid()).add(')');
        } else {
            throw new AssertionError("not a value: " + value.getClass());
        }
    }

    private void object(Map<?, ?> object) {
        out.add('{');
        boolean first = true;
        for (Map.Entry<?, ?> entry : new TreeMap<>(object).entrySet()) {
            if (!first) {
                out.add(',');
            }
            first = false;
            out.add((String) entry.getKey()).add(':');
            value(entry.getValue());
        }
        out.add('}');
    }
}
