package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.util.Arrays;

/**
 * The order of the items of every list of a document, and the way from an index to an item and back.
 *
 * <h2>Structure</h2>
 *
 * <p>The items of a list are linked to each other. A leaf stands for up to {@value #LEAF_MOST} neighbours and knows how many units of them
 * are visible; inner nodes sum up to {@value #FAN} children. A list without items has no leaf, a short one a leaf and nothing else, so that
 * documents of many small lists stay small. Finding by index and telling the index of an item cost O(log items).
 *
 * <h2>Format marks</h2>
 *
 * <p>Leaves and nodes carry a set of 64 bits of the format keys that live below them (keys share bits beyond the 64th), so that the
 * mark that decides an attribute at some place is found in O(log items), however far to the left it stands.
 *
 * <h2>Cursor</h2>
 *
 * <p>People edit where they have just edited. The place found last is kept and tried first, and sums above the leaf that is being
 * typed into, its own sum and the list's among them, are brought up to date when somebody needs them.
 */
final class ListTree {
    private static final int LEAF_MOST = 32;
    private static final int LEAF_FILL = 24;
    private static final int FAN = 16;
    private static final int NODE_FILL = 12;
    private static final int NEAR = 4;

    /** Levels of nodes that a search remembers its way through; a list reaches level 16 after 8^16 insertions. */
    private static final int LEVELS = 16;

    /** Units from which on a place is not looked for beside the cursor. */
    private static final int NEAR_UNITS = 256;

    // leaves
    private static final int PARENT = 0;
    private static final int FIRST = 1;
    private static final int ITEMS = 2;
    private static final int LENGTH = 3;
    private static final int TYPE = 4;
    private static final int MASK_LOW = 5;
    private static final int MASK_HIGH = 6;
    private static final int LEAF_WIDTH = 7;

    // inner nodes; PARENT as above
    private static final int COUNT = 1;
    private static final int LEVEL = 2; // 1 above leaves
    private static final int CHILDREN = 3;
    private static final int LENGTHS = CHILDREN + FAN;
    private static final int MASKS_LOW = LENGTHS + FAN;
    private static final int MASKS_HIGH = MASKS_LOW + FAN;
    private static final int NODE_WIDTH = MASKS_HIGH + FAN;

    /** Leaves, with a width that the compiler knows. */
    private static final class Leaves extends Records {
        Leaves() {
            super(LEAF_WIDTH);
        }

        Leaves(Records source) {
            super(source);
        }

        @Override
        int get(int record, int field) {
            return pages[record >>> BITS][(record & MASK) * LEAF_WIDTH + field];
        }

        @Override
        void set(int record, int field, int value) {
            own(record >>> BITS)[(record & MASK) * LEAF_WIDTH + field] = value;
        }
    }

    /** Inner nodes, with a width that the compiler knows. */
    private static final class Nodes extends Records {
        Nodes() {
            super(NODE_WIDTH);
        }

        Nodes(Records source) {
            super(source);
        }

        @Override
        int get(int record, int field) {
            return pages[record >>> BITS][(record & MASK) * NODE_WIDTH + field];
        }

        @Override
        void set(int record, int field, int value) {
            own(record >>> BITS)[(record & MASK) * NODE_WIDTH + field] = value;
        }
    }

    private final Items items;
    private final Types types;
    private final Leaves leaves;
    private final Nodes nodes;
    private final FormatKeys keys;

    /** Units that this leaf, its ancestors and the list they are of do not know of yet. */
    private int owedLeaf = NONE;

    private int owedType = NONE;
    private int owed;

    private boolean bulk;

    private int cursorType = NONE;
    private int cursorItem;
    private int cursorIndex;

    /** By level, the child that the search went to last: where it is still to be found, mostly. */
    private final int[] path = new int[LEVELS];

    /** Where in the item found last the unit asked for is. */
    int offset;

    ListTree(Items items, Types types, FormatKeys keys) {
        this.items = items;
        this.types = types;
        this.keys = keys;
        leaves = new Leaves();
        nodes = new Nodes();
    }

    private ListTree(Items items, Types types, ListTree source) {
        this.items = items;
        this.types = types;
        keys = source.keys;
        leaves = new Leaves(source.leaves);
        nodes = new Nodes(source.nodes);
    }

    /** A copy that is never written, over frozen items and types; what was owed has been settled before these were frozen. */
    ListTree freeze(Items frozenItems, Types frozenTypes) {
        return new ListTree(frozenItems, frozenTypes, this);
    }

    // order

    /** The type whose list an item is in. */
    int typeOf(int item) {
        return leaves.get(items.place(item), TYPE);
    }

