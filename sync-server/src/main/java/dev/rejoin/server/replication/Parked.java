package dev.rejoin.server.replication;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/** Changes that came before what they follow on, by document. Bounded in bytes. */
final class Parked {
    private final long maxBytes;
    private final Map<String, List<One>> byDocument = new HashMap<>();
    private long bytes;

    private record One(int size, Runnable again, long operation) {}

    Parked(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Whether there was room for it. */
    boolean add(String document, int size, Runnable again, long operation) {
        if (bytes + size > maxBytes) {
            return false;
        }
        bytes += size;
        byDocument.computeIfAbsent(document, missing -> new ArrayList<>()).add(new One(size, again, operation));
        return true;
    }

    /** All of a document, in the order in which they came; they are not parked any more. */
    List<Runnable> take(String document) {
        return remove(document).stream().map(One::again).toList();
    }

    boolean holds(String document) {
        return byDocument.containsKey(document);
    }

    /** Drops all of a document. */
    void forget(String document, LongConsumer operations) {
        remove(document).forEach(one -> operations.accept(one.operation()));
    }

    private List<One> remove(String document) {
        List<One> all = byDocument.remove(document);
        if (all == null) {
            return List.of();
        }
        all.forEach(one -> bytes -= one.size());
        return all;
    }

    void clear() {
        byDocument.clear();
        bytes = 0;
    }
}
