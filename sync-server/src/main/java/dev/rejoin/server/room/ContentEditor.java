package dev.rejoin.server.room;

import dev.rejoin.crdt.yjs.RootKind;
import dev.rejoin.crdt.yjs.YArray;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YMap;
import dev.rejoin.crdt.yjs.YText;
import dev.rejoin.crdt.yjs.YType;
import dev.rejoin.crdt.yjs.YXmlFragment;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Carries edits out on an engine, inside a transaction of its owner: an edit that does not fit leaves the others to be taken back. */
final class ContentEditor {
    private final YDoc content;

    ContentEditor(YDoc content) {
        this.content = content;
    }

    /**
     * All of them, in order.
     *
     * @throws WriteRefusedException naming the first one that does not fit the content as it is then
     */
    void apply(List<ContentEdit> edits) {
        for (int i = 0; i < edits.size(); i++) {
            try {
                apply(edits.get(i));
            } catch (IndexOutOfBoundsException | IllegalStateException | Misfit e) {
                throw new WriteRefusedException(
                        WriteRefusedException.EDIT_DOES_NOT_FIT, "content[" + i + "]: " + e.getMessage());
            }
        }
    }

    private void apply(ContentEdit edit) {
        YType type = find(edit);
        if (edit instanceof ContentEdit.InsertText insert) {
            Map<String, @Nullable Object> attributes = insert.attributes();
            if (attributes == null) {
                text(type).insert(insert.index(), insert.text());
            } else {
                text(type).insert(insert.index(), insert.text(), attributes);
            }
        } else if (edit instanceof ContentEdit.DeleteText delete) {
            text(type).delete(delete.index(), delete.length());
        } else if (edit instanceof ContentEdit.FormatText format) {
            text(type).format(format.index(), format.length(), format.attributes());
        } else if (edit instanceof ContentEdit.SetEntry set) {
            map(type).set(set.key(), set.value());
        } else if (edit instanceof ContentEdit.DeleteEntry delete) {
            map(type).delete(delete.key());
        } else if (edit instanceof ContentEdit.CreateEntry create) {
            create(map(type), create.key(), create.made());
        } else if (edit instanceof ContentEdit.InsertItems insert) {
            array(type).insert(insert.index(), insert.values());
        } else if (edit instanceof ContentEdit.DeleteItems delete) {
            array(type).delete(delete.index(), delete.length());
        } else if (edit instanceof ContentEdit.CreateItem create) {
            create(array(type), create.index(), create.made());
        }
    }

    private static void create(YMap map, String key, RootKind made) {
        switch (made) {
            case TEXT -> map.setText(key);
            case ARRAY -> map.setArray(key);
            case MAP -> map.setMap(key);
            case XML -> map.setXmlFragment(key);
        }
    }

    private static void create(YArray array, int index, RootKind made) {
        switch (made) {
            case TEXT -> array.insertText(index);
            case ARRAY -> array.insertArray(index);
            case MAP -> array.insertMap(index);
            case XML -> array.insertXmlFragment(index);
        }
    }

    private YType find(ContentEdit edit) {
        List<Object> path = edit.path();
        String name = (String) path.get(0);
        YType type = root(name, path.size() == 1 ? edit.kind() : kindOf(name, path.get(1)));
        for (int i = 1; i < path.size(); i++) {
            Object step = path.get(i);
            Object next = step instanceof String key ? entry(type, key) : item(type, (Integer) step);
            if (!(next instanceof YType inner)) {
                throw new Misfit("at " + step + " there is " + (next == null ? "nothing" : "a plain value"));
            }
            type = inner;
        }
        return type;
    }

    private YType root(String name, RootKind kind) {
        return switch (kind) {
            case TEXT -> content.getText(name);
            case ARRAY -> content.getArray(name);
            case MAP -> content.getMap(name);
            case XML -> content.getXmlFragment(name);
        };
    }

    /** A key leads out of a map; an index out of a list, or of a fragment, which only the content can tell. */
    private RootKind kindOf(String name, Object step) {
        if (step instanceof String) {
            return RootKind.MAP;
        }
        return content.view().roots().get(name) == RootKind.XML ? RootKind.XML : RootKind.ARRAY;
    }

    private static @Nullable Object entry(YType type, String key) {
        return map(type).get(key);
    }

    private static @Nullable Object item(YType type, int index) {
        return type instanceof YXmlFragment fragment
                ? fragment.get(index)
                : array(type).get(index);
    }

    private static YText text(YType type) {
        if (type instanceof YText text) {
            return text;
        }
        throw new Misfit("this is no text");
    }

    private static YMap map(YType type) {
        if (type instanceof YMap map) {
            return map;
        }
        throw new Misfit("this is no map");
    }

    private static YArray array(YType type) {
        if (type instanceof YArray array) {
            return array;
        }
        throw new Misfit("this is no array");
    }

    /** The way leads nowhere, or to something else. */
    private static final class Misfit extends RuntimeException {
        private static final long serialVersionUID = 1;

        Misfit(String message) {
            super(message, null, false, false);
        }
    }
}
