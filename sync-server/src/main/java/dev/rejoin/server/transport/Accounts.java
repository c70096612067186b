package dev.rejoin.server.transport;

import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The accounts of all strangers of one kind. One that is unused is forgotten when room is needed; if none is, further strangers
 * share one. For any thread.
 */
final class Accounts<K> {
    /** Accounts kept. */
    static final int MAX_ACCOUNTS = 65_536;

    private static final int SWEEP_STEP = 1_024;

    private final LongFunction<Account> fresh;
    private final ConcurrentHashMap<K, Account> accounts = new ConcurrentHashMap<>();
    private final Account everybodyElse;
    private volatile int sweepAt = SWEEP_STEP;

    Accounts(LongFunction<Account> fresh, long nowNanos) {
        this.fresh = fresh;
        this.everybodyElse = fresh.apply(nowNanos);
    }

    /** Opens a connection on the account of that one; null if that is not possible now. */
    @Nullable
    Account connect(K owner, long nowNanos) {
        sweep(nowNanos);
        if (isFull() && !accounts.containsKey(owner)) {
            return everybodyElse.connect(nowNanos) ? everybodyElse : null;
        }
        boolean[] open = {false};
        // under the lock of the entry, so that it is not forgotten in between
        Account account = accounts.compute(owner, (key, known) -> {
            Account used = known == null ? fresh.apply(nowNanos) : known;
            open[0] = used.connect(nowNanos);
            return used;
        });
        return open[0] ? account : null;
    }

    /** The account of that one, for a request without a connection of its own. */
    Account of(K owner, long nowNanos) {
        sweep(nowNanos);
        Account known = accounts.get(owner);
        if (known != null) {
            return known;
        }
        return isFull() ? everybodyElse : accounts.computeIfAbsent(owner, key -> fresh.apply(nowNanos));
    }

    int size() {
        return accounts.size();
    }

    private boolean isFull() {
        return accounts.size() >= MAX_ACCOUNTS;
    }

    /** Linear in the accounts, and done once for as many new ones as were left the last time. */
    private void sweep(long nowNanos) {
        if (accounts.size() >= sweepAt) {
            accounts.forEach((owner, account) ->
                    accounts.computeIfPresent(owner, (key, known) -> known.isUnused(nowNanos) ? null : known));
            sweepAt = Math.min(Math.max(2 * accounts.size(), SWEEP_STEP), MAX_ACCOUNTS);
        }
    }
}
