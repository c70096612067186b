package dev.rejoin.crdt;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A map: nothing but its children. */
final class MapView extends View {
    private final Map<String, List<View>> children = new HashMap<>(2);

    MapView(ObjectStore store, ObjectKey key, int index, @Nullable View parent) {
        super(store, key, index, parent);
    }

    void addChild(View child) {
        children.computeIfAbsent(child.key.key(), name -> new ArrayList<>(1)).add(child);
    }

    void removeChild(View child) {
        List<View> named = children.get(child.key.key());
        if (named != null && named.remove(child) && named.isEmpty()) {
            children.remove(child.key.key());
        }
    }

    boolean hasChildren() {
        return !children.isEmpty();
    }

    List<View> childrenNamed(String name) {
        return children.getOrDefault(name, List.of());
    }

    boolean contains(String name) {
        for (View child : childrenNamed(name)) {
            if (child.isPresent()) {
                return true;
            }
        }
        return false;
    }

    /** The names under which something is present, ascending by code point. */
    TreeSet<String> presentNames() {
        TreeSet<String> names = new TreeSet<>(Utf8::compare);
        for (String name : children.keySet()) {
            if (contains(name)) {
                names.add(name);
            }
        }
        return names;
    }

    @Override
    void add(long dot, Object payload) {
        throw new IllegalStateException("a map holds no cells");
    }

    @Override
    void remove(long dot, Object payload, boolean hidden) {
        throw new IllegalStateException("a map holds no cells");
    }

    @Override
    void setHidden(long dot, Object payload, boolean hidden) {
        throw new IllegalStateException("a map holds no cells");
    }

    @Override
    int knownCells() {
        return 0;
    }

    @Override
    long[] knownDots() {
        return new long[0];
    }

    /** A copy, because removing may add views. */
    List<View> allChildren() {
        List<View> all = new ArrayList<>();
        children.values().forEach(all::addAll);
        return all;
    }

    /** Ascending by name, then type. */
    List<ObjectKey> presentChildren() {
        List<ObjectKey> present = new ArrayList<>();
        for (View child : allChildren()) {
            if (child.isPresent()) {
                present.add(child.key);
            }
        }
        Collections.sort(present);
        return present;
    }

    @Override
    Object value() {
        return List.copyOf(presentNames());
    }
}
