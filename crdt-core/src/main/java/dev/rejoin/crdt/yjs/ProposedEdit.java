package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Proposal} does to one type, in plain values. Can be asked while the proposal is open.
 *
 * <p>Types that are inserted are shown as what they hold: text and XML as a string, with its tags. A type that is removed is shown empty; {@link Proposal#before} knows what it
 * held.
 */
public final class ProposedEdit {
    /**
     * What becomes of a key.
     *
     * @param action what is done
     * @param oldValue the value before, null if there was none
     * @param value the value after, null if there is none
     */
    public record KeyEdit(
            YEvent.Action action,
            @Nullable Object oldValue,
            @Nullable Object value) {}

    /** In a text, what is no character. */
    private static final char OBJECT = '\uFFFC';

    private final YDoc doc;
    private final Store store;
    private final YTransaction transaction;
    private final int type;
    private final RootKind kind;
    private final String root;
    private final TextDelta delta;
    private final Map<String, KeyEdit> keys;

    /** The items of the list that have come or gone. */
    private final List<Integer> changed;

    ProposedEdit(
            YDoc doc,
            YTransaction transaction,
            int type,
            int root,
            Set<@Nullable String> touched,
            List<Integer> changed) {
        this.doc = doc;
        this.store = doc.store;
        this.transaction = transaction;
        this.type = type;
        int exact = store.types.kind(type) == Types.UNKNOWN ? toldByContent(touched) : store.types.kind(type);
        this.kind = switch (exact) {
            case Types.TEXT, Types.XML_TEXT -> RootKind.TEXT;
            case Types.MAP, Types.XML_HOOK -> RootKind.MAP;
            case Types.ARRAY -> RootKind.ARRAY;
            default -> RootKind.XML;
        };
        this.root = (String) store.slots.get(store.types.get(root, Types.NAME));
        YEvent event = new YEvent(YType.of(doc, type, exact), transaction, touched, changed);
        this.delta = plain(event.delta());
        this.changed = changed;
        this.keys = keys(event);
    }

    /** What nobody has asked for yet is what is in it, deleted or not. */
    private int toldByContent(Set<@Nullable String> touched) {
        if (!touched.contains(null)) {
            return Types.MAP;
        }
        for (int item = store.types.first(type); item != NONE; item = store.items.next(item)) {
            switch (store.items.kind(item)) {
                case Items.STRING, Items.FORMAT, Items.EMBED -> {
                    return Types.TEXT;
                }
                case Items.TYPE -> {
                    return store.types.kind(store.items.content(item)) >= Types.XML_ELEMENT
                            ? Types.XML_FRAGMENT
                            : Types.ARRAY;
                }
                case Items.DELETED -> {}
                default -> {
                    return Types.ARRAY;
                }
            }
        }
        return Types.ARRAY;
    }

    private TextDelta plain(TextDelta shown) {
        TextDelta.Builder out = TextDelta.builder();
        for (TextDelta.Op op : shown.ops()) {
            if (op instanceof TextDelta.Insert insert) {
                out.insert(plain(insert.value()), insert.attributes());
            } else if (op instanceof TextDelta.Retain retain) {
                out.retain(retain.length(), retain.attributes());
            } else if (op instanceof TextDelta.Delete delete) {
                out.delete(delete.length());
            }
        }
        return out.build();
    }

    private static @Nullable Object plain(@Nullable Object value) {
        if (value instanceof YType inner) {
            return inner.toJson();
        }
        if (value instanceof YDoc subdoc) {
            return Map.of("guid", subdoc.guid());
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> values = new ArrayList<>(list.size());
            list.forEach(each -> values.add(plain(each)));
            return Collections.unmodifiableList(values);
        }
        return value;
    }

    private Map<String, KeyEdit> keys(YEvent event) {
        Map<String, KeyEdit> all = new LinkedHashMap<>();
        event.keys().forEach((key, change) -> {
            Object now = null;
            if (change.action() != YEvent.Action.DELETE) {
                now = plain(Reader.lastValue(doc, store.entries.tail(store.entries.find(type, key))));
            }
            all.put(key, new KeyEdit(change.action(), plain(change.oldValue()), now));
        });
        return Collections.unmodifiableMap(all);
    }

    boolean isVisible() {
        return !delta.ops().isEmpty() || !keys.isEmpty();
    }

    /** The name of the root that the type is, or stands in. */
    public String root() {
        return root;
    }

    /** The way from the root to the type as it is with the change: keys of maps and indexes of lists; empty for a root. O(depth) */
    public List<Object> path() {
        transaction.checkOpen();
        List<Object> way = new ArrayList<>();
        int above = type;
        for (int holder = store.types.item(above); holder != NONE; holder = store.types.item(above)) {
            String key = store.parentKey(holder);
            way.add(key != null ? (Object) key : (Object) store.tree.indexOf(holder));
            above = store.parentType(holder);
        }
        Collections.reverse(way);
        return way;
    }

    /** What the type is. A root that this document has never been asked for is what is in it, so whoever writes there first tells. */
    public RootKind kind() {
        return kind;
    }

    /** What is inserted where, deleted and formatted; in lists an insert's value is a list. */
    public TextDelta delta() {
        return delta;
    }

    /** What becomes of keys of a map, or of attributes of XML. */
    public Map<String, KeyEdit> keys() {
        return keys;
    }

    /** All strings that come in by this edit, whatever the type is and however deep: inserted characters, values, formats, elements with what is in them. */
    public List<String> strings() {
        List<String> found = new ArrayList<>();
        for (TextDelta.Op op : delta.ops()) {
            if (op instanceof TextDelta.Insert insert) {
                collect(insert.value(), found);
                collect(insert.attributes(), found);
            } else if (op instanceof TextDelta.Retain retain) {
                collect(retain.attributes(), found);
            }
        }
        keys.forEach((key, edit) -> {
            found.add(key);
            collect(edit.value(), found);
        });
        return found;
    }

    /** Adds the strings of a value in their order. Types may be nested as deep as their author likes, so nothing here recurses. */
    private static void collect(@Nullable Object value, List<String> found) {
        Deque<Iterator<?>> open = new ArrayDeque<>();
        open.push(Collections.singletonList(value).iterator());
        while (!open.isEmpty()) {
            Iterator<?> inner = open.element();
            if (!inner.hasNext()) {
                open.pop();
                continue;
            }
            Object next = inner.next();
            if (next instanceof String string) {
                found.add(string);
            } else if (next instanceof Collection<?> list) {
                open.push(list.iterator());
            } else if (next instanceof Map<?, ?> map) {
                open.push(map.entrySet().iterator());
            } else if (next instanceof Map.Entry<?, ?> entry) {
                found.add((String) entry.getKey());
                open.push(Collections.singletonList(entry.getValue()).iterator());
            }
        }
    }

    /**
     * Whether a word comes in: in one of the {@link #strings}, or because what comes or goes completes it in the text. A word that was there before and is not touched
     * does not count. O(change · (word + log text))
     */
    public boolean bringsIn(String word) {
        transaction.checkOpen();
        if (strings().stream().anyMatch(string -> string.contains(word))) {
            return true;
        }
        // so many units on either side cannot hold the word alone
        int reach = word.length() - 1;
        for (int item : changed) {
            int at = store.tree.indexOf(item);
            if (charactersBetween(at - reach, at + store.items.visible(item) + reach)
                    .contains(word)) {
                return true;
            }
        }
        return false;
    }

    /** Characters of the list as it is with the change; what is none stands for itself as one that is in no word. */
    private String charactersBetween(int from, int to) {
        int start = Math.max(0, from);
        int end = Math.min(to, store.tree.length(type));
        StringBuilder text = new StringBuilder();
        if (start >= end) {
            return "";
        }
        Items items = store.items;
        int item = store.tree.seek(type, start);
        int offset = store.tree.offset;
        for (int rest = end - start; rest > 0 && item != NONE; item = items.next(item), offset = 0) {
            int units = Math.min(rest, items.visible(item) - offset);
            if (units > 0) {
                if (items.kind(item) == Items.STRING) {
                    store.appendText(text, item, offset, offset + units);
                } else {
                    text.append(OBJECT);
                }
                rest -= units;
            }
        }
        return text.toString();
    }

    /** The characters of the type as they are with the change, without formats; those of a text, but any list may hold some. O(text) */
    public String textAfter() {
        transaction.checkOpen();
        return Reader.text(store, type);
    }

    /** The characters of the type as they are without the change. O(text) */
    public String textBefore() {
        transaction.checkOpen();
        Items items = store.items;
        Changes changes = transaction.changes;
        StringBuilder text = new StringBuilder();
        for (int item = store.types.first(type); item != NONE; item = items.next(item)) {
            if (items.kind(item) == Items.STRING
                    && !changes.isNew(item)
                    && (!items.isGone(item) || changes.isDeleted(items.client(item), items.clock(item)))) {
                store.appendText(text, item, 0, items.length(item));
            }
        }
        return text.toString();
    }

    @Override
    public String toString() {
        return "ProposedEdit[" + root + (transaction.isOpen() ? path() : "") + " " + delta.ops() + " " + keys + "]";
    }
}