    /** Puts an item behind {@code left}, or first if that is {@link Items#NONE}. O(log items) */
    void insert(int type, int left, int item) {
        int right = left == NONE ? types.first(type) : items.next(left);
        items.set(item, Items.PREVIOUS, left);
        items.set(item, Items.NEXT, right);
        int leaf;
        if (left != NONE) {
            items.set(left, Items.NEXT, item);
            leaf = items.place(left);
        } else {
            types.set(type, Types.FIRST, item);
            leaf = right == NONE ? firstLeaf(type) : items.place(right);
            leaves.set(leaf, FIRST, item);
        }
        if (right != NONE) {
            items.set(right, Items.PREVIOUS, item);
        } else {
            types.set(type, Types.LAST, item);
        }
        items.set(item, Items.PLACE, leaf);
        int visible = items.visible(item);
        if (visible != 0) {
            cursorType = cursorType == type ? NONE : cursorType;
            addLength(type, leaf, visible);
        }
        addToLeaf(type, leaf, item, right == NONE);
    }

    /** Puts an item that shows nothing before another one, into its leaf. The cursor stays. */
    void insertBefore(int right, int item) {
        int leaf = items.place(right);
        int type = leaves.get(leaf, TYPE);
        int left = items.previous(right);
        items.set(item, Items.PREVIOUS, left);
        items.set(item, Items.NEXT, right);
        items.set(item, Items.PLACE, leaf);
        items.set(right, Items.PREVIOUS, item);
        if (left != NONE) {
            items.set(left, Items.NEXT, item);
        } else {
            types.set(type, Types.FIRST, item);
        }
        if (leaves.get(leaf, FIRST) == right) {
            leaves.set(leaf, FIRST, item);
        }
        addToLeaf(type, leaf, item, false);
    }

    private void addToLeaf(int type, int leaf, int item, boolean last) {
        int count = leaves.get(leaf, ITEMS) + 1;
        leaves.set(leaf, ITEMS, count);
        if (count > LEAF_MOST && !bulk) {
            splitLeaf(type, leaf, item, last);
        }
    }

    /** Takes out an item that shows nothing any more. */
    void remove(int item) {
        int leaf = items.place(item);
        int type = leaves.get(leaf, TYPE);
        cursorType = cursorType == type ? NONE : cursorType;
        int left = items.previous(item);
        int right = items.next(item);
        if (left != NONE) {
            items.set(left, Items.NEXT, right);
        } else {
            types.set(type, Types.FIRST, right);
        }
        if (right != NONE) {
            items.set(right, Items.PREVIOUS, left);
        } else {
            types.set(type, Types.LAST, left);
        }
        int count = leaves.get(leaf, ITEMS) - 1;
        leaves.set(leaf, ITEMS, count);
        if (count == 0) {
            removeLeaf(type, leaf);
        } else if (leaves.get(leaf, FIRST) == item) {
            leaves.set(leaf, FIRST, right);
        }
    }

    /** The item shows {@code delta} units more than it did. */
    void addVisible(int item, int delta) {
        int leaf = items.place(item);
        int type = leaves.get(leaf, TYPE);
        addLength(type, leaf, delta);
        cursorType = cursorType == type ? NONE : cursorType;
    }

    /** An item has grown at its end by so many visible units. The cursor stays, if it is on that item or in another list. */
    void grow(int item, int delta) {
        int leaf = items.place(item);
        grow(leaves.get(leaf, TYPE), leaf, item, delta);
    }

    /** As {@link #grow}, for who knows where the item stands. */
    void grow(int type, int leaf, int item, int delta) {
        addLength(type, leaf, delta);
        if (cursorItem != item && cursorType == type) {
            cursorType = NONE;
        }
    }

    /** Two visible neighbours have become one: what {@code from} showed {@code to} shows now, wherever their leaves are. */
    void moveVisible(int from, int to, int units) {
        int source = items.place(from);
        int target = items.place(to);
        int type = leaves.get(source, TYPE);
        if (source != target) {
            addLength(type, source, -units);
            addLength(type, target, units);
        }
        cursorType = cursorType == type ? NONE : cursorType;
    }

    /** Forgets the list of a type that is gone. */
    void dropList(int type) {
        settle();
        int root = types.get(type, Types.ROOT);
        if (root != NONE) {
            dropNode(root, types.get(type, Types.HEIGHT));
        }
        types.set(type, Types.ROOT, NONE);
        types.set(type, Types.HEIGHT, 0);
        types.set(type, Types.FIRST, NONE);
        types.set(type, Types.LAST, NONE);
        types.set(type, Types.LENGTH, 0);
        cursorType = cursorType == type ? NONE : cursorType;
    }

