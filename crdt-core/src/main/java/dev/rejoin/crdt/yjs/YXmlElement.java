package dev.rejoin.crdt.yjs;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A shared XML element: a name, attributes, children. */
public final class YXmlElement extends YXmlFragment {
    private final MapEditor attributes;

    YXmlElement(YDoc doc, int type) {
        super(doc, type);
        attributes = new MapEditor(this);
    }

    /** The name of the element. */
    public String nodeName() {
        return Reader.nodeName(store(), type());
    }

    /** The value of an attribute, or null. */
    @Nullable
    public Object getAttribute(String name) {
        return attributes.get(name);
    }

    /** Whether an attribute has a value, be it null. */
    public boolean hasAttribute(String name) {
        return attributes.contains(name);
    }

    /** Sets an attribute. */
    public void setAttribute(String name, @Nullable Object value) {
        attributes.set(name, value);
    }

    /** Takes an attribute away. */
    public void removeAttribute(String name) {
        attributes.remove(name);
    }

    /** The attributes. */
    public Map<String, @Nullable Object> attributes() {
        return new LinkedHashMap<>(attributes.all());
    }

    /** The next sibling, or null. */
    @Nullable
    public YType nextSibling() {
        return Reader.sibling(doc, holder(), true);
    }

    /** The previous sibling, or null. */
    @Nullable
    public YType previousSibling() {
        return Reader.sibling(doc, holder(), false);
    }
}
