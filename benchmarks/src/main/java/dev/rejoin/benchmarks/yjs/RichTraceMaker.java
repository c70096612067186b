package dev.rejoin.benchmarks.yjs;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes the history of a rich text as one person writes it: words typed letter by letter, some in Chinese or Japanese, emoji, backspaces, words made
 * bold or italic and plain again, links, lines made headings, text typed inside all of these, pasted sentences, pictures.
 */
final class RichTraceMaker {
    private final Chance chance;
    private final Vocabulary words;
    private final MarkedText text = new MarkedText();
    private final List<List<Object>> ops = new ArrayList<>();
    private int cursor;

    RichTraceMaker(long seed) {
        chance = new Chance(seed);
        words = new Vocabulary(chance);
    }

    TraceDraft make(int edits) {
        while (ops.size() < edits) {
            stroke();
        }
        String about =
                "A rich text typed by one person: marks, links, headings, pictures, emoji, Chinese and Japanese. Made by MakeTraces; CC BY 4.0, the Rejoin authors.";
        return new TraceDraft("rich", about, text.plain())
                .with("endDelta", text.segments(0))
                .withOps(ops);
    }

    private void stroke() {
        int dice = chance.below(100);
        if (dice < 50) {
            type(words.word() + " ");
        } else if (dice < 58) {
            insert(words.composed(), null);
        } else if (dice < 61) {
            insert(words.emoji(), null);
        } else if (dice < 70) {
            backspace(chance.between(1, 6));
        } else if (dice < 76) {
            cursor = chance.below(text.length() + 1);
        } else if (dice < 82) {
            toggle(chance.percent(60) ? "bold" : "italic", true);
        } else if (dice < 85) {
            toggle("link", "https://example.org/" + words.word());
        } else if (dice < 88) {
            insert("\n", null);
        } else if (dice < 91) {
            heading();
        } else if (dice < 95) {
            typeMarked(words.word());
        } else if (dice < 97) {
            insert(words.sentence(80), null);
        } else if (dice < 99) {
            deleteRange();
        } else {
            picture();
        }
    }

    private void type(String word) {
        word.codePoints().forEach(point -> insert(Character.toString(point), null));
    }

    /** As after pressing the button for bold and then typing. */
    private void typeMarked(String word) {
        Map<String, Object> marks = chance.percent(50) ? Map.of("bold", true) : Map.of("code", true);
        word.codePoints().forEach(point -> insert(Character.toString(point), marks));
    }

    private void insert(String inserted, @Nullable Map<String, Object> marks) {
        ops.add(marks == null ? List.of("i", cursor, inserted) : List.of("i", cursor, inserted, marks));
        text.insert(cursor, inserted, marks == null ? text.inherited(cursor) : marks);
        cursor += inserted.codePointCount(0, inserted.length());
    }

    private void backspace(int times) {
        for (int i = 0; i < times && cursor > 0; i++) {
            cursor--;
            delete(cursor, 1);
        }
    }

    private void delete(int at, int length) {
        ops.add(List.of("d", at, length));
        text.delete(at, length);
    }

    private void deleteRange() {
        int length = Math.min(chance.between(5, 60), text.length() - cursor);
        if (length > 0) {
            delete(cursor, length);
        }
    }

    /** Marks some words near the cursor, or unmarks them if the first of them is marked. */
    private void toggle(String mark, Object value) {
        int at = Math.max(0, cursor - chance.between(0, 40));
        int length = Math.min(chance.between(1, 30), text.length() - at);
        if (length > 0) {
            boolean on = text.cell(at).attributes().containsKey(mark);
            format(at, length, mark, on ? null : value);
        }
    }

    private void heading() {
        for (int at = cursor; at < text.length() && at < cursor + 500; at++) {
            if (text.cell(at).value().equals("\n")) {
                boolean on = text.cell(at).attributes().containsKey("heading");
                format(at, 1, "heading", on ? null : chance.between(1, 3));
                return;
            }
        }
    }

    private void format(int at, int length, String mark, @Nullable Object value) {
        Map<String, @Nullable Object> changes = new LinkedHashMap<>();
        changes.put(mark, value);
        ops.add(List.of("f", at, length, changes));
        text.format(at, length, changes);
    }

    private void picture() {
        Map<String, Object> picture = Map.of("image", "https://example.org/" + words.word() + ".png");
        ops.add(List.of("e", cursor, picture));
        text.embed(cursor, picture);
        cursor++;
    }
}
