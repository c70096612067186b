package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import org.jspecify.annotations.Nullable;

/**
 * A place in a list that stays with the text around it while others edit: a cursor, or an end of a selection. Given by the unit it is beside, or by
 * its type if it is at the end.
 *
 * @param type the item that holds the type, or null
 * @param rootName the name of the type if it is a root, or null
 * @param item the unit, or null for the end of the type
 * @param assoc whether the place belongs to what is after it (0 and above) or before it
 */
public record RelativePosition(
        @Nullable Id type,
        @Nullable String rootName,
        @Nullable Id item,
        int assoc) {

    /** One unit: a client and a clock. */
    public record Id(long client, long clock) {}

    private static final int ITEM = 0;
    private static final int ROOT = 1;
    private static final int TYPE = 2;

    /** The place before unit {@code index} of a type, belonging to that unit. */
    public static RelativePosition of(YType type, int index) {
        return of(type, index, 0);
    }

    /**
     * The place before unit {@code index} of a type; with a negative {@code assoc} it belongs to the unit before it.
     *
     * @throws IndexOutOfBoundsException if the index is not from 0 to the length
     */
    public static RelativePosition of(YType type, int index, int assoc) {
        YType.checkRange(index, 0, type.units());
        Store store = type.store();
        int holder = type.holder();
        Id typeId = holder == NONE ? null : id(store, holder, 0);
        String name = type.rootName();
        int unit = assoc < 0 ? index - 1 : index;
        if (unit < 0) {
            return new RelativePosition(typeId, name, null, assoc);
        }
        if (unit < type.units()) {
            int item = store.tree.seek(type.type(), unit);
            return new RelativePosition(typeId, name, id(store, item, store.tree.offset), assoc);
        }
        return new RelativePosition(typeId, name, null, assoc);
    }

    private static Id id(Store store, int item, int offset) {
        return new Id(store.clients.id(store.items.client(item)), store.items.clock(item) + (long) offset);
    }

    /**
     * Where the place is now, or null if the document does not know it yet, or its type is gone. A place beside a unit that undo has brought back is beside the
     * copy.
     */
    @Nullable
    public AbsolutePosition resolve(YDoc doc) {
        Store store = doc.store;
        Items items = store.items;
        Id unit = item;
        if (unit != null) {
            if (store.clients.next(unit.client()) <= unit.clock()) {
                return null;
            }
            long copy = store.newestCopy(store.clients.find(unit.client()), (int) unit.clock());
            int found = (int) copy;
            int offset = (int) (copy >>> 32);
            int parent = store.parentType(found);
            if (parent == NONE || items.place(found) < 0) {
                return null;
            }
            int holder = store.types.item(parent);
            int index = 0;
            if (holder == NONE || !items.isGone(holder)) {
                int beside = items.visible(found) == 0 ? 0 : offset + (assoc >= 0 ? 0 : 1);
                index = store.tree.indexOf(found) + beside;
            }
            return new AbsolutePosition(doc.handle(parent), index, assoc);
        }
        YType target = target(doc);
        return target == null ? null : new AbsolutePosition(target, assoc >= 0 ? target.units() : 0, assoc);
    }

    @Nullable
    private YType target(YDoc doc) {
        Store store = doc.store;
        String name = rootName;
        Id holder = type;
        if (name != null) {
            int root = store.findRoot(name);
            return root == NONE || store.types.kind(root) == Types.UNKNOWN ? null : doc.handle(root);
        }
        if (holder == null || store.clients.next(holder.client()) <= holder.clock()) {
            return null;
        }
        int found = (int) store.newestCopy(store.clients.find(holder.client()), (int) holder.clock());
        return store.items.kind(found) == Items.TYPE ? doc.handle(store.items.content(found)) : null;
    }

    /** The bytes that Yjs exchanges. */
    public byte[] encode() {
        Sink out = new Sink(24);
        Id unit = item;
        String name = rootName;
        Id holder = type;
        if (unit != null) {
            out.varUint(ITEM);
            write(unit, out);
        } else if (name != null) {
            out.u8(ROOT);
            out.varString(name);
        } else if (holder != null) {
            out.u8(TYPE);
            write(holder, out);
        } else {
            throw new IllegalStateException("the position names neither a unit nor a type");
        }
        out.varInt(assoc);
        return out.toByteArray();
    }

    private static void write(Id id, Sink out) {
        out.varUint(id.client());
        out.varUint(id.clock());
    }

    /**
     * Reads what {@link #encode} wrote. Positions of old clients have no association; it is 0 then.
     *
     * @throws MalformedUpdateException if the bytes are not a position
     */
    public static RelativePosition decode(byte[] bytes) {
        ByteCursor in = new ByteCursor(bytes, 0, bytes.length);
        long kind = in.varUint();
        Id holder = null;
        String name = null;
        Id unit = null;
        if (kind == ITEM) {
            unit = new Id(in.varUint(), clock(in));
        } else if (kind == ROOT) {
            name = in.varString();
        } else if (kind == TYPE) {
            holder = new Id(in.varUint(), clock(in));
        } else {
            throw new MalformedUpdateException("no kind of position: " + kind, 0);
        }
        long side = in.atEnd() ? 0 : in.varInt();
        return new RelativePosition(holder, name, unit, side < 0 ? -1 : (int) Math.min(side, Integer.MAX_VALUE));
    }

    private static long clock(ByteCursor in) {
        long clock = in.varUint();
        if (clock > Integer.MAX_VALUE) {
            throw new MalformedUpdateException("clock beyond " + Integer.MAX_VALUE, in.position());
        }
        return clock;
    }
}
