package dev.rejoin.crdt.yjs;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A shared list of values, types and documents. */
public final class YArray extends YType {
    private final ListEditor editor;

    YArray(YDoc doc, int type) {
        super(doc, type);
        editor = new ListEditor(this);
    }

    /** The number of elements. O(1) */
    public int length() {
        return units();
    }

    /**
     * The element at an index: a plain value, a {@link YType} or a {@link YDoc}. O(log n)
     *
     * @throws IndexOutOfBoundsException if there is none
     */
    @Nullable
    public Object get(int index) {
        checkRange(index, 1, units());
        int item = store().tree.seek(type(), index);
        return Reader.value(doc, item, store().tree.offset);
    }

    /**
     * Inserts values before the element at {@code index}. Values are what JSON knows, bytes, and documents.
     *
     * @throws IndexOutOfBoundsException if the index is not from 0 to the length
     */
    public void insert(int index, List<?> values) {
        checkRange(index, 0, units());
        if (values.isEmpty()) {
            return;
        }
        doc.begin(null, true);
        try {
            editor.insert(editor.leftOf(index), values);
        } finally {
            doc.end();
        }
    }

    /** Adds values at the end, behind what has been deleted there. */
    public void push(List<?> values) {
        if (values.isEmpty()) {
            return;
        }
        doc.begin(null, true);
        try {
            editor.insert(store().types.last(type()), values);
        } finally {
            doc.end();
        }
    }

    /**
     * Deletes elements.
     *
     * @throws IndexOutOfBoundsException if there are not so many
     */
    public void delete(int index, int length) {
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

    /** Inserts a new text. */
    public YText insertText(int index) {
        return (YText) editor.insertType(index, Types.TEXT, null);
    }

    /** Inserts a new array. */
    public YArray insertArray(int index) {
        return (YArray) editor.insertType(index, Types.ARRAY, null);
    }

    /** Inserts a new map. */
    public YMap insertMap(int index) {
        return (YMap) editor.insertType(index, Types.MAP, null);
    }

    /** Inserts a new XML element. */
    public YXmlElement insertXmlElement(int index, String nodeName) {
        return (YXmlElement) editor.insertType(index, Types.XML_ELEMENT, JsValue.wellFormed(nodeName));
    }

    /** Inserts a new XML text. */
    public YXmlText insertXmlText(int index) {
        return (YXmlText) editor.insertType(index, Types.XML_TEXT, null);
    }

    /** Inserts a new XML fragment. */
    public YXmlFragment insertXmlFragment(int index) {
        return (YXmlFragment) editor.insertType(index, Types.XML_FRAGMENT, null);
    }

    /** Inserts a document of its own. */
    public void insertDoc(int index, YDoc subdoc) {
        insert(index, List.of(subdoc));
    }

    /** All elements in order. */
    public List<@Nullable Object> toList() {
        return Reader.elements(doc, type());
    }

    /** All elements as plain values. */
    @Override
    public List<@Nullable Object> toJson() {
        return Reader.jsonList(store(), type());
    }

    @Override
    public String toString() {
        return isDeleted() ? "YArray[deleted]" : toJson().toString();
    }
}
