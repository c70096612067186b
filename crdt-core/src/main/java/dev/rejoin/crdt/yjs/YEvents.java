package dev.rejoin.crdt.yjs;

import static dev.rejoin.crdt.yjs.Items.NONE;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tells the observers of types of a transaction: first those of the types that have changed, then those of types above them. */
final class YEvents {
    private YEvents() {}

    static void deliver(YDoc doc, YTransaction transaction, Failures failures) {
        Store store = doc.store;
        Map<YType, List<YEvent>> deep = Map.of();
        for (Map.Entry<Integer, Set<@Nullable String>> touched :
                transaction.changes.touched().entrySet()) {
            int type = touched.getKey();
            int holder = store.types.item(type);
            if (holder != NONE && store.items.isGone(holder)
                    || holder == NONE && store.types.kind(type) == Types.UNKNOWN) {
                continue;
            }
            YType target = doc.handle(type);
            YEvent event = new YEvent(target, transaction, touched.getValue());
            for (YType above = target; above != null; above = above.parent()) {
                if (!above.deepObservers().isEmpty()) {
                    deep = deep.isEmpty() ? new LinkedHashMap<>() : deep;
                    deep.computeIfAbsent(above, t -> new ArrayList<>()).add(event);
                }
            }
            target.observers().tell(observer -> observer.accept(event), failures);
        }
        deep.forEach((type, events) -> {
            if (!type.isDeleted()) {
                events.removeIf(event -> event.target().isDeleted());
                events.sort(Comparator.comparingInt(event -> event.path().size()));
                List<YEvent> sorted = List.copyOf(events);
                type.deepObservers().tell(observer -> observer.accept(sorted), failures);
            }
        });
    }
}