    private void dropNode(int node, int height) {
        if (height == 0) {
            leaves.set(node, ITEMS, 0);
            leaves.release(node);
            return;
        }
        for (int i = 0, n = nodes.get(node, COUNT); i < n; i++) {
            dropNode(nodes.get(node, CHILDREN + i), height - 1);
        }
        nodes.release(node);
    }

    // bulk

    /** Until {@link #endBulk}, leaves grow without bound and marks are not counted, if {@code many} items are to come. */
    void beginBulk(boolean many) {
        bulk = many;
    }

    /** Builds the trees of the lists that have grown too large leaves. O(items of these lists) */
    void endBulk() {
        if (!bulk) {
            return;
        }
        bulk = false;
        settle();
        for (int leaf = 0, n = leaves.limit(); leaf < n; leaf++) {
            int count = leaves.get(leaf, ITEMS);
            if (count > LEAF_MOST) {
                rebuild(leaves.get(leaf, TYPE));
            } else if (count > 0 && types.hasFormats(leaves.get(leaf, TYPE))) {
                recountLeaf(leaf);
            }
        }
        cursorType = NONE;
    }

    private void rebuild(int type) {
        dropNode(types.get(type, Types.ROOT), types.get(type, Types.HEIGHT));
        int[] level = new int[16];
        int count = 0;
        for (int item = types.first(type); item != NONE; ) {
            int leaf = newLeaf(type, item);
            int length = 0;
            int filled = 0;
            long marks = 0;
            for (; filled < LEAF_FILL && item != NONE; filled++) {
                items.set(item, Items.PLACE, leaf);
                length += items.visible(item);
                marks |= markOf(item);
                item = items.next(item);
            }
            leaves.set(leaf, ITEMS, filled);
            leaves.set(leaf, LENGTH, length);
            setMask(leaf, marks);
            level = count == level.length ? Arrays.copyOf(level, 2 * count) : level;
            level[count++] = leaf;
        }
        buildAbove(type, level, count);
    }

    /** Makes the list of a type of so many items whose numbers follow each other from {@code first} on; the type has none yet. */
    void build(int type, int first, int itemCount) {
        int[] level = new int[(itemCount + LEAF_FILL - 1) / LEAF_FILL];
        int count = 0;
        int end = first + itemCount;
        long units = 0;
        boolean formats = false;
        for (int item = first; item < end; ) {
            int leaf = newLeaf(type, item);
            int beyond = Math.min(end, item + LEAF_FILL);
            int length = 0;
            long marks = 0;
            leaves.set(leaf, ITEMS, beyond - item);
            for (; item < beyond; item++) {
                int[] page = items.own(item >>> Records.BITS);
                int at = (item & Records.MASK) * Items.WIDTH;
                page[at + Items.PREVIOUS] = item == first ? NONE : item - 1;
                page[at + Items.NEXT] = item + 1 == end ? NONE : item + 1;
                page[at + Items.PLACE] = leaf;
                int head = page[at + Items.HEAD];
                if (Items.isVisible(head)) {
                    length += page[at + Items.LENGTH];
                } else if ((head & 0xf) == Items.FORMAT) {
                    formats = true;
                    marks |= markOf(item);
                }
            }
            leaves.set(leaf, LENGTH, length);
            setMask(leaf, marks);
            units += length;
            level[count++] = leaf;
        }
        types.set(type, Types.FIRST, first);
        types.set(type, Types.LAST, end - 1);
        types.set(type, Types.LENGTH, Math.toIntExact(units));
        if (formats) {
            types.set(type, Types.FORMATS, 1);
        }
        buildAbove(type, level, count);
    }

    /** Makes the nodes above the leaves of a list; overwrites them with each level in turn. */
    private void buildAbove(int type, int[] level, int leafCount) {
        int count = leafCount;
        int height = 0;
        while (count > 1) {
            height++;
            int above = 0;
            for (int from = 0; from < count; from += NODE_FILL) {
                int node = newNode(height);
                int children = Math.min(NODE_FILL, count - from);
                nodes.set(node, COUNT, children);
                for (int i = 0; i < children; i++) {
                    int child = level[from + i];
                    nodes.set(node, CHILDREN + i, child);
                    nodes.set(node, LENGTHS + i, lengthOf(child, height - 1));
                    setChildMask(node, i, maskOf(child, height - 1));
                    setParent(child, height - 1, node);
                }
                level[above++] = node;
            }
            count = above;
        }
        types.set(type, Types.ROOT, level[0]);
        types.set(type, Types.HEIGHT, height);
    }

