package dev.rejoin.crdt.yjs;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A shared map from strings to values, types and documents. Of two concurrent values of a key, that of the higher client id stays. */
public final class YMap extends YType {
    private final MapEditor editor;

    YMap(YDoc doc, int type) {
        super(doc, type);
        editor = new MapEditor(this);
    }

    /** The value of a key: a plain value, a {@link YType} or a {@link YDoc}; null if there is none, or if it is null. O(1) */
    @Nullable
    public Object get(String key) {
        return editor.get(key);
    }

    /** Whether a key has a value, be it null. O(1) */
    public boolean containsKey(String key) {
        return editor.contains(key);
    }

    /** Gives a key a value: what JSON knows, bytes, or a document. */
    public void set(String key, @Nullable Object value) {
        editor.set(key, value);
    }

    /** Takes a key away; nothing happens if it has no value. */
    public void delete(String key) {
        editor.remove(key);
    }

    /** Takes all keys away. */
    public void clear() {
        editor.clear();
    }

    /** The keys that have values. O(keys) */
    public Set<String> keys() {
        return editor.all().keySet();
    }

    /** The number of keys that have values. O(keys) */
    public int size() {
        return editor.all().size();
    }

    /** All values by key. */
    public Map<String, @Nullable Object> toMap() {
        return editor.all();
    }

    /** Puts a new text under a key. */
    public YText setText(String key) {
        return (YText) editor.setType(key, Types.TEXT, null);
    }

    /** Puts a new array under a key. */
    public YArray setArray(String key) {
        return (YArray) editor.setType(key, Types.ARRAY, null);
    }

    /** Puts a new map under a key. */
    public YMap setMap(String key) {
        return (YMap) editor.setType(key, Types.MAP, null);
    }

    /** Puts a new XML element under a key. */
    public YXmlElement setXmlElement(String key, String nodeName) {
        return (YXmlElement) editor.setType(key, Types.XML_ELEMENT, JsValue.wellFormed(nodeName));
    }

    /** Puts a new XML text under a key. */
    public YXmlText setXmlText(String key) {
        return (YXmlText) editor.setType(key, Types.XML_TEXT, null);
    }

    /** Puts a new XML fragment under a key. */
    public YXmlFragment setXmlFragment(String key) {
        return (YXmlFragment) editor.setType(key, Types.XML_FRAGMENT, null);
    }

    /** Puts a document of its own under a key. */
    public void setDoc(String key, YDoc subdoc) {
        editor.set(key, subdoc);
    }

    /** All values as plain values. */
    @Override
    public Map<String, @Nullable Object> toJson() {
        return Reader.jsonMap(store(), type());
    }
}
