package dev.rejoin.crdt;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one transaction did.
 *
 * @param delta for other replicas; empty if nothing changed
 * @param mutations the same as typed changes; empty where nobody asked for them
 * @param origin what the caller gave the transaction to be recognised by
 */
public record Commit(
        Delta delta, List<Mutation> mutations, @Nullable Object origin) {}
