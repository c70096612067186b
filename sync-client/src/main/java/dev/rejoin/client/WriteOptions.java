package dev.rejoin.client;

import java.util.ArrayList;
import java.util.List;

/**
 * How a write is made, where it is not simply shown and sent.
 *
 * @param dependsOn writes without which it is not to happen
 * @param isPessimistic whether it shows only once the server has accepted it
 */
public record WriteOptions(List<WriteHandle> dependsOn, boolean isPessimistic) {
    /** Shown at once, and alone. */
    public static final WriteOptions DEFAULT = new WriteOptions(List.of(), false);

    /** Takes a copy of the list. */
    public WriteOptions {
        dependsOn = List.copyOf(dependsOn);
    }

    /**
     * Of a write that makes sense only if these are accepted. It is sent when they are, and whatever is written after it waits behind it; if one of them is refused, or its outcome
     * unknown, it is refused with the code {@code dependency-rejected}.
     */
    public static WriteOptions after(WriteHandle... writes) {
        return DEFAULT.dependingOn(writes);
    }

    /** Of a write that shows only once the server has accepted it. Costs O(document) twice. */
    public static WriteOptions pessimistic() {
        return new WriteOptions(List.of(), true);
    }

    /** The same, and only if these are accepted. */
    public WriteOptions dependingOn(WriteHandle... writes) {
        List<WriteHandle> all = new ArrayList<>(dependsOn);
        all.addAll(List.of(writes));
        return new WriteOptions(all, isPessimistic);
    }
}
