package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a transaction has done to one type. What it did is worked out when it is first asked for, and can be asked for only while observers are
 * being told.
 *
 * <p>For typing and for edits of lists the work is that of the change, whatever the size of the text: the changed items are looked up, not the
 * text walked. Only a transaction that adds or removes formats of a text walks it, from its start.
 */
public final class YEvent {
    /**
     * What has become of a key.
     *
     * @param action what was done
     * @param oldValue the value before, null if there was none
     */
    public record KeyChange(Action action, @Nullable Object oldValue) {}

    /** What can become of a key. */
    public enum Action {
        /** It has a value and had none. */
        ADD,
        /** It has another value. */
        UPDATE,
        /** It has no value any more. */
        DELETE
    }

    private final YType target;
    private final YTransaction transaction;
    private final Set<@Nullable String> keysTouched;
    private final Store store;
    private final Items items;

    /** The items of the target's list that have changed, in some order, if somebody has looked them up. */
    private final @Nullable List<Integer> found;

    private @Nullable TextDelta delta;
    private @Nullable Map<String, KeyChange> keys;

    YEvent(YType target, YTransaction transaction, Set<@Nullable String> keysTouched) {
        this(target, transaction, keysTouched, null);
    }

    YEvent(YType target, YTransaction transaction, Set<@Nullable String> keysTouched, @Nullable List<Integer> found) {
        this.target = target;
        this.found = found;
        this.transaction = transaction;
        this.keysTouched = keysTouched;
        this.store = target.store();
        this.items = store.items;
    }

    /** The type that has changed. */
    public YType target() {
        return target;
    }

    /** The transaction. */
    public YTransaction transaction() {
        return transaction;
    }

    /** Whether the list of the type, its characters or elements, was touched. */
    public boolean listChanged() {
        return keysTouched.contains(null);
    }

    /** The way from the root to the target: keys of maps and indexes of lists. */
    public List<Object> path() {
        List<Object> path = new ArrayList<>();
        for (YType type = target; type.holder() != NONE; ) {
            int holder = type.holder();
            String key = store.parentKey(holder);
            path.add(key != null ? (Object) key : (Object) store.tree.indexOf(holder));
            type = Objects.requireNonNull(type.parent());
        }
        Collections.reverse(path);
        return path;
    }

    /** What was inserted and deleted, and for texts which attributes have changed; in arrays an insert's value is a list. */
    public TextDelta delta() {
        transaction.checkOpen();
        TextDelta known = delta;
        if (known == null) {
            known = transaction.changes.keystroke(target.type());
            if (known == null) {
                boolean text = target instanceof YText;
                known = !listChanged() ? TextDelta.EMPTY : text && marksChanged() ? walk() : look(text);
            }
            delta = known;
        }
        return known;
    }

    private boolean isAdded(int item) {
        return transaction.changes.isNew(item);
    }

    private boolean isDeleted(int item) {
        return items.isGone(item) && transaction.changes.isDeleted(items.client(item), items.clock(item));
    }

    // looking up what has changed

    /** The items of the target's list that the transaction has added or deleted, in the order of the list. */
    private List<Integer> changedItems() {
        List<Integer> changed = found == null ? lookUp() : new ArrayList<>(found);
        if (changed.size() > 1) {
            changed.sort((a, b) -> a.equals(b) ? 0 : store.tree.isBefore(a, b) ? -1 : 1);
        }
        return changed;
    }

    private List<Integer> lookUp() {
        Changes changes = transaction.changes;
        int type = target.type();
        List<Integer> changed = new ArrayList<>();
        for (int i = 0; i < changes.grownCount(); i++) {
            int client = changes.grownClient(i);
            for (int clock = changes.before(client), end = changes.grownTo(i); clock < end; ) {
                int item = store.itemAt(client, clock);
                if (isInList(item, type)) {
                    changed.add(item);
                }
                clock = items.end(item);
            }
        }
        for (int i = 0; i < changes.deleteCount(); i++) {
            int client = changes.deleteClient(i);
            int end = changes.deleteClock(i) + changes.deleteLength(i);
            for (int clock = changes.deleteClock(i); clock < end; ) {
                int item = store.itemAt(client, clock);
                if (isInList(item, type) && !isAdded(item)) {
                    changed.add(item);
                }
                clock = items.end(item);
            }
        }
        return changed;
    }

