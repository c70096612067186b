package dev.rejoin.crdt;

import java.util.List;

/**
 * A transaction of a judged replica that awaits its verdict.
 *
 * @param first its first dot
 * @param last its last dot
 * @param delta what it adds and removes
 * @param mutations the same as typed changes, for repeating it
 */
public record PendingTransaction(long first, long last, Delta delta, List<Mutation> mutations) {
    /** Takes a copy of the list. */
    public PendingTransaction {
        mutations = List.copyOf(mutations);
    }
}
