package dev.rejoin.crdt;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The objects of one store: a view for each, found by its key, and by the number under which cells name it.
 *
 * <p>Objects that hold nothing are given up from time to time and their numbers used again. The arrays are new ones then: snapshots keep
 * theirs.
 */
final class ObjectDirectory {
    private static final ObjectKey ROOT = ObjectKey.root(ObjectType.MAP, "");

    /** Empty objects are looked for when there are this many objects, and twice as many as after the last look. */
    private static final int MIN_SWEEP = 1_024;

    private final ObjectStore store;
    private final MapView root;
    private final Map<ObjectKey, View> byKey = new HashMap<>(2);
    private @Nullable View[] views = new View[2];
    private ObjectKey[] keys = new ObjectKey[2];
    private int count;

    /** Numbers below {@code count} that no view has. */
    private int[] free = new int[0];

    private int freeCount;
    private int sweepAt = MIN_SWEEP;

    ObjectDirectory(ObjectStore store) {
        this.store = store;
        root = new MapView(store, ROOT, -1, null);
    }

    MapView root() {
        return root;
    }

    /** Numbers that have ever been given are below this. */
    int count() {
        return count;
    }

    /** Objects that take memory here, some of them empty. */
    int size() {
        return byKey.size();
    }

    /** The keys by number; entries are added, and never changed in an array that somebody has seen. */
    ObjectKey[] keys() {
        return keys;
    }

    ObjectKey key(int number) {
        return keys[number];
    }

    /** The view of an object that has cells. */
    View holding(int number) {
        return Objects.requireNonNull(views[number]);
    }

    /** The view with this number, or null if it has been given up. */
    @Nullable
    View at(int number) {
        return views[number];
    }

    /** The view of an object if there is one; reading does not make any. */
    @Nullable
    View existing(ObjectKey key) {
        return byKey.get(key);
    }

    /** The view of an object, made at first sight. */
    View view(ObjectKey key) {
        View view = byKey.get(key);
        if (view == null) {
            ObjectKey parentKey = key.parent();
            MapView parent = root;
            if (parentKey != null) {
                View above = view(parentKey);
                parent = above instanceof MapView map ? map : root;
            }
            int number = freeCount > 0 ? free[--freeCount] : count++;
            view = View.of(store, key, number, parentKey == null ? null : parent);
            if (number == views.length) {
                views = Arrays.copyOf(views, number * 2);
                keys = Arrays.copyOf(keys, number * 2);
            }
            views[number] = view;
            keys[number] = key;
            byKey.put(key, view);
            if (parentKey == null || byKey.get(parentKey) instanceof MapView) {
                parent.addChild(view);
            }
        }
        return view;
    }

    /** Gives up the views of objects that hold nothing, if enough objects have been made since the last time. */
    void sweepIfDue() {
        if (byKey.size() < sweepAt) {
            return;
        }
        views = views.clone();
        keys = keys.clone();
        for (int i = 0; i < count; i++) {
            for (@Nullable View view = views[i]; view != null && view != root && isIdle(view); view = view.parent) {
                forget(view);
            }
        }
        sweepAt = Math.max(MIN_SWEEP, 2 * byKey.size());
    }

    private static boolean isIdle(View view) {
        return view.index >= 0 && view.cellCount() == 0 && !(view instanceof MapView map && map.hasChildren());
    }

    private void forget(View view) {
        byKey.remove(view.key);
        if (view.parent instanceof MapView parent) {
            parent.removeChild(view);
        } else {
            root.removeChild(view);
        }
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, Math.max(16, freeCount * 2));
        }
        free[freeCount++] = view.index;
        views[view.index] = null;
        view.index = View.FORGOTTEN;
    }
}
