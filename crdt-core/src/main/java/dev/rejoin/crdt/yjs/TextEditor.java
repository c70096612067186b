package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Edits of texts: characters, embedded things, and marks that begin or end a format.
 *
 * <p>Marks are items that show nothing. Where edits put them, and which ones they drop as redundant, follows yjs 13 exactly, since it decides the bytes.
 * Where yjs walks the text from its start to learn the attributes at some place, the marks that decide them are looked up in the tree.
 */
final class TextEditor {
    private final YDoc doc;
    private final Store store;
    private final Items items;
    private final ListTree tree;

    TextEditor(YDoc doc, Store store) {
        this.doc = doc;
        this.store = store;
        this.items = store.items;
        this.tree = store.tree;
    }

    /** A place between two neighbours, with the attributes that hold there. */
    final class Position {
        final int type;
        int left;
        int right;
        final Map<String, @Nullable Object> attributes;

        private Position(int type, int left, int right, Map<String, @Nullable Object> attributes) {
            this.type = type;
            this.left = left;
            this.right = right;
            this.attributes = attributes;
        }

        void forward() {
            if (isLiveMark(right)) {
                update(attributes, mark(right));
            }
            left = right;
            right = items.next(right);
        }

        /** Puts an item here and moves behind it. */
        private void put(int kindAndFlags, int content) {
            right = add(type, left, right, kindAndFlags, content, 1);
            forward();
        }
    }

    // plain text

    /** Inserts characters that take on the attributes of what is before them. */
    void insert(int type, int index, String text) {
        if (!store.types.hasFormats(type)) {
            if (!store.changes.watched && extend(type, index, text)) {
                return;
            }
            int left = index == 0 ? NONE : unitBefore(type, index);
            int right = left == NONE ? store.types.first(type) : items.next(left);
            while (right != NONE && items.isGone(right)) {
                left = right;
                right = items.next(right);
            }
            int item = addText(type, left, right, text);
            tree.cursor(type, item, index);
            return;
        }
        Position at = position(type, index);
        insertText(at, text, new LinkedHashMap<>(at.attributes));
    }

    /** Typing: the newest item of ours ends at the index, and nothing stands behind it that was not there when it began. */
    private boolean extend(int type, int index, String text) {
        int item = tree.itemEndingAt(type, index);
        if (item == NONE) {
            return false;
        }
        int head = items.head(item);
        int self = doc.self();
        if ((head & (0xf | Items.GONE | Items.REDONE | Items.KEEP)) != Items.STRING
                || items.client(item) != self
                || items.end(item) != store.clients.items(self).next) {
            return false;
        }
        int next = items.next(item);
        int rightClient = items.rightClient(item);
        if (next == NONE
                ? rightClient != NONE
                : items.isGone(next)
                        || rightClient != items.client(next)
                        || items.rightClock(item) != items.clock(next)) {
            return false;
        }
        int length = text.length();
        char[] chars = doc.chars(length);
        text.getChars(0, length, chars, 0);
        store.extend(item, chars, 0, length, isLatin(chars, length));
        return true;
    }

    private static boolean isLatin(char[] chars, int length) {
        int all = 0;
        for (int i = 0; i < length; i++) {
            all |= chars[i];
        }
        return all < 0x100;
    }

    private int addText(int type, int left, int right, String text) {
        int length = text.length();
        char[] chars = doc.chars(length);
        text.getChars(0, length, chars, 0);
        if (isLatin(chars, length)) {
            int content = store.arena.reserveLatin(length);
            Integrator.copyLatin(chars, 0, store.arena.latin, content, length);
            return add(type, left, right, Items.STRING, content, length);
        }
        int content = store.arena.reserveWide(length);
        System.arraycopy(chars, 0, store.arena.wide, content, length);
        return add(type, left, right, Items.STRING | Items.WIDE, content, length);
    }

    /** A new item of ours between two neighbours. */
    private int add(int type, int left, int right, int kindAndFlags, int content, int length) {
        return doc.add(type, NONE, left, right, kindAndFlags, content, length);
    }

    /** The item whose last unit is the one before {@code index}, cut there if need be. */
    private int unitBefore(int type, int index) {
        int item = tree.seek(type, index - 1);
        int keep = tree.offset + 1;
        if (keep < items.length(item)) {
            doc.checkCut(item, keep);
            int start = index - keep;
            store.split(item, keep);
            tree.cursor(type, item, start);
        }
        return item;
    }

