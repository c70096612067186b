package dev.rejoin.consistency.cache;

import dev.rejoin.consistency.session.PositionVector;
import java.util.concurrent.CompletionStage;

/** Fetches what a cache lacks. */
@FunctionalInterface
public interface Loader<K, V> {
    /**
     * Loads the value of a key.
     *
     * @param atLeast what the value should show; a server that holds less should wait, or be passed by ({@code SessionGuard})
     */
    CompletionStage<Loaded<V>> load(K key, PositionVector atLeast);
}
