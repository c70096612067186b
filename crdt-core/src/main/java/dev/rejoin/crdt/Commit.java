package dev.rejoin.crdt;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one transaction did.
 *
 * @param delta for other replicas; empty if no object changed
 * @param mutations the same as typed changes; empty where nobody asked for them
 * @param origin what the caller gave the transaction to be recognised by
 * @param content what it did to the document's content, for other replicas: a Yjs update of the first encoding, not to be written to; null if that is nothing
 */
public record Commit(
        Delta delta, List<Mutation> mutations, @Nullable Object origin, byte @Nullable [] content) {

    /** A transaction that did nothing to the content. */
    public Commit(Delta delta, List<Mutation> mutations, @Nullable Object origin) {
        this(delta, mutations, origin, null);
    }
}
