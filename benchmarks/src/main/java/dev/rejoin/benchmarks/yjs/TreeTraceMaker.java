package dev.rejoin.benchmarks.yjs;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes the history of a long document as an editor of the ProseMirror family keeps it in Yjs: one element with one text per paragraph. First the
 * paragraphs come one by one, then somebody types here and there, splits and joins paragraphs, marks words, turns paragraphs into headings.
 */
final class TreeTraceMaker {
    private static final List<String> MARKS = List.of("bold", "italic", "code");

    private final Chance chance;
    private final Vocabulary words;
    private final List<Block> blocks = new ArrayList<>();
    private final List<List<Object>> ops = new ArrayList<>();

    private record Block(String node, Map<String, Object> attributes, MarkedText text) {}

    TreeTraceMaker(long seed) {
        chance = new Chance(seed);
        words = new Vocabulary(chance);
    }

    TraceDraft make(int paragraphs, int edits) {
        for (int i = 0; i < paragraphs; i++) {
            paragraph(i);
        }
        while (ops.size() < paragraphs + edits) {
            visit(chance.below(blocks.size()));
        }
        String about =
                "A document of very many paragraphs as ProseMirror keeps it in Yjs: typing, splitting, joining, marks, attributes. Made by MakeTraces; CC BY 4.0, the Rejoin authors.";
        String end = blocks.stream().map(block -> block.text.plain()).collect(Collectors.joining("\n"));
        return new TraceDraft("tree", about, end)
                .with("endDigest", Digest.sha256(xml()))
                .withOps(ops);
    }

    private void paragraph(int at) {
        boolean heading = chance.percent(10);
        Map<String, Object> attributes = heading ? Map.of("level", Integer.toString(chance.between(1, 3))) : Map.of();
        MarkedText text = new MarkedText();
        text.insert(0, words.sentence(heading ? 15 : chance.between(20, 90)), Map.of());
        Block block = new Block(heading ? "heading" : "paragraph", attributes, text);
        ops.add(List.of("p", at, block.node, attributes, text.segments(0)));
        blocks.add(at, block);
    }

    /** Somebody puts the cursor into a paragraph and works there for a while. */
    private void visit(int at) {
        MarkedText text = blocks.get(at).text;
        int cursor = chance.below(text.length() + 1);
        int dice = chance.below(100);
        if (dice < 60) {
            type(at, cursor);
        } else if (dice < 72) {
            mark(at, cursor);
        } else if (dice < 82) {
            split(at, cursor);
        } else if (dice < 92) {
            join(at);
        } else if (dice < 96) {
            align(at);
        } else {
            paragraph(at + 1);
        }
    }

    private void type(int at, int start) {
        MarkedText text = blocks.get(at).text;
        int cursor = start;
        for (int count = chance.between(1, 4); count > 0; count--) {
            String word =
                    chance.percent(85) ? words.word() + " " : chance.percent(70) ? words.composed() : words.emoji();
            if (chance.percent(85)) {
                for (int point : word.codePoints().toArray()) {
                    cursor = insert(at, text, cursor, Character.toString(point));
                }
            } else {
                cursor = insert(at, text, cursor, word);
            }
        }
        for (int count = chance.below(4); count > 0 && cursor > 0; count--) {
            cursor--;
            ops.add(List.of("d", at, cursor, 1));
            text.delete(cursor, 1);
        }
    }

    private int insert(int at, MarkedText text, int cursor, String inserted) {
        ops.add(List.of("i", at, cursor, inserted));
        text.insert(cursor, inserted, text.inherited(cursor));
        return cursor + inserted.codePointCount(0, inserted.length());
    }

    private void mark(int at, int start) {
        MarkedText text = blocks.get(at).text;
        int length = Math.min(chance.between(1, 25), text.length() - start);
        if (length == 0) {
            return;
        }
        String mark = chance.of(MARKS);
        boolean on = text.cell(start).attributes().containsKey(mark);
        Map<String, @Nullable Object> changes = new LinkedHashMap<>();
        changes.put(mark, on ? null : true);
        ops.add(List.of("f", at, start, length, changes));
        text.format(start, length, changes);
    }

    private void split(int at, int cursor) {
        Block block = blocks.get(at);
        List<List<Object>> moved = block.text.segments(cursor);
        ops.add(List.of("s", at, cursor, block.node, block.attributes, moved));
        block.text.delete(cursor, block.text.length() - cursor);
        MarkedText text = new MarkedText();
        append(text, moved);
        blocks.add(at + 1, new Block(block.node, block.attributes, text));
    }

    private void join(int at) {
        if (at + 1 == blocks.size()) {
            return;
        }
        List<List<Object>> moved = blocks.get(at + 1).text.segments(0);
        ops.add(List.of("j", at, moved));
        append(blocks.get(at).text, moved);
        blocks.remove(at + 1);
    }

    @SuppressWarnings("unchecked")
    private static void append(MarkedText text, List<List<Object>> segments) {
        for (List<Object> segment : segments) {
            text.insert(text.length(), (String) segment.get(0), (Map<String, Object>) segment.get(1));
        }
    }

    private void align(int at) {
        Block block = blocks.get(at);
        String value = chance.percent(50) ? "center" : "right";
        ops.add(List.of("a", at, "align", value));
        Map<String, Object> attributes = new TreeMap<>(block.attributes);
        attributes.put("align", value);
        blocks.set(at, new Block(block.node, attributes, block.text));
    }

    /** As Yjs writes a fragment: attributes and marks by name, nothing escaped. */
    private String xml() {
        StringBuilder xml = new StringBuilder();
        for (Block block : blocks) {
            xml.append('<').append(block.node);
            new TreeMap<>(block.attributes).forEach((key, value) -> xml.append(" %s=\"%s\"".formatted(key, value)));
            xml.append('>');
            for (List<Object> segment : block.text.segments(0)) {
                List<String> marks = ((Map<?, ?>) segment.get(1))
                        .keySet().stream().map(String::valueOf).toList();
                marks.forEach(mark -> xml.append('<').append(mark).append('>'));
                xml.append(segment.get(0));
                for (int i = marks.size() - 1; i >= 0; i--) {
                    xml.append("</").append(marks.get(i)).append('>');
                }
            }
            xml.append("</").append(block.node).append('>');
        }
        return xml.toString();
    }
}
