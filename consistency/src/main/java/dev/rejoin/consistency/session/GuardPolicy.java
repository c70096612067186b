package dev.rejoin.consistency.session;

import java.time.Duration;

/**
 * What a guard may do for a read that the view cannot serve yet, in this order: wait, pull, redirect, and at the end fail or say that the
 * answer is stale.
 *
 * @param waitBudget how long a read waits at most
 * @param pulls whether what is missing is fetched at once, while the read waits
 * @param redirects whether the read is sent to a server that can serve it
 * @param staleAllowed whether a read that nothing helped is answered with what there is, declared; if not, it fails. A strong read, one at a
 *     snapshot, and a write always fail
 */
public record GuardPolicy(Duration waitBudget, boolean pulls, boolean redirects, boolean staleAllowed) {
    /** 100 ms, pulling, redirecting, and failing rather than stale. */
    public static final GuardPolicy DEFAULT = new GuardPolicy(Duration.ofMillis(100), true, true, false);

    /** Checks the budget. */
    public GuardPolicy {
        if (waitBudget.isNegative() || waitBudget.compareTo(Duration.ofMinutes(10)) > 0) {
            throw new IllegalArgumentException("budget of waiting outside 0…10 minutes: " + waitBudget);
        }
    }

    /** This policy with another budget; a request may ask for one, and the server caps it. */
    public GuardPolicy withWaitBudget(Duration budget) {
        return new GuardPolicy(budget, pulls, redirects, staleAllowed);
    }

    /** This policy, allowing declared stale answers or not. */
    public GuardPolicy withStaleAllowed(boolean allowed) {
        return new GuardPolicy(waitBudget, pulls, redirects, allowed);
    }
}