    private boolean isInList(int item, int type) {
        return items.place(item) >= 0 && store.tree.typeOf(item) == type;
    }

    private boolean marksChanged() {
        if (!store.types.hasFormats(target.type())) {
            return false;
        }
        for (int item : changedItems()) {
            if (items.kind(item) == Items.FORMAT) {
                return true;
            }
        }
        return false;
    }

    private TextDelta look(boolean text) {
        Ops ops = new Ops(text);
        int at = 0;
        for (int item : changedItems()) {
            boolean added = isAdded(item);
            if (added && items.isGone(item) || items.kind(item) == Items.FORMAT) {
                continue;
            }
            int index = store.tree.indexOf(item);
            if (index > at) {
                ops.retain(index - at, Map.of());
                at = index;
            }
            int length = items.length(item);
            if (added) {
                Map<String, @Nullable Object> attributes = text && store.types.hasFormats(target.type())
                        ? target.doc.texts.attributesBefore(target.type(), item)
                        : Map.of();
                ops.insert(item, attributes);
                at += length;
            } else {
                ops.delete(length);
            }
        }
        return ops.build();
    }

    // walking the text

    private TextDelta walk() {
        Ops ops = new Ops(true);
        Map<String, @Nullable Object> current = new LinkedHashMap<>();
        Map<String, @Nullable Object> old = new LinkedHashMap<>();
        Map<String, @Nullable Object> changes = new LinkedHashMap<>();
        for (int item = store.types.first(target.type()); item != NONE; item = items.next(item)) {
            boolean added = isAdded(item);
            boolean gone = items.isGone(item);
            boolean deleted = gone && isDeleted(item);
            if (items.kind(item) == Items.FORMAT) {
                FormatContent mark = (FormatContent) store.slots.get(items.content(item));
                followMark(mark, added, gone, deleted, current, old, changes);
                if (!gone) {
                    TextEditor.update(current, mark);
                }
            } else if (added) {
                if (!gone) {
                    ops.insert(item, current);
                }
            } else if (deleted) {
                ops.delete(items.length(item));
            } else if (!gone) {
                ops.retain(items.length(item), changes);
            }
        }
        return ops.build();
    }

    /** Which attributes the text that was there before has got by a mark, compared with what it had. */
    private static void followMark(
            FormatContent mark,
            boolean added,
            boolean gone,
            boolean deleted,
            Map<String, @Nullable Object> current,
            Map<String, @Nullable Object> old,
            Map<String, @Nullable Object> changes) {
        String key = mark.key();
        Object value = mark.value();
        if (added) {
            if (!gone && !TextEditor.equalAttributes(current.get(key), value)) {
                if (TextEditor.equalAttributes(value, old.get(key))) {
                    changes.remove(key);
                } else {
                    changes.put(key, value);
                }
            }
        } else if (deleted) {
            old.put(key, value);
            Object now = current.get(key);
            if (!TextEditor.equalAttributes(now, value)) {
                changes.put(key, now);
            }
        } else if (!gone) {
            old.put(key, value);
            if (changes.containsKey(key) && !TextEditor.equalAttributes(changes.get(key), value)) {
                if (value == null) {
                    changes.remove(key);
                } else {
                    changes.put(key, value);
                }
            }
        }
    }

