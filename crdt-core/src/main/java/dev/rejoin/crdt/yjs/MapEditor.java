package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** Reads and edits of the keys of a type: of maps, and of the attributes of texts and XML. */
final class MapEditor {
    private final YType target;
    private final YDoc doc;
    private final Store store;

    MapEditor(YType target) {
        this.target = target;
        this.doc = target.doc;
        this.store = target.doc.store;
    }

    /** The item of a key's value, or {@link Items#NONE}. */
    private int find(String key) {
        int entry = store.entries.find(target.type(), key);
        int item = entry == NONE ? NONE : store.entries.tail(entry);
        return item == NONE || store.items.isGone(item) ? NONE : item;
    }

    boolean contains(String key) {
        return find(key) != NONE;
    }

    @Nullable
    Object get(String key) {
        int item = find(key);
        return item == NONE ? null : Reader.lastValue(doc, item);
    }

    /** The value of a key that must be there. */
    @Nullable
    Object require(String key) {
        if (!contains(key)) {
            throw new NoSuchElementException("no such key: " + key);
        }
        return get(key);
    }

    Map<String, @Nullable Object> all() {
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        Reader.forEachKey(store, target.type(), (key, item) -> all.put(key, Reader.lastValue(doc, item)));
        return all;
    }

    void set(String key, @Nullable Object value) {
        if (value instanceof YType) {
            throw new IllegalArgumentException("a type belongs to one place; make a new one under the key");
        }
        doc.begin(null, true);
        try {
            if (value instanceof byte[] bytes) {
                put(key, Items.BINARY, bytes.clone());
            } else if (value instanceof YDoc subdoc) {
                doc.addSubdoc(subdoc, content -> put(key, Items.DOC, content));
            } else {
                put(key, Items.ANY, ValueRun.of(new Object[] {JsValue.normalize(value, JsValue.DEPTH)}));
            }
        } finally {
            doc.end();
        }
    }

    YType setType(String key, int kind, @Nullable String name) {
        doc.begin(null, true);
        try {
            return doc.handle(store.items.content(put(key, Items.TYPE, new TypeContent(kind, name))));
        } finally {
            doc.end();
        }
    }

    private int put(String key, int kind, Object content) {
        int type = target.type();
        int entry = store.entries.intern(type, JsValue.wellFormed(key));
        return doc.add(type, entry, store.entries.tail(entry), NONE, kind, store.slots.add(content), 1);
    }

    void remove(String key) {
        int item = find(key);
        if (item != NONE) {
            doc.begin(null, true);
            try {
                store.delete(item);
            } finally {
                doc.end();
            }
        }
    }

    void clear() {
        doc.begin(null, true);
        try {
            Reader.forEachKey(store, target.type(), (key, item) -> store.delete(item));
        } finally {
            doc.end();
        }
    }
}
