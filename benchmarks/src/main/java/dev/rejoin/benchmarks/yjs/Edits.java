package dev.rejoin.benchmarks.yjs;

import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YText;
import java.util.List;

/** Edits of a plain text in columns: at a position delete so many UTF-16 units, then insert a string. */
final class Edits {
    private static final String[] SINGLE = new String[256];

    static {
        for (char c = 0; c < SINGLE.length; c++) {
            SINGLE[c] = String.valueOf(c);
        }
    }

    /** One edit, positions in whatever unit its source counts. */
    record Edit(int position, int deleted, String inserted) {}

    final int count;
    private final int[] position;
    private final int[] deleted;
    private final String[] inserted;

    private Edits(int count) {
        this.count = count;
        this.position = new int[count];
        this.deleted = new int[count];
        this.inserted = new String[count];
    }

    /** Columns of edits that count UTF-16 units. Equal single characters become one string, as JavaScript engines do it too. */
    static Edits of(List<Edit> edits) {
        Edits columns = new Edits(edits.size());
        for (int i = 0; i < columns.count; i++) {
            Edit edit = edits.get(i);
            String text = edit.inserted();
            columns.position[i] = edit.position();
            columns.deleted[i] = edit.deleted();
            columns.inserted[i] = text.length() == 1 && text.charAt(0) < SINGLE.length ? SINGLE[text.charAt(0)] : text;
        }
        return columns;
    }

    /** Edits that count code points, turned into UTF-16 units; {@code text} is what they start from, and is edited along. */
    static List<Edit> inUnits(List<Edit> edits, Shadow text) {
        return edits.stream()
                .map(edit -> {
                    int at = text.unitsBefore(edit.position());
                    return new Edit(at, text.splice(at, edit.deleted(), edit.inserted()), edit.inserted());
                })
                .toList();
    }

    /** Makes the edits, each its own transaction. */
    void replay(YDoc doc, YText text) {
        Replacement replacement = new Replacement(text);
        for (int i = 0; i < count; i++) {
            String insert = inserted[i];
            int delete = deleted[i];
            if (delete == 0) {
                text.insert(position[i], insert);
            } else if (insert.isEmpty()) {
                text.delete(position[i], delete);
            } else {
                replacement.position = position[i];
                replacement.deleted = delete;
                replacement.inserted = insert;
                doc.transact(replacement);
            }
        }
    }

    void replay(GapBuffer buffer) {
        for (int i = 0; i < count; i++) {
            buffer.splice(position[i], deleted[i], inserted[i]);
        }
    }

    void replay(StringBuilder builder) {
        for (int i = 0; i < count; i++) {
            builder.replace(position[i], position[i] + deleted[i], inserted[i]);
        }
    }

    /** One object for all edits that both delete and insert. */
    private static final class Replacement implements Runnable {
        private final YText text;
        private int position;
        private int deleted;
        private String inserted = "";

        Replacement(YText text) {
            this.text = text;
        }

        @Override
        public void run() {
            text.delete(position, deleted);
            text.insert(position, inserted);
        }
    }
}