    // index

    /** The units that a list shows. O(1) */
    int length(int type) {
        int length = types.get(type, Types.LENGTH);
        return owedType == type ? length + owed : length;
    }

    /**
     * The item that shows unit {@code index} of a list, which must have it; {@link #offset} tells where in the item. The cursor
     * stands there then.
     */
    int seek(int type, int index) {
        int item;
        int start;
        if (cursorType == type) {
            item = cursorItem;
            start = cursorIndex;
            if (index >= start) {
                int most = index - start < NEAR_UNITS ? NEAR : 1;
                for (int steps = 0; steps < most && item != NONE; steps++) {
                    int visible = items.visible(item);
                    if (index - start < visible) {
                        return found(type, item, start, index);
                    }
                    start += visible;
                    item = items.next(item);
                }
            } else if (start - index < NEAR_UNITS) {
                for (int steps = 0; steps < NEAR; steps++) {
                    item = items.previous(item);
                    start -= items.visible(item);
                    if (index >= start) {
                        return found(type, item, start, index);
                    }
                }
            }
        }
        settle();
        int node = types.get(type, Types.ROOT);
        int rest = index;
        int following = NONE;
        int length = 0;
        for (int height = types.get(type, Types.HEIGHT); height > 0; height--) {
            int[] page = nodes.pages[node >>> Records.BITS];
            int at = (node & Records.MASK) * NODE_WIDTH;
            int child = 0;
            int last = page[at + COUNT] - 1;
            while (child < last && rest >= page[at + LENGTHS + child]) {
                rest -= page[at + LENGTHS + child++];
            }
            path[height - 1] = child;
            node = page[at + CHILDREN + child];
            following = child < last ? page[at + CHILDREN + child + 1] : NONE;
            length = page[at + LENGTHS + child];
        }
        if (following != NONE && rest > length >> 1) {
            // it is nearer from the end of the leaf
            item = backward(items.previous(leaves.get(following, FIRST)), length - rest);
        } else {
            item = forward(leaves.get(node, FIRST), rest);
        }
        return found(type, item, index - offset, index);
    }

    /**
     * The item that shows unit {@code rest} from where {@code first} begins; {@link #offset} tells where in it. Neighbours mostly have neighbouring numbers: the
     * processor goes on with the next record while it still waits for the link.
     */
    private int forward(int first, int units) {
        int item = first;
        int rest = units;
        int[] page = items.pages[item >>> Records.BITS];
        int at = (item & Records.MASK) * Items.WIDTH;
        while (true) {
            if (Items.isVisible(page[at + Items.HEAD])) {
                int length = page[at + Items.LENGTH];
                if (rest < length) {
                    offset = rest;
                    return item;
                }
                rest -= length;
            }
            int next = page[at + Items.NEXT];
            if (next == item + 1 && (next & Records.MASK) != 0) {
                at += Items.WIDTH;
            } else {
                page = items.pages[next >>> Records.BITS];
                at = (next & Records.MASK) * Items.WIDTH;
            }
            item = next;
        }
    }

    /** As {@link #forward}, for the unit that many before the end of {@code last}, 1 for its last. */
    private int backward(int last, int units) {
        int item = last;
        int rest = units;
        int[] page = items.pages[item >>> Records.BITS];
        int at = (item & Records.MASK) * Items.WIDTH;
        while (true) {
            if (Items.isVisible(page[at + Items.HEAD])) {
                int length = page[at + Items.LENGTH];
                if (rest <= length) {
                    offset = length - rest;
                    return item;
                }
                rest -= length;
            }
            int previous = page[at + Items.PREVIOUS];
            if (previous == item - 1 && (item & Records.MASK) != 0) {
                at -= Items.WIDTH;
            } else {
                page = items.pages[previous >>> Records.BITS];
                at = (previous & Records.MASK) * Items.WIDTH;
            }
            item = previous;
        }
    }

    private int found(int type, int item, int start, int index) {
        cursorType = type;
        cursorItem = item;
        cursorIndex = start;
        offset = index - start;
        return item;
    }

    /** Says that an item's first unit has this index. */
    void cursor(int type, int item, int index) {
        cursorType = type;
        cursorItem = item;
        cursorIndex = index;
    }

    /** The index of an item's first unit if the cursor stands on it, else {@link Items#NONE}. */
    int startUnderCursor(int item) {
        return cursorItem == item && cursorType != NONE ? cursorIndex : NONE;
    }

