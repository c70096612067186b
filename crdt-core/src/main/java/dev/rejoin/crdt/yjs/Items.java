package dev.rejoin.crdt.yjs;

/**
 * The items of a document, one record each: identity, origins, content and place.
 *
 * <p>An item is a run of units with consecutive clocks that were inserted side by side. Items are told by their number, which is
 * reused when an item is merged into its neighbour. {@link #NONE} stands for no item, no client, no leaf.
 */
final class Items extends Records {
    static final int NONE = -1;

    /** The place of an item that is in no list and no map: what is left of deleted content ("GC"). */
    static final int NOWHERE = Integer.MIN_VALUE;

    // content kinds, the numbers of the wire
    static final int GC = 0;
    static final int DELETED = 1;
    static final int JSON = 2;
    static final int BINARY = 3;
    static final int STRING = 4;
    static final int EMBED = 5;
    static final int FORMAT = 6;
    static final int TYPE = 7;
    static final int ANY = 8;
    static final int DOC = 9;

    // flags beside the kind
    private static final int KIND = 0xf;
    static final int GONE = 0x10;
    static final int KEEP = 0x20;
    static final int WIDE = 0x40;
    static final int REDONE = 0x80;
    static final int CLIENT_SHIFT = 12;

    static final int CLOCK = 0;
    static final int LENGTH = 1;
    static final int ORIGIN_CLIENT = 2;
    static final int ORIGIN_CLOCK = 3;
    static final int RIGHT_CLIENT = 4;
    static final int RIGHT_CLOCK = 5;
    static final int HEAD = 6; // client << 12 | flags | kind
    static final int PREVIOUS = 7;
    static final int NEXT = 8;
    static final int PLACE = 9; // leaf of a list, or ~entry of a map
    static final int CONTENT = 10; // place in the arena, slot, or type
    static final int WIDTH = 11;

    Items() {
        super(WIDTH);
    }

    /** A copy that is never written. */
    Items(Items source) {
        super(source);
    }

    int clock(int item) {
        return pages[item >>> BITS][(item & MASK) * WIDTH + CLOCK];
    }

    int length(int item) {
        return pages[item >>> BITS][(item & MASK) * WIDTH + LENGTH];
    }

    int end(int item) {
        int[] page = pages[item >>> BITS];
        int at = (item & MASK) * WIDTH;
        return page[at + CLOCK] + page[at + LENGTH];
    }

    int head(int item) {
        return pages[item >>> BITS][(item & MASK) * WIDTH + HEAD];
    }

    int client(int item) {
        return head(item) >>> CLIENT_SHIFT;
    }

    int kind(int item) {
        return head(item) & KIND;
    }

    boolean is(int item, int flag) {
        return (head(item) & flag) != 0;
    }

    void flag(int item, int flag, boolean on) {
        int head = head(item);
        set(item, HEAD, on ? head | flag : head & ~flag);
    }

    boolean isGone(int item) {
        return (head(item) & GONE) != 0;
    }

    /** Units that an index counts: 0 for deleted and invisible content. */
    int visible(int item) {
        int[] page = pages[item >>> BITS];
        int at = (item & MASK) * WIDTH;
        int head = page[at + HEAD];
        return isVisible(head) ? page[at + LENGTH] : 0;
    }

    /** Whether a head belongs to live content that an index counts. */
    static boolean isVisible(int head) {
        return (head & GONE) == 0 && (head & KIND) != FORMAT;
    }

    int previous(int item) {
        return pages[item >>> BITS][(item & MASK) * WIDTH + PREVIOUS];
    }

    int next(int item) {
        return pages[item >>> BITS][(item & MASK) * WIDTH + NEXT];
    }

    int place(int item) {
        return pages[item >>> BITS][(item & MASK) * WIDTH + PLACE];
    }

    int content(int item) {
        return pages[item >>> BITS][(item & MASK) * WIDTH + CONTENT];
    }

    int originClient(int item) {
        return pages[item >>> BITS][(item & MASK) * WIDTH + ORIGIN_CLIENT];
    }

    int originClock(int item) {
        return pages[item >>> BITS][(item & MASK) * WIDTH + ORIGIN_CLOCK];
    }

    int rightClient(int item) {
        return pages[item >>> BITS][(item & MASK) * WIDTH + RIGHT_CLIENT];
    }

    int rightClock(int item) {
        return pages[item >>> BITS][(item & MASK) * WIDTH + RIGHT_CLOCK];
    }

    /** A new item, not yet in any list; the links are {@link #NONE}. */
    int add(
            int client,
            int clock,
            int length,
            int originClient,
            int originClock,
            int rightClient,
            int rightClock,
            int kindAndFlags,
            int content) {
        int item = allocate();
        int[] page = own(item >>> BITS);
        int at = (item & MASK) * WIDTH;
        page[at + CLOCK] = clock;
        page[at + LENGTH] = length;
        page[at + ORIGIN_CLIENT] = originClient;
        page[at + ORIGIN_CLOCK] = originClock;
        page[at + RIGHT_CLIENT] = rightClient;
        page[at + RIGHT_CLOCK] = rightClock;
        page[at + HEAD] = client << CLIENT_SHIFT | kindAndFlags;
        page[at + PREVIOUS] = NONE;
        page[at + NEXT] = NONE;
        page[at + PLACE] = NOWHERE;
        page[at + CONTENT] = content;
        return item;
    }

    void kind(int item, int kind) {
        set(item, HEAD, head(item) & ~KIND | kind);
    }

    /** Whether both have the same right origin. */
    boolean sameRight(int one, int other) {
        int client = rightClient(one);
        return client == rightClient(other) && (client == NONE || rightClock(one) == rightClock(other));
    }

    /** Whether both have the same origin. */
    boolean sameOrigin(int one, int other) {
        int client = originClient(one);
        return client == originClient(other) && (client == NONE || originClock(one) == originClock(other));
    }

    @Override
    void release(int item) {
        set(item, PLACE, NOWHERE);
        super.release(item);
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
