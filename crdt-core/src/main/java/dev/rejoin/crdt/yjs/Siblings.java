package dev.rejoin.crdt.yjs;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The places of lists where very many clients have inserted at the same time, each with what they inserted there by client id: where a new one's
 * place begins to be looked for. Without it each would be compared with all that came before.
 *
 * <p>Siblings, items with the same origin and the same right origin, stand in the order of their clients' ids, whatever stands between them. So a new
 * one can only go behind any of a lower id. What is found here may have gone since; the caller looks. Benchmark: T10.
 */
final class Siblings {
    /** A place is worth an index from so many comparisons on. */
    static final int MANY = 32;

    private static final int PLACES = 4;

    /** A place: a list and the two origins. */
    private record Place(int type, int originClient, int originClock, int rightClient, int rightClock) {
        static Place of(Items items, int type, int item) {
            int originClient = items.originClient(item);
            int rightClient = items.rightClient(item);
            return new Place(
                    type,
                    originClient,
                    originClient == Items.NONE ? 0 : items.originClock(item),
                    rightClient,
                    rightClient == Items.NONE ? 0 : items.rightClock(item));
        }
    }

    private final Items items;

    /** The places used last, the one used longest ago first. */
    private final Map<Place, TreeMap<Long, Integer>> places = new LinkedHashMap<>(8, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Place, TreeMap<Long, Integer>> eldest) {
            return size() > PLACES;
        }
    };

    private @Nullable TreeMap<Long, Integer> current;

    Siblings(Items items) {
        this.items = items;
    }

    /** The sibling of an item with the highest client id below one, or {@link Items#NONE} if nothing is known of the place. O(log siblings) */
    int below(int type, int item, long id) {
        current = places.isEmpty() ? null : places.get(Place.of(items, type, item));
        Map.Entry<Long, Integer> lower = current == null ? null : current.lowerEntry(id);
        return lower == null ? Items.NONE : lower.getValue();
    }

    /** Forgets what is known of the place of an item, and begins to be told of it. */
    void begin(int type, int item) {
        current = new TreeMap<>();
        places.put(Place.of(items, type, item), current);
    }

    /** One more at the place that was asked for or begun last, if that is known. */
    void add(long id, int item) {
        if (current != null) {
            current.put(id, item);
        }
    }
}
