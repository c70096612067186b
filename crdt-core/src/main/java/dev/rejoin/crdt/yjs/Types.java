package dev.rejoin.crdt.yjs;

/** The shared types of a document, one record each: the list part, the map part, and where the type stands. */
final class Types extends Records {
    static final int ITEM = 0; // that holds the type, NONE for a root
    static final int KIND = 1; // type reference of the wire, UNKNOWN for a root nobody has asked for yet
    static final int NAME = 2; // slot of a root's or an XML element's name
    static final int ROOT = 3; // of the tree of the list: a leaf if the height is 0
    static final int HEIGHT = 4;
    static final int FIRST = 5; // item of the list
    static final int LAST = 6;
    static final int LENGTH = 7; // visible units
    static final int ENTRIES = 8; // first entry of the map
    static final int FORMATS = 9; // format marks ever seen, deleted ones included
    private static final int WIDTH = 10;

    static final int UNKNOWN = -1;
    static final int ARRAY = 0;
    static final int MAP = 1;
    static final int TEXT = 2;
    static final int XML_ELEMENT = 3;
    static final int XML_FRAGMENT = 4;
    static final int XML_HOOK = 5;
    static final int XML_TEXT = 6;

    Types() {
        super(WIDTH);
    }

    /** A copy that is never written. */
    Types(Types source) {
        super(source);
    }

    int add(int item, int kind, int name) {
        int type = allocate();
        set(type, ITEM, item);
        set(type, KIND, kind);
        set(type, NAME, name);
        set(type, ROOT, Items.NONE);
        set(type, HEIGHT, 0);
        set(type, FIRST, Items.NONE);
        set(type, LAST, Items.NONE);
        set(type, LENGTH, 0);
        set(type, ENTRIES, Items.NONE);
        set(type, FORMATS, 0);
        return type;
    }

    int item(int type) {
        return get(type, ITEM);
    }

    int kind(int type) {
        return get(type, KIND);
    }

    int first(int type) {
        return get(type, FIRST);
    }

    int last(int type) {
        return get(type, LAST);
    }

    int entries(int type) {
        return get(type, ENTRIES);
    }

    boolean hasFormats(int type) {
        return get(type, FORMATS) != 0;
    }

    // the same with a width that the compiler knows

    @Override
    int get(int record, int field) {
        return pages[record >>> BITS][(record & MASK) * WIDTH + field];
    }

    @Override
    void set(int record, int field, int value) {
        own(record >>> BITS)[(record & MASK) * WIDTH + field] = value;
    }
}
