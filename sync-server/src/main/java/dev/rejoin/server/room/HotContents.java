package dev.rejoin.server.room;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The contents of one loop that are in memory as engines, the longest unused first. When they exceed their budget the eldest go
 * back to bytes. Touched on the loop only.
 */
final class HotContents {
    private final long budgetBytes;
    private final Map<ContentTiers, Long> sizes = new LinkedHashMap<>(16, 0.75f, true);
    private long total;

    HotContents(long budgetBytes) {
        this.budgetBytes = budgetBytes;
    }

    /** Notes that a content is used and how large it is; cools others if need be, never the one in use. */
    void used(ContentTiers content, long bytes) {
        Long before = sizes.put(content, bytes);
        total += bytes - (before == null ? 0 : before);
        Iterator<Map.Entry<ContentTiers, Long>> eldest = sizes.entrySet().iterator();
        while (total > budgetBytes && eldest.hasNext()) {
            Map.Entry<ContentTiers, Long> next = eldest.next();
            if (next.getKey() != content && next.getKey().cool()) {
                total -= next.getValue();
                eldest.remove();
            }
        }
    }

    void forget(ContentTiers content) {
        Long size = sizes.remove(content);
        total -= size == null ? 0 : size;
    }
}
