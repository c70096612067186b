package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YText;
import dev.rejoin.crdt.yjs.YType;
import dev.rejoin.crdt.yjs.YXmlElement;
import dev.rejoin.crdt.yjs.YXmlFragment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One editor's history of a document as ProseMirror keeps it in Yjs: a fragment of elements with one formatted text each.
 *
 * @param name the file's name without its ending
 * @param ops the edits, in UTF-16 units
 * @param end the paragraphs' text, a line each, in the end
 * @param digest the SHA-256 of the document as XML in the end
 */
record TreeTrace(String name, List<Op> ops, String end, String digest) implements Script {
    /** The name of the root fragment. */
    static final String ROOT = "prosemirror";

    /** An edit; {@code at} is the index of a paragraph. */
    sealed interface Op {
        int at();
    }

    record Paragraph(int at, String node, Map<String, @Nullable Object> attributes, List<Segment> text) implements Op {}

    /** An edit of one paragraph's text. */
    record Edit(int at, RichTrace.Op op) implements Op {}

    record Attribute(int at, String key, Object value) implements Op {}

    /** Everything from a position on moves into a new paragraph after this one. */
    record Split(int at, int position, int moved, Paragraph next) implements Op {}

    /** The next paragraph's text moves to the end of this one, and the next one goes. */
    record Join(int at, int position, List<Segment> text) implements Op {}

    @Override
    public int edits() {
        return ops.size();
    }

    @Override
    public void replay(YDoc doc) {
        Editor editor = new Editor(doc);
        for (Op op : ops) {
            editor.apply(op);
        }
    }

    @Override
    public String text(YDoc doc) {
        return doc.getXmlFragment(ROOT).children().stream()
                .map(element -> plain((YText) Objects.requireNonNull(((YXmlFragment) element).firstChild())))
                .collect(Collectors.joining("\n"));
    }

    private static String plain(YText text) {
        StringBuilder plain = new StringBuilder();
        for (Segment segment : Segment.of(text.toDelta())) {
            plain.append(segment.value() instanceof String string ? string : "");
        }
        return plain.toString();
    }

    @Override
    public boolean matches(YDoc doc) {
        return text(doc).equals(end)
                && Digest.sha256(doc.getXmlFragment(ROOT).toString()).equals(digest);
    }

    /** What an editor keeps beside the document: the paragraphs' texts in order. */
    static final class Editor {
        private final YDoc doc;
        private final YXmlFragment root;
        private final List<YText> texts = new ArrayList<>();

        Editor(YDoc doc) {
            this.doc = doc;
            this.root = doc.getXmlFragment(ROOT);
        }

        void apply(Op op) {
            if (op instanceof Edit edit) {
                RichTrace.apply(edit.op, texts.get(edit.at));
            } else if (op instanceof Paragraph paragraph) {
                doc.transact(() -> insert(paragraph));
            } else if (op instanceof Split split) {
                doc.transact(() -> split(split));
            } else if (op instanceof Join join) {
                doc.transact(() -> join(join));
            } else if (op instanceof Attribute attribute) {
                YType element = Objects.requireNonNull(texts.get(attribute.at).parent());
                ((YXmlElement) element).setAttribute(attribute.key, attribute.value);
            }
        }

        private void insert(Paragraph paragraph) {
            YXmlElement element = root.insertElement(paragraph.at, paragraph.node);
            paragraph.attributes.forEach(element::setAttribute);
            YText text = element.insertText(0);
            append(text, 0, paragraph.text);
            texts.add(paragraph.at, text);
        }

        private void split(Split split) {
            if (split.moved > 0) {
                texts.get(split.at).delete(split.position, split.moved);
            }
            insert(split.next);
        }

        private void join(Join join) {
            append(texts.get(join.at), join.position, join.text);
            root.delete(join.at + 1, 1);
            texts.remove(join.at + 1);
        }

        private static void append(YText text, int position, List<Segment> segments) {
            int at = position;
            for (Segment segment : segments) {
                text.insert(at, (String) segment.value(), segment.attributes());
                at += segment.length();
            }
        }
    }
}
