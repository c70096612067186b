package dev.rejoin.crdt;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A set: which elements have live cells.
 *
 * <h2>Layout</h2>
 *
 * <p>An open-addressing index maps an element to the dots of its cells; the elements themselves are the payloads in the
 * store's pages and stand nowhere else. A slot is one long: the handle of the cell in the {@link PageTable} (32 bits), the hash of the
 * element (31 bits, so that a probe reads no foreign element and growing reads none at all), and the sign bit = hidden. An element
 * has one slot for each of its cells: one, unless it was added concurrently. The home of a hash is its share of the capacity, which
 * need not be a power of two: the table grows by a quarter at three quarters full, in one sweep in hash order, and takes 11 to 13.5
 * bytes per element; with the 4-byte reference and the bitmap of a full page 15 to 18.
 *
 * <p>Probing is linear, deletion shifts back, so there are no tombstones. More than {@link #MOST_COLLISIONS} different elements of
 * one hash mean that somebody makes hash codes collide; the hashes are then replaced by keyed ones of the canonical bytes. An
 * element has at most {@link #MOST_SLOTS} slots; its further cells stand in a {@link Crowd}, from which one moves up when a slot
 * becomes free, so that no element makes its probes long.
 *
 * <p>Add-wins: present if it has a visible VALUE cell. Remove-wins: and no visible ABSENT cell.
 */
final class SetView extends View {
    private static final long HIDDEN = Long.MIN_VALUE;
    private static final long[] NO_DOTS = {};
    /** Answers of {@link #soleAddition}: no cells; several, or one that is hidden or says that the element is absent. */
    static final int NOWHERE = -1;

    private static final int UNCLEAR = -2;
    private static final int MOST_COLLISIONS = 16;
    private static final int MOST_SLOTS = 16;

    private long[] slots = new long[2];
    private int cells;
    private int absentCells;
    private int size;
    private boolean keyed;

    /** What the last call of {@link #soleAddition} has found: the hash, the free slot behind it, other elements of that hash. */
    private int probedHash;

    private int probedEnd;
    private int probedOthers;

    /** By element; null while no element has more cells than slots. */
    private @Nullable Map<CrowdKey, Crowd> crowds;

    /** Cells without a slot. */
    private int crowded;

    /** An element with a hash that nobody outside can foresee. */
    private record CrowdKey(int hash, Object element) {
        @Override
        public int hashCode() {
            return hash;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof CrowdKey that && hash == that.hash && element.equals(that.element);
        }
    }

    SetView(ObjectStore store, ObjectKey key, int index, @Nullable View parent) {
        super(store, key, index, parent);
    }

    /** The element a payload speaks of. */
    private static Object element(Object payload) {
        return payload instanceof Absent absent ? absent.value() : payload;
    }

    private int hash(Object element) {
        if (keyed) {
            return store.keyedHash(element) >>> 1;
        }
        int hash = element.hashCode() * 0x9E3779B9 + store.hashSeed;
        hash = (hash ^ hash >>> 15) * 0x85EBCA6B;
        return (hash ^ hash >>> 13) >>> 1;
    }

    private int home(int hash) {
        return (int) ((long) hash * slots.length >>> 31);
    }

    private static int hashOf(long slot) {
        return (int) (slot >>> 32) & Integer.MAX_VALUE;
    }

    private static boolean hasHash(long slot, int hash) {
        return hashOf(slot) == hash;
    }

    /** The slot of a cell; a hidden one's dot has its sign bit set. */
    private long slot(long dot, int hash) {
        return dot & HIDDEN | (long) hash << 32 | store.handle(dot & ~HIDDEN) & 0xFFFFFFFFL;
    }

    private Object payload(long slot) {
        return store.payloadAt((int) slot);
    }

    /** The dot of a slot; a hidden one's has its sign bit set. */
    private long dot(long slot) {
        return slot & HIDDEN | store.dotAt((int) slot);
    }

    int size() {
        return size;
    }

    /** Whether colliding hash codes have made it go over to keyed hashes. */
    boolean isKeyed() {
        return keyed;
    }

    /** Whether the element is present; expected O(1). */
    boolean contains(Object element) {
        return isPresent(element, hash(element));
    }

    private boolean isPresent(Object element, int hash) {
        boolean present = false;
        int at = home(hash);
        for (long slot = slots[at]; slot != 0; slot = slots[at]) {
            if (slot > 0 && hasHash(slot, hash)) {
                Object payload = payload(slot);
                if (absentCells == 0) {
                    if (payload.equals(element)) {
                        return true;
                    }
                } else if (payload instanceof Absent absent) {
                    if (absent.value().equals(element)) {
                        return false;
                    }
                } else {
                    present |= payload.equals(element);
                }
            }
            at = at + 1 == slots.length ? 0 : at + 1;
        }
        if (crowds == null) {
            return present;
        }
        Crowd crowd = crowdOf(element);
        return crowd == null ? present : !crowd.showsRemoval() && (present || crowd.showsAddition());
    }

    private @Nullable Crowd crowdOf(Object element) {
        return crowds == null ? null : crowds.get(new CrowdKey(store.keyedHash(element), element));
    }

    /**
     * The place of the only cell of an element, if that is a visible addition; {@link #NOWHERE} if it has no cells, and then
     * {@link #addProbed} can add one without looking again.
     */
    int soleAddition(Object element) {
        int sole = NOWHERE;
        int others = 0;
        int hash = hash(element);
        int at = home(hash);
        for (long slot = slots[at]; slot != 0; slot = slots[at]) {
            if (hasHash(slot, hash)) {
                Object payload = payload(slot);
                if (!element(payload).equals(element)) {
                    others++;
                } else if (sole != NOWHERE || slot < 0 || payload instanceof Absent) {
                    return UNCLEAR;
                } else {
                    sole = at;
                }
            }
            at = at + 1 == slots.length ? 0 : at + 1;
        }
        probedHash = hash;
        probedEnd = at;
        probedOthers = others;
        return sole;
    }

    /** Adds the cell of an element that {@link #soleAddition} has just not found. */
    void addProbed(int handle, Object element) {
        cells++;
        long slot = (long) probedHash << 32 | handle & 0xFFFFFFFFL;
        if (growIfDue()) {
            insert(slot);
        } else {
            slots[probedEnd] = slot;
        }
        if (probedOthers > MOST_COLLISIONS && !keyed) {
            rekey();
        }
        changed(element, false, true);
    }

    /** Makes room for the cells that have been counted; returns whether slots have moved. */
    private boolean growIfDue() {
        if ((cells - crowded) * 4L <= slots.length * 3L) {
            return false;
        }
        rehash(slots.length + (slots.length >> 2) + 2);
        return true;
    }

    /** The handle of the cell at a place that {@link #soleAddition} has returned. */
    int handleAt(int place) {
        return (int) slots[place];
    }

    /** The element's only cell, found by {@link #soleAddition}, is about to leave the store. */
    void removeAt(int place, Object element) {
        empty(place);
        cells--;
        changed(element, true, false);
        shrink();
    }

    /** Another cell takes the place of the element's only one. */
    void replaceAt(int place, int handle) {
        slots[place] = slots[place] & ~0xFFFFFFFFL | handle & 0xFFFFFFFFL;
    }

    /** The dots of all cells of an element, hidden ones included. */
    long[] dotsOf(Object element) {
        long[] dots = markedDotsOf(element);
        for (int i = 0; i < dots.length; i++) {
            dots[i] &= ~HIDDEN;
        }
        return dots;
    }

    /** The same; hidden ones have their sign bit set. */
    long[] markedDotsOf(Object element) {
        long[] found = NO_DOTS;
        int hash = hash(element);
        int at = home(hash);
        for (long slot = slots[at]; slot != 0; slot = slots[at]) {
            if (hasHash(slot, hash) && element(payload(slot)).equals(element)) {
                found = Arrays.copyOf(found, found.length + 1);
                found[found.length - 1] = dot(slot);
            }
            at = at + 1 == slots.length ? 0 : at + 1;
        }
        Crowd crowd = crowdOf(element);
        if (crowd != null) {
            int slotted = found.length;
            found = Arrays.copyOf(found, slotted + crowd.size());
            System.arraycopy(crowd.toArray(), 0, found, slotted, crowd.size());
        }
        return found;
    }

    @Override
    void add(long dot, Object payload) {
        Object element = element(payload);
        cells++;
        growIfDue();
        int hash = hash(element);
        if (absentCells == 0 && !(payload instanceof Absent)) {
            addWins(dot, element, hash);
            return;
        }
        boolean before = isPresent(element, hash);
        if (slotsOf(element, hash) >= MOST_SLOTS) {
            crowd(dot, element, payload instanceof Absent);
        } else if (insert(slot(dot, hash)) > MOST_COLLISIONS && !keyed && collisions(element, hash) > MOST_COLLISIONS) {
            rekey();
            hash = hash(element);
        }
        if (payload instanceof Absent) {
            absentCells++;
        }
        changed(element, before, isPresent(element, hash));
    }

    /** The common case of {@link #add} in one probe: an addition where there are no removals to be seen. */
    private void addWins(long dot, Object element, int hash) {
        boolean before = false;
        int others = 0;
        int same = 0;
        int at = home(hash);
        for (long slot = slots[at]; slot != 0; slot = slots[at]) {
            if (hasHash(slot, hash)) {
                if (!payload(slot).equals(element)) {
                    others++;
                } else {
                    before |= slot > 0;
                    same++;
                }
            }
            at = at + 1 == slots.length ? 0 : at + 1;
        }
        if (same >= MOST_SLOTS) {
            Crowd crowd = crowdOf(element);
            before |= crowd != null && crowd.showsAddition();
            crowd(dot, element, false);
        } else {
            slots[at] = slot(dot, hash);
            if (others > MOST_COLLISIONS && !keyed) {
                rekey();
            }
        }
        changed(element, before, true);
    }

    private int slotsOf(Object element, int hash) {
        int same = 0;
        for (int at = home(hash); slots[at] != 0; at = at + 1 == slots.length ? 0 : at + 1) {
            if (hasHash(slots[at], hash) && element(payload(slots[at])).equals(element)) {
                same++;
            }
        }
        return same;
    }

    private void crowd(long dot, Object element, boolean isRemoval) {
        if (crowds == null) {
            crowds = new HashMap<>();
        }
        crowds.computeIfAbsent(new CrowdKey(store.keyedHash(element), element), key -> new Crowd())
                .add(dot, isRemoval, false);
        crowded++;
    }

    /** Takes a cell out of a crowd, which is forgotten with its last. */
    private void leaveCrowd(Crowd crowd, long dot, Object element, boolean isRemoval, boolean hidden) {
        crowd.remove(dot, isRemoval, hidden);
        crowded--;
        if (crowd.size() == 0 && crowds != null) {
            crowds.remove(new CrowdKey(store.keyedHash(element), element));
            if (crowds.isEmpty()) {
                crowds = null;
            }
        }
    }

    private void changed(Object element, boolean before, boolean after) {
        if (before != after) {
            size += after ? 1 : -1;
            countPresent(after ? 1 : -1);
            store.elementChanged(this, element, after);
        }
    }

    /** Returns how many slots of the same hash it met. */
    private int insert(long slot) {
        int hash = hashOf(slot);
        int at = home(hash);
        int equal = 0;
        while (slots[at] != 0) {
            if (hasHash(slots[at], hash)) {
                equal++;
            }
            at = at + 1 == slots.length ? 0 : at + 1;
        }
        slots[at] = slot;
        return equal;
    }

    /** How many cells of this hash are of other elements; those of the same element are concurrent additions and no attack. */
    private int collisions(Object element, int hash) {
        int others = 0;
        for (int at = home(hash); slots[at] != 0; at = at + 1 == slots.length ? 0 : at + 1) {
            if (hasHash(slots[at], hash) && !element(payload(slots[at])).equals(element)) {
                others++;
            }
        }
        return others;
    }

    private void rehash(int capacity) {
        long[] old = slots;
        slots = new long[capacity];
        for (long slot : old) {
            if (slot != 0) {
                insert(slot);
            }
        }
    }

    /** Hash codes collide on purpose: goes over to hashes that nobody outside can foresee. */
    private void rekey() {
        keyed = true;
        for (int i = 0; i < slots.length; i++) {
            long slot = slots[i];
            if (slot != 0) {
                long hash = hash(element(payload(slot)));
                slots[i] = slot & (HIDDEN | 0xFFFFFFFFL) | hash << 32;
            }
        }
        rehash(slots.length);
    }

    private int find(long dot, int hash) {
        int at = home(hash);
        for (long slot = slots[at]; slot != 0; slot = slots[at]) {
            if (hasHash(slot, hash) && store.dotAt((int) slot) == dot) {
                return at;
            }
            at = at + 1 == slots.length ? 0 : at + 1;
        }
        throw new IllegalStateException("no such cell: " + dot);
    }

    @Override
    void remove(long dot, Object payload, boolean hidden) {
        Object element = element(payload);
        int hash = hash(element);
        Crowd crowd = crowdOf(element);
        if (crowd != null) {
            removeFromCrowd(crowd, dot, payload, hidden);
            return;
        }
        boolean addWins = absentCells == 0;
        boolean before = !addWins && isPresent(element, hash);
        boolean others = addWins && hasOther(dot, element, hash);
        empty(find(dot, hash));
        cells--;
        if (payload instanceof Absent) {
            absentCells--;
        }
        if (addWins) {
            changed(element, others || !hidden, others);
        } else {
            changed(element, before, isPresent(element, hash));
        }
        shrink();
    }

    /** One of an element that has more cells than slots; if it had a slot, one of the crowd moves up. */
    private void removeFromCrowd(Crowd crowd, long dot, Object payload, boolean hidden) {
        Object element = element(payload);
        int hash = hash(element);
        boolean before = isPresent(element, hash);
        if (crowd.contains(dot)) {
            leaveCrowd(crowd, dot, element, payload instanceof Absent, hidden);
        } else {
            empty(find(dot, hash));
            long next = crowd.any();
            boolean isRemoval = store.payload(next & ~HIDDEN) instanceof Absent;
            leaveCrowd(crowd, next & ~HIDDEN, element, isRemoval, next < 0);
            insert(slot(next, hash));
        }
        cells--;
        if (payload instanceof Absent) {
            absentCells--;
        }
        changed(element, before, isPresent(element, hash));
        shrink();
    }

    /** Frees a slot; those behind it that can move nearer to their homes do. */
    private void empty(int slot) {
        int hole = slot;
        int capacity = slots.length;
        for (int next = hole + 1 == capacity ? 0 : hole + 1;
                slots[next] != 0;
                next = next + 1 == capacity ? 0 : next + 1) {
            int home = home(hashOf(slots[next]));
            int fromHome = next - home < 0 ? next - home + capacity : next - home;
            int fromHole = next - hole < 0 ? next - hole + capacity : next - hole;
            if (fromHome >= fromHole) {
                slots[hole] = slots[next];
                hole = next;
            }
        }
        slots[hole] = 0;
    }

    private void shrink() {
        int slotted = cells - crowded;
        if (slotted * 4L < slots.length && slots.length > 16) {
            rehash(slotted + (slotted >> 1) + 2);
        }
    }

    /** Whether an add-wins set shows the element by another cell than this one. */
    private boolean hasOther(long dot, Object element, int hash) {
        int at = home(hash);
        for (long slot = slots[at]; slot != 0; slot = slots[at]) {
            if (slot > 0
                    && hasHash(slot, hash)
                    && dot(slot) != dot
                    && payload(slot).equals(element)) {
                return true;
            }
            at = at + 1 == slots.length ? 0 : at + 1;
        }
        return false;
    }

    @Override
    void replace(long old, Object oldPayload, long dot, Object payload) {
        if (payload instanceof Absent || !payload.equals(oldPayload)) {
            super.replace(old, oldPayload, dot, payload);
        } else {
            int hash = hash(payload);
            slots[find(old, hash)] = slot(dot, hash);
        }
    }

    @Override
    void setHidden(long dot, Object payload, boolean hidden) {
        Object element = element(payload);
        int hash = hash(element);
        boolean before = isPresent(element, hash);
        Crowd crowd = crowdOf(element);
        if (crowd != null && crowd.contains(dot)) {
            crowd.setHidden(dot, payload instanceof Absent, hidden);
        } else {
            slots[find(dot, hash)] = slot(hidden ? dot | HIDDEN : dot, hash);
        }
        changed(element, before, isPresent(element, hash));
    }

    @Override
    int knownCells() {
        return cells;
    }

    @Override
    long[] knownDots() {
        long[] dots = new long[cells];
        int filled = 0;
        for (long slot : slots) {
            if (slot != 0) {
                dots[filled++] = dot(slot);
            }
        }
        if (crowds != null) {
            for (Crowd crowd : crowds.values()) {
                System.arraycopy(crowd.toArray(), 0, dots, filled, crowd.size());
                filled += crowd.size();
            }
        }
        return dots;
    }

    /** The elements in the order of their lowest visible dots, the same on every replica. O(n log n). */
    List<Object> elements() {
        long[] visible = store.visibleInDotOrder(knownDots());
        List<Object> elements = new ArrayList<>(size);
        if (visible.length == size) {
            for (long dot : visible) {
                elements.add(store.payload(dot));
            }
            return elements;
        }
        java.util.LinkedHashSet<Object> distinct = new java.util.LinkedHashSet<>();
        for (long dot : visible) {
            Object payload = store.payload(dot);
            if (!(payload instanceof Absent) && contains(payload)) {
                distinct.add(payload);
            }
        }
        elements.addAll(distinct);
        return elements;
    }

    @Override
    Object value() {
        return List.copyOf(elements());
    }
}
