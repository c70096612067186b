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
    private final StringBuilder out = new StringBuilder();

    private Description() {}

    static String of(YDoc doc) {
        Description description = new Description();
        description.document(doc);
        return description.out.toString();
    }

    static String of(TextDelta delta) {
        Description description = new Description();
        description.delta(delta);
        return description.out.toString();
    }

    /** State vector, delete set, and the order of the units of the roots: what does not depend on the version of Yjs. */
    static String ofUnits(YDoc doc) {
        Description description = new Description();
        description.versions(doc);
        Map<String, YType> roots = new LinkedHashMap<>();
        roots.put("t", doc.getText("t"));
        roots.put("p", doc.getText("p"));
        roots.put("a", doc.getArray("a"));
        roots.put("m", doc.getMap("m"));
        roots.put("x", doc.getXmlFragment("x"));
        roots.forEach((name, type) -> {
            description.out.append('\n').append(name).append(' ');
            description.run(Units.of(type));
            for (String key : new TreeSet<>(Units.keys(type))) {
                description.out.append(' ').append(key).append('=');
                description.run(Units.ofKey(type, key));
            }
        });
        return description.out.toString();
    }

    private void versions(YDoc doc) {
        out.append("sv");
        TreeMap<Long, Long> clocks = new TreeMap<>();
        doc.stateVector().forEach(clocks::put);
        clocks.forEach((client, clock) ->
                out.append(' ').append((long) client).append(':').append((long) clock));
        out.append("\nds");
        TreeMap<Long, StringBuilder> deleted = new TreeMap<>();
        doc.deleteSet()
                .forEachRange((client, clock, length) -> deleted.computeIfAbsent(client, c -> new StringBuilder())
                        .append(' ')
                        .append(client)
                        .append(':')
                        .append(clock)
                        .append('+')
                        .append(length));
        deleted.values().forEach(out::append);
    }

    private void document(YDoc doc) {
        versions(doc);
        YText text = doc.getText("t");
        YText plain = doc.getText("p");
        YArray array = doc.getArray("a");
        YMap map = doc.getMap("m");
        YXmlFragment fragment = doc.getXmlFragment("x");
        for (String name : new TreeSet<>(Units.untypedRoots(doc))) {
            out.append("\nroot ").append(name).append('#');
            run(Units.ofRoot(doc, name));
        }
        out.append("\nt ");
        type(text);
        out.append("\np ");
        type(plain);
        out.append("\na ");
        type(array);
        out.append("\nm ");
        type(map);
        out.append("\nx ");
        type(fragment);
    }

    private void type(YType type) {
        if (type instanceof YText text) {
            out.append(type instanceof YXmlText ? "XT" : "T");
            delta(text.toDelta());
            if (type instanceof YXmlText) {
                out.append('|').append(isMarkup(text) ? text : "");
            } else {
                out.append('|').append(text).append('|').append(text.length());
            }
            units(type);
            map(type);
        } else if (type instanceof YArray array) {
            out.append('A').append(array.length()).append('[');
            for (int i = 0; i < array.length(); i++) {
                if (i > 0) {
                    out.append(',');
                }
                value(array.get(i));
            }
            out.append(']');
            units(type);
        } else if (type instanceof YXmlFragment fragment) {
            if (type instanceof YXmlElement element) {
                out.append("XE").append(element.nodeName());
            } else {
                out.append("XF");
            }
            out.append('[');
            for (int i = 0; i < fragment.length(); i++) {
                if (i > 0) {
                    out.append(',');
                }
                child(fragment, i);
            }
            out.append(']');
            if (type instanceof YXmlElement) {
                units(type);
                map(type);
            } else {
                out.append(isMarkup(fragment) ? fragment : "");
                units(type);
            }
        } else {
            out.append('M');
            map(type);
        }
    }

    /** What is no type has no business there. */
    private void child(YXmlFragment fragment, int index) {
        YType child;
        try {
            child = fragment.get(index);
        } catch (IllegalStateException noType) {
            out.append('?');
            return;
        }
        type(child);
    }

    /** Whether a type reads as XML; how an object inside of one reads is an accident. */
    private static boolean isMarkup(Object type) {
        if (type instanceof YText text) {
            return text.toDelta().ops().stream().allMatch(op -> ((TextDelta.Insert) op).value() instanceof String);
        }
        return type instanceof YXmlFragment fragment
                && fragment.children().size() == fragment.length()
                && fragment.children().stream().allMatch(Description::isMarkup);
    }

    private void map(YType type) {
        out.append('{');
        for (String key : new TreeSet<>(Units.keys(type))) {
            out.append(key).append('=');
            if (isSet(type, key)) {
                value(get(type, key));
            } else {
                out.append('-');
            }
            out.append('#');
            run(Units.ofKey(type, key));
            out.append(';');
        }
        out.append('}');
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
        out.append('#');
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
                out.append(' ');
            }
            first = false;
            out.append(run.client())
                    .append(':')
                    .append(run.clock())
                    .append('+')
                    .append(length)
                    .append(run.kind());
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
                        out.append('"').append(before);
                    }
                    out.append('"');
                }
                out.append(text);
                before = attributed;
            } else {
                if (before != null) {
                    out.append('"').append(before);
                }
                before = null;
                out.append('<');
                value(insert.value());
                out.append('>').append(attributed);
            }
        }
        if (before != null) {
            out.append('"').append(before);
        }
    }

    private static String objectText(Map<?, ?> object) {
        Description description = new Description();
        description.object(object);
        return description.out.toString();
    }

    private void value(@Nullable Object value) {
        if (value == null) {
            out.append("null");
        } else if (value == Undefined.UNDEFINED) {
            out.append("undefined");
        } else if (value instanceof Boolean) {
            out.append(value);
        } else if (value instanceof Long) {
            out.append('n').append(value);
        } else if (value instanceof Double number) {
            out.append(String.format("f%016x", Double.doubleToLongBits(number)));
        } else if (value instanceof BigInteger) {
            out.append(value).append('n');
        } else if (value instanceof String) {
            out.append('"').append(value).append('"');
        } else if (value instanceof byte[] bytes) {
            out.append('b').append(HexFormat.of().formatHex(bytes));
        } else if (value instanceof List<?> list) {
            out.append('[');
            for (int i = 0; i < list.size(); i++) {
                if (i > 0) {
                    out.append(',');
                }
                value(list.get(i));
            }
            out.append(']');
        } else if (value instanceof Map<?, ?> map) {
            object(map);
        } else if (value instanceof YType type) {
            type(type);
        } else if (value instanceof YDoc doc) {
            out.append("doc(").append(doc.guid()).append(')');
        } else {
            throw new AssertionError("not a value: " + value.getClass());
        }
    }

    private void object(Map<?, ?> object) {
        out.append('{');
        boolean first = true;
        for (Map.Entry<?, ?> entry : new TreeMap<>(object).entrySet()) {
            if (!first) {
                out.append(',');
            }
            first = false;
            out.append(entry.getKey()).append(':');
            value(entry.getValue());
        }
        out.append('}');
    }
}
