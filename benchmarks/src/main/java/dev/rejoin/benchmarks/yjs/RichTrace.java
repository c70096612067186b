package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YText;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One editor's history of a rich text: typing, deleting, formatting, embeds.
 *
 * @param name the file's name without its ending
 * @param ops the edits, in UTF-16 units
 * @param end what the text without embeds must be in the end
 * @param content what the text must be in the end
 */
record RichTrace(String name, List<Op> ops, String end, List<Segment> content) implements Script {
    /** An edit. */
    sealed interface Op {}

    /** Inserts; without attributes those to the left hold. */
    record Insert(int at, String text, @Nullable Map<String, @Nullable Object> attributes) implements Op {}

    record Embed(int at, Object value) implements Op {}

    record Delete(int at, int length) implements Op {}

    record Format(int at, int length, Map<String, @Nullable Object> attributes) implements Op {}

    @Override
    public int edits() {
        return ops.size();
    }

    @Override
    public void replay(YDoc doc) {
        YText text = doc.getText(PlainTrace.ROOT);
        for (Op op : ops) {
            apply(op, text);
        }
    }

    static void apply(Op op, YText text) {
        if (op instanceof Insert insert) {
            if (insert.attributes == null) {
                text.insert(insert.at, insert.text);
            } else {
                text.insert(insert.at, insert.text, insert.attributes);
            }
        } else if (op instanceof Delete delete) {
            text.delete(delete.at, delete.length);
        } else if (op instanceof Format format) {
            text.format(format.at, format.length, format.attributes);
        } else if (op instanceof Embed embed) {
            text.insertEmbed(embed.at, embed.value);
        }
    }

    @Override
    public String text(YDoc doc) {
        return doc.getText(PlainTrace.ROOT).toString();
    }

    @Override
    public boolean matches(YDoc doc) {
        return text(doc).equals(end)
                && Segment.of(doc.getText(PlainTrace.ROOT).toDelta()).equals(content);
    }
}
