package dev.rejoin.crdt.yjs;

/** Copies of what items hold, for new items. */
final class Copies {
    /**
     * What a new item gets.
     *
     * @param head kind and flags
     * @param content place in the arena, or slot
     */
    record Content(int head, int content) {}

    private Copies() {}

    /** A copy of what an item holds; of a type an empty one of its kind. */
    static Content of(Store store, int item) {
        Items items = store.items;
        int length = items.length(item);
        int kind = items.kind(item);
        int from = items.content(item);
        return switch (kind) {
            case Items.STRING -> {
                if (items.is(item, Items.WIDE)) {
                    int to = store.arena.reserveWide(length);
                    System.arraycopy(store.arena.wide, from, store.arena.wide, to, length);
                    yield new Content(kind | Items.WIDE, to);
                }
                int to = store.arena.reserveLatin(length);
                System.arraycopy(store.arena.latin, from, store.arena.latin, to, length);
                yield new Content(kind, to);
            }
            case Items.DELETED -> new Content(kind | Items.GONE, 0);
            case Items.TYPE -> new Content(kind, store.slots.add(StateWriter.typeContent(store, from)));
            case Items.ANY, Items.JSON ->
                new Content(kind, store.slots.add(ValueRun.of(((ValueRun) store.slots.get(from)).copy(0, length))));
            default -> new Content(kind, store.slots.add(store.slots.get(from)));
        };
    }
}