    /** Whether the cursor stands on this item and knows that unit {@code index} of the list is its unit {@code unit}. */
    boolean knows(int type, int item, int index, int unit) {
        return cursorItem == item && cursorType == type && cursorIndex + unit == index;
    }

    /** The item under the cursor if that is in this list and its units end at {@code index}, else {@link Items#NONE}. */
    int itemEndingAt(int type, int index) {
        return cursorType == type && cursorIndex + items.visible(cursorItem) == index ? cursorItem : NONE;
    }

    /** The item under the cursor if that is in this list and its units begin at {@code index}, else {@link Items#NONE}. */
    int itemStartingAt(int type, int index) {
        return cursorType == type && cursorIndex == index ? cursorItem : NONE;
    }

    /** The index of the first unit of an item, or where it would be. O(log items) */
    int indexOf(int item) {
        settle();
        int leaf = items.place(item);
        int index = 0;
        int first = leaves.get(leaf, FIRST);
        for (int before = item; before != first; ) {
            before = items.previous(before);
            index += items.visible(before);
        }
        int child = leaf;
        for (int node = leaves.get(leaf, PARENT); node != NONE; node = nodes.get(node, PARENT)) {
            int slot = slotOf(node, child);
            for (int i = 0; i < slot; i++) {
                index += nodes.get(node, LENGTHS + i);
            }
            child = node;
        }
        return index;
    }

    /** Whether {@code one} stands before {@code other} in their list. O(log items) */
    boolean isBefore(int one, int other) {
        if (one == other) {
            return false;
        }
        int leaf = items.place(one);
        int otherLeaf = items.place(other);
        if (leaf == otherLeaf) {
            int last = leaves.get(leaf, ITEMS);
            int item = one;
            for (int i = 0; i < last && item != NONE; i++) {
                item = items.next(item);
                if (item == other) {
                    return true;
                }
                if (item == NONE || items.place(item) != leaf) {
                    return false;
                }
            }
            return false;
        }
        int a = leaf;
        int b = otherLeaf;
        int nodeA = leaves.get(a, PARENT);
        int nodeB = leaves.get(b, PARENT);
        while (nodeA != nodeB) {
            a = nodeA;
            b = nodeB;
            nodeA = nodes.get(a, PARENT);
            nodeB = nodes.get(b, PARENT);
        }
        return slotOf(nodeA, a) < slotOf(nodeA, b);
    }

    // format marks

    /** A mark with a key of this bit lives in the item's leaf. */
    void addMark(int item, long bit) {
        if (bulk) {
            return;
        }
        int leaf = items.place(item);
        long mask = mask(leaf);
        if ((mask & bit) != 0) {
            return;
        }
        setMask(leaf, mask | bit);
        int child = leaf;
        for (int node = leaves.get(leaf, PARENT); node != NONE; node = nodes.get(node, PARENT)) {
            int slot = slotOf(node, child);
            long known = childMask(node, slot);
            if ((known & bit) != 0) {
                return;
            }
            setChildMask(node, slot, known | bit);
            child = node;
        }
    }

    /** Which bits of keys live before an item in its list. O(log items) */
    long marksBefore(int item) {
        int leaf = items.place(item);
        long marks = 0;
        int first = leaves.get(leaf, FIRST);
        for (int before = item; before != first; ) {
            before = items.previous(before);
            marks |= markOf(before);
        }
        int child = leaf;
        for (int node = leaves.get(leaf, PARENT); node != NONE; node = nodes.get(node, PARENT)) {
            int slot = slotOf(node, child);
            for (int i = 0; i < slot; i++) {
                marks |= childMask(node, i);
            }
            child = node;
        }
        return marks;
    }

    /** The bits of all keys that live in a list. */
    long marks(int type) {
        int root = types.get(type, Types.ROOT);
        if (root == NONE) {
            return 0;
        }
        if (types.get(type, Types.HEIGHT) == 0) {
            return mask(root);
        }
        long marks = 0;
        for (int i = 0, n = nodes.get(root, COUNT); i < n; i++) {
            marks |= childMask(root, i);
        }
        return marks;
    }

    /** Counts the marks of the item's leaf anew, after one of them is gone. */
    void recountMarks(int item) {
        if (!bulk) {
            recountLeaf(items.place(item));
        }
    }

    private void recountLeaf(int leaf) {
        long mask = marksOf(leaf);
        setMask(leaf, mask);
        int child = leaf;
        for (int node = leaves.get(leaf, PARENT); node != NONE; node = nodes.get(node, PARENT)) {
            int slot = slotOf(node, child);
            if (childMask(node, slot) == mask) {
                return;
            }
            setChildMask(node, slot, mask);
            mask = 0;
            for (int i = 0, n = nodes.get(node, COUNT); i < n; i++) {
                mask |= childMask(node, i);
            }
            child = node;
        }
    }