    // positions and attributes

    private Position position(int type, int index) {
        int left = index == 0 ? NONE : unitBefore(type, index);
        int right = left == NONE ? store.types.first(type) : items.next(left);
        return new Position(type, left, right, attributesBefore(type, right));
    }

    /** The attributes that hold just before an item, or at the end for {@link Items#NONE}; in the order in which they came to hold. */
    Map<String, @Nullable Object> attributesBefore(int type, int item) {
        Map<String, @Nullable Object> attributes = new LinkedHashMap<>();
        if (!store.types.hasFormats(type)) {
            return attributes;
        }
        long bits = item == NONE ? tree.marks(type) : tree.marksBefore(item);
        if (bits == 0) {
            return attributes;
        }
        Map<String, Integer> deciding = new HashMap<>();
        List<Integer> active = new ArrayList<>();
        int before = item;
        while (bits != 0) {
            before = before == NONE ? tree.lastMark(type, bits) : tree.lastMarkBefore(before, bits);
            if (before == NONE) {
                break;
            }
            FormatContent mark = mark(before);
            if (deciding.putIfAbsent(mark.key(), before) == null && mark.value() != null) {
                active.add(before);
            }
            if (!store.formatKeys.isShared(mark.key())) {
                bits &= ~store.formatKeys.bitOf(mark.key());
            }
        }
        if (active.size() > 1) {
            Map<Integer, Integer> since = new HashMap<>();
            active.forEach(decider -> since.put(decider, beginning(decider)));
            active.sort((a, b) -> {
                int one = Objects.requireNonNull(since.get(a));
                int other = Objects.requireNonNull(since.get(b));
                return one == other ? 0 : tree.isBefore(one, other) ? -1 : 1;
            });
        }
        for (int decider : active) {
            FormatContent mark = mark(decider);
            attributes.put(mark.key(), mark.value());
        }
        return attributes;
    }

    /** The mark since which an attribute has held without a break. */
    private int beginning(int decider) {
        String key = mark(decider).key();
        long bit = store.formatKeys.bitOf(key);
        int first = decider;
        for (int before = tree.lastMarkBefore(decider, bit);
                before != NONE;
                before = tree.lastMarkBefore(before, bit)) {
            FormatContent mark = mark(before);
            if (mark.key().equals(key)) {
                if (mark.value() == null) {
                    return first;
                }
                first = before;
            }
        }
        return first;
    }

    private boolean isLiveMark(int item) {
        return (items.head(item) & (0xf | Items.GONE)) == Items.FORMAT;
    }

    private boolean isMark(int item) {
        return items.kind(item) == Items.FORMAT;
    }

    private FormatContent mark(int item) {
        return (FormatContent) store.slots.get(items.content(item));
    }

    static void update(Map<String, @Nullable Object> attributes, FormatContent mark) {
        if (mark.value() == null) {
            attributes.remove(mark.key());
        } else {
            attributes.put(mark.key(), mark.value());
        }
    }

    /** Equal in the sense of yjs: the same primitive, or objects with the same primitives. */
    static boolean equalAttributes(@Nullable Object one, @Nullable Object other) {
        if (same(one, other)) {
            return true;
        }
        if (one instanceof Map<?, ?> a && other instanceof Map<?, ?> b) {
            return a.size() == b.size()
                    && a.entrySet().stream()
                            .allMatch(entry ->
                                    b.containsKey(entry.getKey()) && same(entry.getValue(), b.get(entry.getKey())));
        }
        if (one instanceof List<?> a && other instanceof List<?> b) {
            if (a.size() != b.size()) {
                return false;
            }
            for (int i = 0; i < a.size(); i++) {
                if (!same(a.get(i), b.get(i))) {
                    return false;
                }
            }
            return true;
        }
        return false;
    }

    /** The same object, or equal primitives: JavaScript's identity. */
    static boolean same(@Nullable Object one, @Nullable Object other) {
        return one == other
                || one != null
                        && !(one instanceof Map)
                        && !(one instanceof List)
                        && !(one instanceof byte[])
                        && !(one instanceof Double number && number.isNaN())
                        && one.equals(other);
    }

    // formatted text

    /** Inserts characters with exactly these attributes. */
    void insert(int type, int index, String text, Map<String, @Nullable Object> attributes) {
        insertText(position(type, index), text, new LinkedHashMap<>(attributes));
    }

