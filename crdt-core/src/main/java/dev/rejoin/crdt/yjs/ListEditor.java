package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Edits of arrays and of the children of XML: values land before what has been deleted at the same place, as in yjs. */
final class ListEditor {
    private final YType target;
    private final YDoc doc;
    private final Store store;

    ListEditor(YType target) {
        this.target = target;
        this.doc = target.doc;
        this.store = target.doc.store;
    }

    /** The item that what is inserted at {@code index} goes behind. */
    int leftOf(int index) {
        int type = target.type();
        if (index == 0) {
            return NONE;
        }
        if (index == store.tree.length(type) && lastIsVisible(type)) {
            return store.types.last(type);
        }
        int item = store.tree.seek(type, index - 1);
        int keep = store.tree.offset + 1;
        if (keep < store.items.length(item)) {
            store.split(item, keep);
        }
        return item;
    }

    private boolean lastIsVisible(int type) {
        int last = store.types.last(type);
        return store.items.visible(last) > 0;
    }

    /** Inserts values; those of JSON that follow each other share an item. */
    void insert(int left, List<?> values) {
        int type = target.type();
        int before = left;
        List<@Nullable Object> plain = new ArrayList<>();
        for (Object value : values) {
            if (value instanceof byte[] || value instanceof YDoc) {
                before = insertPlain(type, before, plain);
                if (value instanceof YDoc subdoc) {
                    before = insertDoc(type, before, subdoc);
                } else {
                    before = insertOne(type, before, Items.BINARY, ((byte[]) value).clone());
                }
            } else {
                plain.add(JsValue.normalize(value, JsValue.DEPTH));
            }
        }
        insertPlain(type, before, plain);
    }

    private int insertPlain(int type, int left, List<@Nullable Object> plain) {
        if (plain.isEmpty()) {
            return left;
        }
        int count = plain.size();
        int slot = store.slots.add(ValueRun.of(plain.toArray()));
        plain.clear();
        return doc.add(type, NONE, left, rightOf(type, left), Items.ANY, slot, count);
    }

    private int insertDoc(int type, int left, YDoc subdoc) {
        int[] item = new int[1];
        doc.addSubdoc(subdoc, content -> item[0] = insertOne(type, left, Items.DOC, content));
        return item[0];
    }

    /** Inserts something that is an item of its own. */
    int insertOne(int type, int left, int kind, Object content) {
        return doc.add(type, NONE, left, rightOf(type, left), kind, store.slots.add(content), 1);
    }

    private int rightOf(int type, int left) {
        return left == NONE ? store.types.first(type) : store.items.next(left);
    }

    /** Inserts a new type. */
    YType insertType(int index, int kind, @Nullable String name) {
        int size = target.units();
        YType.checkRange(index, 0, size);
        doc.begin(null, true);
        try {
            int item = insertOne(target.type(), leftOf(index), Items.TYPE, new TypeContent(kind, name));
            return doc.handle(store.items.content(item));
        } finally {
            doc.end();
        }
    }

    void delete(int index, int length) {
        Items items = store.items;
        int type = target.type();
        int item = store.tree.seek(type, index);
        if (store.tree.offset > 0) {
            item = store.split(item, store.tree.offset);
        }
        int rest = length;
        while (rest > 0 && item != NONE) {
            if (!items.isGone(item)) {
                if (rest < items.length(item)) {
                    store.split(item, rest);
                }
                rest -= items.length(item);
                store.delete(item);
            }
            item = items.next(item);
        }
    }
}