    private long marksOf(int leaf) {
        long marks = 0;
        int item = leaves.get(leaf, FIRST);
        for (int i = leaves.get(leaf, ITEMS); i > 0; i--) {
            marks |= markOf(item);
            item = items.next(item);
        }
        return marks;
    }

    private long markOf(int item) {
        int head = items.head(item);
        return (head & Items.GONE) == 0 && (head & 0xf) == Items.FORMAT ? keys.bit(items.content(item)) : 0;
    }

    /** The last item before {@code item} that holds a live mark of one of these bits, or {@link Items#NONE}. */
    int lastMarkBefore(int item, long bits) {
        int leaf = items.place(item);
        int first = leaves.get(leaf, FIRST);
        for (int before = item; before != first; ) {
            before = items.previous(before);
            if ((markOf(before) & bits) != 0) {
                return before;
            }
        }
        int child = leaf;
        for (int node = leaves.get(leaf, PARENT); node != NONE; node = nodes.get(node, PARENT)) {
            for (int slot = slotOf(node, child) - 1; slot >= 0; slot--) {
                if ((childMask(node, slot) & bits) != 0) {
                    return lastMarkBelow(nodes.get(node, CHILDREN + slot), nodes.get(node, LEVEL) - 1, bits);
                }
            }
            child = node;
        }
        return NONE;
    }

    /** The last item of a list that holds a live mark of one of these bits, or {@link Items#NONE}. */
    int lastMark(int type, long bits) {
        int root = types.get(type, Types.ROOT);
        return (marks(type) & bits) == 0 ? NONE : lastMarkBelow(root, types.get(type, Types.HEIGHT), bits);
    }

    private int lastMarkBelow(int top, int height, long bits) {
        int node = top;
        for (int level = height; level > 0; level--) {
            int slot = nodes.get(node, COUNT) - 1;
            while ((childMask(node, slot) & bits) == 0) {
                slot--;
            }
            node = nodes.get(node, CHILDREN + slot);
        }
        int item = leaves.get(node, FIRST);
        int found = NONE;
        for (int i = leaves.get(node, ITEMS); i > 0; i--) {
            if ((markOf(item) & bits) != 0) {
                found = item;
            }
            item = items.next(item);
        }
        return found;
    }

    // structure

    private int firstLeaf(int type) {
        int leaf = newLeaf(type, NONE);
        types.set(type, Types.ROOT, leaf);
        return leaf;
    }

    private int newLeaf(int type, int first) {
        int leaf = leaves.allocate();
        leaves.set(leaf, PARENT, NONE);
        leaves.set(leaf, FIRST, first);
        leaves.set(leaf, ITEMS, 0);
        leaves.set(leaf, LENGTH, 0);
        leaves.set(leaf, TYPE, type);
        leaves.set(leaf, MASK_LOW, 0);
        leaves.set(leaf, MASK_HIGH, 0);
        return leaf;
    }

    /** Moves the upper half of a leaf to a new one; of a list that grows at its end only the newest item. */
    private void splitLeaf(int type, int leaf, int newest, boolean atEnd) {
        settle();
        int count = leaves.get(leaf, ITEMS);
        int stay = atEnd ? count - 1 : count / 2;
        int item = newest;
        if (!atEnd) {
            item = leaves.get(leaf, FIRST);
            for (int i = 0; i < stay; i++) {
                item = items.next(item);
            }
        }
        int upper = newLeaf(type, item);
        leaves.set(leaf, ITEMS, stay);
        leaves.set(upper, ITEMS, count - stay);
        int moved = 0;
        for (int i = stay; i < count; i++) {
            items.set(item, Items.PLACE, upper);
            moved += items.visible(item);
            item = items.next(item);
        }
        leaves.set(leaf, LENGTH, leaves.get(leaf, LENGTH) - moved);
        leaves.set(upper, LENGTH, moved);
        if (mask(leaf) != 0) {
            setMask(leaf, marksOf(leaf));
            setMask(upper, marksOf(upper));
        }
        insertChild(type, leaves.get(leaf, PARENT), leaf, upper, 1, moved);
    }

