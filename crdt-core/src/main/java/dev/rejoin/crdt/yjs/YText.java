package dev.rejoin.crdt.yjs;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A shared text, plain or rich. Indexes and lengths count UTF-16 units, as Java and JavaScript do; an index inside a character of two units is
 * refused. Embedded values and types count as one unit.
 *
 * <p>Attributes hold for stretches of text; null switches one off. Characters that two people write at one place concurrently stand as two
 * unmixed stretches.
 */
public sealed class YText extends YType permits YXmlText {
    private final MapEditor attributes;

    YText(YDoc doc, int type) {
        super(doc, type);
        attributes = new MapEditor(this);
    }

    /** The number of units. O(1) */
    public final int length() {
        return units();
    }

    /**
     * Inserts characters before unit {@code index}; they take on the attributes of the character before them. Lone surrogates become U+FFFD.
     *
     * @throws IndexOutOfBoundsException if the index is not from 0 to the length
     */
    public final void insert(int index, String text) {
        // a keystroke at the end of a run is in range
        if (!text.isEmpty() && doc.type(type(), index, text)) {
            return;
        }
        checkRange(index, 0, units());
        if (text.isEmpty()) {
            return;
        }
        doc.begin(null, true);
        try {
            doc.texts.insert(type(), index, JsValue.wellFormed(text));
        } finally {
            doc.end();
        }
    }

    /** As {@link #insert(int, String)}, with exactly these attributes. */
    public final void insert(int index, String text, Map<String, ?> textAttributes) {
        checkRange(index, 0, units());
        if (text.isEmpty()) {
            return;
        }
        doc.begin(null, true);
        try {
            doc.texts.insert(type(), index, JsValue.wellFormed(text), JsValue.normalizeAll(textAttributes));
        } finally {
            doc.end();
        }
    }

    /** Inserts a value that counts as one unit, or a document. */
    public final void insertEmbed(int index, Object embed) {
        insertEmbed(index, embed, Map.of());
    }

    /** As {@link #insertEmbed(int, Object)}, with exactly these attributes. */
    public final void insertEmbed(int index, Object embed, Map<String, ?> embedAttributes) {
        checkRange(index, 0, units());
        Map<String, @Nullable Object> normal = JsValue.normalizeAll(embedAttributes);
        doc.begin(null, true);
        try {
            if (embed instanceof YDoc subdoc) {
                doc.addSubdoc(subdoc, content -> doc.texts.insertEmbed(type(), index, Items.DOC, content, normal));
            } else if (embed instanceof YType) {
                throw new IllegalArgumentException("a type belongs to one place; insert a new one");
            } else {
                doc.texts.insertEmbed(
                        type(), index, Items.EMBED, new EmbedContent(JsValue.normalize(embed, JsValue.DEPTH)), normal);
            }
        } finally {
            doc.end();
        }
    }

    /** Inserts a new map that counts as one unit. */
    public final YMap insertMap(int index) {
        return (YMap) insertType(index, Types.MAP, null);
    }

    /** Inserts a new array that counts as one unit. */
    public final YArray insertArray(int index) {
        return (YArray) insertType(index, Types.ARRAY, null);
    }

    /** Inserts a new text that counts as one unit. */
    public final YText insertText(int index) {
        return (YText) insertType(index, Types.TEXT, null);
    }

    /** Inserts a new XML element that counts as one unit. */
    public final YXmlElement insertXmlElement(int index, String nodeName) {
        return (YXmlElement) insertType(index, Types.XML_ELEMENT, JsValue.wellFormed(nodeName));
    }

    private YType insertType(int index, int kind, @Nullable String name) {
        checkRange(index, 0, units());
        doc.begin(null, true);
        try {
            int item = doc.texts.insertEmbed(type(), index, Items.TYPE, new TypeContent(kind, name), Map.of());
            return doc.handle(store().items.content(item));
        } finally {
            doc.end();
        }
    }

    /**
     * Deletes units.
     *
     * @throws IndexOutOfBoundsException if there are not so many
     */
    public final void delete(int index, int length) {
        // what a run ends or begins with is in range
        if (length > 0 && doc.trim(type(), index, length)) {
            return;
        }
        checkRange(index, length, units());
        if (length == 0) {
            return;
        }
        doc.begin(null, true);
        try {
            doc.texts.delete(type(), index, length);
        } finally {
            doc.end();
        }
    }

    /**
     * Changes attributes of a stretch; a null value switches one off.
     *
     * @throws IndexOutOfBoundsException if there are not so many units
     */
    public final void format(int index, int length, Map<String, ?> changes) {
        checkRange(index, length, units());
        if (length == 0) {
            return;
        }
        doc.begin(null, true);
        try {
            doc.texts.format(type(), index, length, JsValue.normalizeAll(changes));
        } finally {
            doc.end();
        }
    }

    /** Applies a change from the start of the text on. */
    public final void applyDelta(TextDelta delta) {
        doc.begin(null, true);
        try {
            doc.texts.apply(type(), delta);
        } finally {
            doc.end();
        }
    }

    /** The content with its attributes. */
    public final TextDelta toDelta() {
        return Reader.delta(store(), type(), doc, null);
    }

    /**
     * The content as it was; needs a document that collects no garbage.
     *
     * @throws IllegalStateException if the document collects garbage
     */
    public final TextDelta toDelta(YSnapshot at) {
        if (doc.options().gc()) {
            throw new IllegalStateException("a document that collects garbage cannot show its past");
        }
        return Reader.delta(store(), type(), doc, at);
    }

    /** The characters alone; embedded things are left out. */
    @Override
    public String toString() {
        return isDeleted() ? "" : Reader.text(store(), type());
    }

    /** The characters alone. */
    @Override
    public String toJson() {
        return toString();
    }

    /** An attribute of the text as a whole, or null. */
    @Nullable
    public final Object getAttribute(String name) {
        return attributes.get(name);
    }

    /** Sets an attribute of the text as a whole. */
    public final void setAttribute(String name, @Nullable Object value) {
        attributes.set(name, value);
    }

    /** Takes away an attribute of the text as a whole. */
    public final void removeAttribute(String name) {
        attributes.remove(name);
    }

    /** The attributes of the text as a whole. */
    public final Map<String, @Nullable Object> attributes() {
        return new LinkedHashMap<>(attributes.all());
    }
}
