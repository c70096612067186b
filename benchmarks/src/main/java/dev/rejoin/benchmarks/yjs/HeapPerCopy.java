package dev.rejoin.benchmarks.yjs;

import java.lang.ref.Reference;
import java.util.function.Supplier;

/** How much heap one of many equal things takes: used heap after collection with and without them, divided. */
final class HeapPerCopy {
    private static final int ENOUGH_BYTES = 8_000_000;

    private HeapPerCopy() {}

    /** Bytes per copy, over enough copies of something whose encoded size is {@code encodedBytes}. */
    static long measure(int encodedBytes, Supplier<?> make) {
        int copies = Math.min(64, Math.max(8, (ENOUGH_BYTES + encodedBytes - 1) / encodedBytes));
        return measureCopies(copies, make);
    }

    static long measureCopies(int copies, Supplier<?> make) {
        Object[] held = new Object[copies];
        Object first = make.get();
        long before = used();
        for (int i = 0; i < copies; i++) {
            held[i] = make.get();
        }
        long after = used();
        Reference.reachabilityFence(held);
        Reference.reachabilityFence(first);
        return (after - before) / copies;
    }

    /** Used heap once collecting frees nothing more. */
    static long used() {
        Runtime runtime = Runtime.getRuntime();
        long used = Long.MAX_VALUE;
        for (int i = 0; i < 8; i++) {
            System.gc();
            long now = runtime.totalMemory() - runtime.freeMemory();
            if (now >= used) {
                return used;
            }
            used = now;
        }
        return used;
    }
}