    /** Puts {@code added} behind {@code child}, from whose units {@code moved} have gone to it. */
    private void insertChild(int type, int parent, int child, int added, int level, int moved) {
        int node = parent;
        if (node == NONE) {
            node = newNode(level);
            nodes.set(node, COUNT, 1);
            nodes.set(node, CHILDREN, child);
            nodes.set(node, LENGTHS, lengthOf(child, level - 1) + moved);
            setParent(child, level - 1, node);
            types.set(type, Types.ROOT, node);
            types.set(type, Types.HEIGHT, level);
        }
        if (nodes.get(node, COUNT) == FAN) {
            int upper = splitNode(type, node, level);
            if (slotOrNone(node, child) == NONE) {
                node = upper;
            }
        }
        int slot = slotOf(node, child);
        int count = nodes.get(node, COUNT);
        int[] page = nodes.own(node >>> Records.BITS);
        int at = (node & Records.MASK) * NODE_WIDTH;
        int tail = count - slot - 1;
        for (int column = CHILDREN; column < NODE_WIDTH; column += FAN) {
            System.arraycopy(page, at + column + slot + 1, page, at + column + slot + 2, tail);
        }
        page[at + COUNT] = count + 1;
        page[at + CHILDREN + slot + 1] = added;
        page[at + LENGTHS + slot] -= moved;
        page[at + LENGTHS + slot + 1] = moved;
        setChildMask(node, slot, maskOf(child, level - 1));
        setChildMask(node, slot + 1, maskOf(added, level - 1));
        setParent(added, level - 1, node);
    }

    private int splitNode(int type, int node, int level) {
        int half = FAN / 2;
        int upper = newNode(level);
        int moved = 0;
        for (int i = half; i < FAN; i++) {
            int child = nodes.get(node, CHILDREN + i);
            nodes.set(upper, CHILDREN + i - half, child);
            nodes.set(upper, LENGTHS + i - half, nodes.get(node, LENGTHS + i));
            setChildMask(upper, i - half, childMask(node, i));
            setParent(child, level - 1, upper);
            moved += nodes.get(node, LENGTHS + i);
        }
        nodes.set(node, COUNT, half);
        nodes.set(upper, COUNT, FAN - half);
        insertChild(type, nodes.get(node, PARENT), node, upper, level + 1, moved);
        return upper;
    }

    private int newNode(int level) {
        int node = nodes.allocate();
        nodes.set(node, PARENT, NONE);
        nodes.set(node, COUNT, 0);
        nodes.set(node, LEVEL, level);
        return node;
    }

    private void removeLeaf(int type, int leaf) {
        settle();
        int parent = leaves.get(leaf, PARENT);
        leaves.release(leaf);
        int child = leaf;
        int node = parent;
        while (node != NONE) {
            int slot = slotOf(node, child);
            int count = nodes.get(node, COUNT) - 1;
            int[] page = nodes.own(node >>> Records.BITS);
            int at = (node & Records.MASK) * NODE_WIDTH;
            for (int column = CHILDREN; column < NODE_WIDTH; column += FAN) {
                System.arraycopy(page, at + column + slot + 1, page, at + column + slot, count - slot);
            }
            page[at + COUNT] = count;
            if (count > 0) {
                lowerRoot(type);
                return;
            }
            child = node;
            node = nodes.get(node, PARENT);
            nodes.release(child);
        }
        types.set(type, Types.ROOT, NONE);
        types.set(type, Types.HEIGHT, 0);
    }

    /** A root with one child gives its place to that. */
    private void lowerRoot(int type) {
        int root = types.get(type, Types.ROOT);
        int height = types.get(type, Types.HEIGHT);
        while (height > 0 && nodes.get(root, COUNT) == 1) {
            int child = nodes.get(root, CHILDREN);
            nodes.release(root);
            height--;
            setParent(child, height, NONE);
            root = child;
        }
        types.set(type, Types.ROOT, root);
        types.set(type, Types.HEIGHT, height);
    }

    private void setParent(int child, int level, int parent) {
        if (level == 0) {
            leaves.set(child, PARENT, parent);
        } else {
            nodes.set(child, PARENT, parent);
        }
    }

    private int lengthOf(int child, int level) {
        if (level == 0) {
            return leaves.get(child, LENGTH);
        }
        int length = 0;
        for (int i = 0, n = nodes.get(child, COUNT); i < n; i++) {
            length += nodes.get(child, LENGTHS + i);
        }
        return length;
    }

    private long maskOf(int child, int level) {
        if (level == 0) {
            return mask(child);
        }
        long mask = 0;
        for (int i = 0, n = nodes.get(child, COUNT); i < n; i++) {
            mask |= childMask(child, i);
        }
        return mask;
    }

    private long mask(int leaf) {
        return leaves.get(leaf, MASK_LOW) & 0xffffffffL | (long) leaves.get(leaf, MASK_HIGH) << 32;
    }