    /** Inserts something that counts as one character, with exactly these attributes. Returns its item. */
    int insertEmbed(int type, int index, int kind, Object content, Map<String, @Nullable Object> attributes) {
        return insertContent(position(type, index), kind, content, new LinkedHashMap<>(attributes));
    }

    private void insertText(Position at, String text, Map<String, @Nullable Object> attributes) {
        Map<String, @Nullable Object> negated = beginInsert(at, attributes);
        at.right = addText(at.type, at.left, at.right, text);
        at.forward();
        putNegated(at, negated);
    }

    int insertContent(Position at, int kind, Object content, Map<String, @Nullable Object> attributes) {
        Map<String, @Nullable Object> negated = beginInsert(at, attributes);
        at.put(kind, store.slots.add(content));
        int item = at.left;
        putNegated(at, negated);
        return item;
    }

    private Map<String, @Nullable Object> beginInsert(Position at, Map<String, @Nullable Object> attributes) {
        for (String key : at.attributes.keySet()) {
            attributes.putIfAbsent(key, null);
        }
        skipToChange(at, attributes);
        return putMarks(at, attributes);
    }

    /** Moves over what is deleted and over marks that say what is wanted anyway. */
    private void skipToChange(Position at, Map<String, @Nullable Object> attributes) {
        while (at.right != NONE
                && (items.isGone(at.right)
                        || isMark(at.right)
                                && equalAttributes(
                                        attributes.get(mark(at.right).key()),
                                        mark(at.right).value()))) {
            at.forward();
        }
    }

    /** Puts marks for the attributes that differ here; returns what ends them. */
    private Map<String, @Nullable Object> putMarks(Position at, Map<String, @Nullable Object> attributes) {
        Map<String, @Nullable Object> negated = new LinkedHashMap<>();
        attributes.forEach((key, value) -> {
            Object current = at.attributes.get(key);
            if (!equalAttributes(current, value)) {
                negated.put(key, current);
                at.put(Items.FORMAT, store.slots.add(new FormatContent(key, value)));
            }
        });
        return negated;
    }

    private void putNegated(Position at, Map<String, @Nullable Object> negated) {
        while (at.right != NONE
                && (items.isGone(at.right)
                        || isMark(at.right)
                                && negated.containsKey(mark(at.right).key())
                                && equalAttributes(
                                        negated.get(mark(at.right).key()),
                                        mark(at.right).value()))) {
            if (!items.isGone(at.right)) {
                negated.remove(mark(at.right).key());
            }
            at.forward();
        }
        negated.forEach((key, value) -> at.put(Items.FORMAT, store.slots.add(new FormatContent(key, value))));
    }

    void format(int type, int index, int length, Map<String, @Nullable Object> attributes) {
        Position at = position(type, index);
        if (at.right != NONE) {
            format(at, length, attributes);
        }
    }

    private void format(Position at, int length, Map<String, @Nullable Object> attributes) {
        int rest = length;
        skipToChange(at, attributes);
        Map<String, @Nullable Object> negated = putMarks(at, attributes);
        while (at.right != NONE && (rest > 0 || !negated.isEmpty() && (items.isGone(at.right) || isMark(at.right)))) {
            int right = at.right;
            if (!items.isGone(right)) {
                if (isMark(right)) {
                    FormatContent mark = mark(right);
                    if (attributes.containsKey(mark.key())) {
                        if (equalAttributes(attributes.get(mark.key()), mark.value())) {
                            negated.remove(mark.key());
                        } else {
                            if (rest == 0) {
                                break;
                            }
                            negated.put(mark.key(), mark.value());
                        }
                        store.delete(right);
                    } else {
                        at.attributes.put(mark.key(), mark.value());
                    }
                } else {
                    if (rest < items.length(right)) {
                        doc.checkCut(right, rest);
                        store.split(right, rest);
                    }
                    rest -= items.length(right);
                }
            }
            at.forward();
        }
        if (rest > 0) {
            at.right = addText(at.type, at.left, at.right, "\n".repeat(rest));
            at.forward();
        }
        putNegated(at, negated);
    }

    void delete(int type, int index, int length) {
        if (!store.types.hasFormats(type)) {
            deletePlain(type, index, length);
            return;
        }
        delete(position(type, index), length);
    }

