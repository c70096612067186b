package dev.rejoin.consistency.cache;

import java.util.concurrent.CompletionStage;

/** Writes through a cache to whatever admits writes. */
@FunctionalInterface
public interface Writer<K, V> {
    /** Writes, and completes with where the write was admitted; exceptionally if it was not. */
    CompletionStage<ChangeRange> write(K key, V delta);
}
