package dev.rejoin.crdt.yjs;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A shared list of XML elements and texts. */
public sealed class YXmlFragment extends YType permits YXmlElement {
    private final ListEditor editor;

    YXmlFragment(YDoc doc, int type) {
        super(doc, type);
        editor = new ListEditor(this);
    }

    /** The number of children. O(1) */
    public final int length() {
        return units();
    }

    /** The child at an index. O(log n) */
    public final YType get(int index) {
        checkRange(index, 1, units());
        int item = store().tree.seek(type(), index);
        if (Reader.value(doc, item, store().tree.offset) instanceof YType child) {
            return child;
        }
        throw new IllegalStateException("child " + index + " is not XML");
    }

    /** The first child, or null. */
    @Nullable
    public final YType firstChild() {
        return units() == 0 ? null : get(0);
    }

    /** All children in order. */
    public final List<YType> children() {
        List<YType> children = new ArrayList<>();
        for (Object child : Reader.elements(doc, type())) {
            if (child instanceof YType xml) {
                children.add(xml);
            }
        }
        return children;
    }

    /** Inserts a new element before the child at {@code index}. */
    public final YXmlElement insertElement(int index, String nodeName) {
        return (YXmlElement) editor.insertType(index, Types.XML_ELEMENT, JsValue.wellFormed(nodeName));
    }

    /** Inserts a new text before the child at {@code index}. */
    public final YXmlText insertText(int index) {
        return (YXmlText) editor.insertType(index, Types.XML_TEXT, null);
    }

    /**
     * Deletes children.
     *
     * @throws IndexOutOfBoundsException if there are not so many
     */
    public final void delete(int index, int length) {
        checkRange(index, length, units());
        if (length == 0) {
            return;
        }
        doc.begin(null, true);
        try {
            editor.delete(index, length);
        } finally {
            doc.end();
        }
    }

    /** The XML. */
    @Override
    public String toString() {
        return isDeleted() ? "" : Reader.xml(store(), type());
    }

    /** The XML. */
    @Override
    public final String toJson() {
        return toString();
    }
}