    private void deletePlain(int type, int index, int length) {
        int first = tree.seek(type, index);
        int keep = tree.offset;
        int rest = length;
        int item = first;
        int cursor = first;
        int cursorIndex = index - keep;
        if (keep > 0) {
            int units = items.length(first) - keep;
            if (units <= rest && store.canTrim(first, keep)) {
                store.trimEnd(first, units);
                rest -= units;
                item = items.next(first);
            } else {
                doc.checkCut(first, keep);
                item = divide(first, keep);
            }
        }
        while (rest > 0 && item != NONE) {
            if (isCharacter(item)) {
                if (rest < items.length(item)) {
                    if (store.canTrim(item, rest)) {
                        store.trimStart(item, rest);
                        break;
                    }
                    doc.checkCut(item, rest);
                    divide(item, rest);
                }
                rest -= items.length(item);
                if (store.canErase(item)) {
                    boolean atCursor = item == cursor;
                    item = store.erase(item);
                    cursor = atCursor ? item : cursor;
                } else {
                    store.delete(item);
                }
            }
            item = items.next(item);
        }
        tree.cursor(type, cursor, cursorIndex);
    }

    /** Cuts text that is about to be deleted off text that is not. */
    private int divide(int item, int keep) {
        return store.eager ? store.divide(item, keep) : store.split(item, keep);
    }

    private void delete(Position at, int length) {
        Map<String, @Nullable Object> startAttributes = new LinkedHashMap<>(at.attributes);
        int start = at.right;
        int rest = length;
        while (rest > 0 && at.right != NONE) {
            int right = at.right;
            if (isCharacter(right)) {
                if (rest < items.length(right)) {
                    doc.checkCut(right, rest);
                    store.split(right, rest);
                }
                rest -= items.length(right);
                store.delete(right);
            }
            at.forward();
        }
        if (start != NONE) {
            dropRedundantMarks(start, at.right, startAttributes, at.attributes);
        }
    }

    /** Deletes the marks in a gap that decide nothing: those that a later one in the gap overrides, and those that say what holds before. */
    private void dropRedundantMarks(
            int from,
            int current,
            Map<String, @Nullable Object> startAttributes,
            Map<String, @Nullable Object> attributes) {
        int end = from;
        Map<String, Integer> last = new HashMap<>();
        while (end != NONE && (!isCountable(end) || items.isGone(end))) {
            if (isLiveMark(end)) {
                last.put(mark(end).key(), end);
            }
            end = items.next(end);
        }
        boolean beyond = false;
        for (int item = from; item != end; item = items.next(item)) {
            beyond |= item == current;
            if (!isLiveMark(item)) {
                continue;
            }
            FormatContent mark = mark(item);
            Object before = startAttributes.get(mark.key());
            Integer deciding = last.get(mark.key());
            if (deciding == null || deciding != item || same(before, mark.value())) {
                store.delete(item);
                if (!beyond && same(attributes.get(mark.key()), mark.value()) && !same(before, mark.value())) {
                    if (before == null) {
                        attributes.remove(mark.key());
                    } else {
                        attributes.put(mark.key(), before);
                    }
                }
            } else if (!beyond) {
                update(attributes, mark);
            }
        }
    }

    /** What a text is made of; values and bytes, which somebody may have put there by hand, are not touched. */
    private boolean isCharacter(int item) {
        int head = items.head(item);
        int kind = head & 0xf;
        return (head & Items.GONE) == 0 && (kind == Items.STRING || kind == Items.EMBED || kind == Items.TYPE);
    }

    private boolean isCountable(int item) {
        int kind = items.kind(item);
        return kind != Items.FORMAT && kind != Items.DELETED;
    }

    // deltas

    void apply(int type, TextDelta delta) {
        Position at = position(type, 0);
        for (TextDelta.Op op : delta.ops()) {
            if (op instanceof TextDelta.Insert insert) {
                Map<String, @Nullable Object> attributes = JsValue.normalizeAll(insert.attributes());
                if (insert.value() instanceof String text) {
                    if (!text.isEmpty()) {
                        insertText(at, JsValue.wellFormed(text), attributes);
                    }
                } else {
                    doc.insertInto(at, insert.value(), attributes);
                }
            } else if (op instanceof TextDelta.Retain retain) {
                format(at, retain.length(), JsValue.normalizeAll(retain.attributes()));
            } else if (op instanceof TextDelta.Delete delete) {
                delete(at, delete.length());
            }
        }
    }
}