    /** Collects operations; those that continue each other become one. */
    private final class Ops {
        private final boolean text;
        private final TextDelta.Builder out = TextDelta.builder();
        private final StringBuilder characters = new StringBuilder();
        private List<@Nullable Object> values = List.of();
        private Map<String, @Nullable Object> attributes = Map.of();
        private int retained;
        private int deleted;
        private boolean inserting;

        Ops(boolean text) {
            this.text = text;
        }

        void insert(int item, Map<String, @Nullable Object> itemAttributes) {
            if (!inserting || !attributes.equals(itemAttributes)) {
                flush();
                inserting = true;
                attributes = itemAttributes.isEmpty() ? Map.of() : new LinkedHashMap<>(itemAttributes);
            }
            if (!text) {
                values = values.isEmpty() ? new ArrayList<>() : values;
                for (int i = 0, n = items.length(item); i < n; i++) {
                    values.add(Reader.value(target.doc, item, i));
                }
            } else if (items.kind(item) == Items.STRING) {
                store.appendText(characters, item, 0, items.length(item));
            } else {
                Map<String, @Nullable Object> kept = attributes;
                flush();
                Object value = Reader.value(target.doc, item, 0);
                out.insert(value, kept);
            }
        }

        void delete(int length) {
            if (deleted == 0) {
                flush();
            }
            deleted += length;
        }

        void retain(int length, Map<String, @Nullable Object> changes) {
            if (retained == 0 || !attributes.equals(changes)) {
                flush();
                attributes = changes.isEmpty() ? Map.of() : new LinkedHashMap<>(changes);
            }
            retained += length;
        }

        private void flush() {
            if (inserting) {
                if (characters.length() > 0) {
                    out.insert(characters.toString(), attributes);
                    characters.setLength(0);
                }
                if (!values.isEmpty()) {
                    out.insert(Collections.unmodifiableList(values), attributes);
                    values = List.of();
                }
            } else if (deleted > 0) {
                out.delete(deleted);
            } else if (retained > 0) {
                out.retain(retained, attributes);
            }
            inserting = false;
            deleted = 0;
            retained = 0;
            attributes = Map.of();
        }

        TextDelta build() {
            if (inserting || deleted > 0 || !attributes.isEmpty()) {
                flush();
            }
            TextDelta all = out.build();
            int end = all.ops().size();
            while (end > 0
                    && all.ops().get(end - 1) instanceof TextDelta.Retain retain
                    && retain.attributes().isEmpty()) {
                end--;
            }
            return end == all.ops().size() ? all : new TextDelta(all.ops().subList(0, end));
        }
    }

    // keys

    /** What has become of the keys of a map, or of the attributes of a text or of XML. */
    public Map<String, KeyChange> keys() {
        transaction.checkOpen();
        Map<String, KeyChange> known = keys;
        if (known == null) {
            known = new LinkedHashMap<>();
            for (String key : keysTouched) {
                KeyChange change = key == null ? null : change(key);
                if (key != null && change != null) {
                    known.put(key, change);
                }
            }
            keys = known;
        }
        return known;
    }

    @Nullable
    private KeyChange change(String key) {
        int entry = store.entries.find(target.type(), key);
        int item = entry == NONE ? NONE : store.entries.tail(entry);
        if (item == NONE) {
            return null;
        }
        if (!isAdded(item)) {
            return isDeleted(item) ? new KeyChange(Action.DELETE, old(item)) : null;
        }
        int before = items.previous(item);
        while (before != NONE && isAdded(before)) {
            before = items.previous(before);
        }
        boolean hadValue = before != NONE && isDeleted(before);
        if (isDeleted(item)) {
            return hadValue ? new KeyChange(Action.DELETE, old(before)) : null;
        }
        return hadValue ? new KeyChange(Action.UPDATE, old(before)) : new KeyChange(Action.ADD, null);
    }

    @Nullable
    private Object old(int item) {
        return items.kind(item) == Items.DOC || items.kind(item) == Items.DELETED
                ? null
                : Reader.lastValue(target.doc, item);
    }
}