    private void setMask(int leaf, long mask) {
        leaves.set(leaf, MASK_LOW, (int) mask);
        leaves.set(leaf, MASK_HIGH, (int) (mask >>> 32));
    }

    private long childMask(int node, int slot) {
        return nodes.get(node, MASKS_LOW + slot) & 0xffffffffL | (long) nodes.get(node, MASKS_HIGH + slot) << 32;
    }

    private void setChildMask(int node, int slot, long mask) {
        nodes.set(node, MASKS_LOW + slot, (int) mask);
        nodes.set(node, MASKS_HIGH + slot, (int) (mask >>> 32));
    }

    private int slotOf(int node, int child) {
        int slot = slotOrNone(node, child);
        assert slot != NONE;
        return slot;
    }

    private int slotOrNone(int node, int child) {
        int[] page = nodes.pages[node >>> Records.BITS];
        int at = (node & Records.MASK) * NODE_WIDTH;
        for (int i = 0, n = page[at + COUNT]; i < n; i++) {
            if (page[at + CHILDREN + i] == child) {
                return i;
            }
        }
        return NONE;
    }

    private void addLength(int type, int leaf, int delta) {
        if (owedLeaf != leaf) {
            settle();
            owedLeaf = leaf;
            owedType = type;
        }
        owed = Math.addExact(owed, delta);
    }

    /** Tells the leaf, its ancestors and their list what they do not know yet. */
    void settle() {
        if (owed != 0) {
            int child = owedLeaf;
            types.set(owedType, Types.LENGTH, Math.addExact(types.get(owedType, Types.LENGTH), owed));
            leaves.set(child, LENGTH, leaves.get(child, LENGTH) + owed);
            int level = 0;
            for (int node = leaves.get(child, PARENT); node != NONE; ) {
                int[] page = nodes.own(node >>> Records.BITS);
                int at = (node & Records.MASK) * NODE_WIDTH;
                int slot = path[level++];
                if (slot >= page[at + COUNT] || page[at + CHILDREN + slot] != child) {
                    slot = slotOf(node, child);
                }
                page[at + LENGTHS + slot] += owed;
                child = node;
                node = page[at + PARENT];
            }
            owed = 0;
        }
        owedLeaf = NONE;
        owedType = NONE;
    }

    // checks

    /** Throws an {@link AssertionError} unless the list of a type hangs together. O(items) */
    void checkInvariants(int type) {
        settle();
        int root = types.get(type, Types.ROOT);
        int count = 0;
        int previous = NONE;
        int length = 0;
        for (int item = types.first(type); item != NONE; item = items.next(item)) {
            check(items.previous(item) == previous, "links of item", item);
            check(typeOf(item) == type, "type of item", item);
            previous = item;
            length += items.visible(item);
            count++;
        }
        check(types.last(type) == previous, "last item of type", type);
        check(types.get(type, Types.LENGTH) == length, "length of type", type);
        if (root == NONE) {
            check(count == 0, "items without a tree in type", type);
            return;
        }
        long[] sum = new long[2];
        checkNode(root, types.get(type, Types.HEIGHT), NONE, sum);
        check(sum[0] == count && sum[1] == length, "sums of type", type);
    }

    private long checkNode(int node, int level, int parent, long[] sum) {
        if (level == 0) {
            check(leaves.get(node, PARENT) == parent, "parent of leaf", node);
            int item = leaves.get(node, FIRST);
            int length = 0;
            long marks = 0;
            int count = leaves.get(node, ITEMS);
            for (int i = 0; i < count; i++) {
                check(items.place(item) == node, "leaf of item", item);
                length += items.visible(item);
                marks |= markOf(item);
                item = items.next(item);
            }
            check(item == NONE || items.place(item) != node, "items of leaf", node);
            check(length == leaves.get(node, LENGTH), "length of leaf", node);
            check(marks == mask(node), "marks of leaf", node);
            sum[0] += count;
            sum[1] += length;
            return marks;
        }
        check(nodes.get(node, PARENT) == parent, "parent of node", node);
        check(nodes.get(node, LEVEL) == level, "level of node", node);
        long all = 0;
        for (int i = 0, n = nodes.get(node, COUNT); i < n; i++) {
            long before = sum[1];
            long marks = checkNode(nodes.get(node, CHILDREN + i), level - 1, node, sum);
            check(sum[1] - before == nodes.get(node, LENGTHS + i), "sum of node", node);
            check(marks == childMask(node, i), "marks of node", node);
            all |= marks;
        }
        return all;
    }

    private static void check(boolean holds, String what, int number) {
        if (!holds) {
            throw new AssertionError("broken: " + what + " " + number);
        }
    }
}
