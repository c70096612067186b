package dev.rejoin.consistency.session;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * What a session is promised, whichever servers it talks to. All four together make the session causal.
 *
 * @see <a href="https://doi.org/10.1109/PDIS.1994.331722">Terry et al., Session Guarantees for Weakly Consistent Replicated Data</a>
 */
public enum Guarantee {
    /** A read shows every write of the session that was acknowledged before it. */
    READ_YOUR_WRITES,
    /** A read shows everything that an earlier read of the session showed. */
    MONOTONIC_READS,
    /** Wherever a write of the session is shown, what the session had read before it is shown too. */
    WRITES_FOLLOW_READS,
    /** Wherever a write of the session is shown, the session's earlier writes are shown too. */
    MONOTONIC_WRITES;

    /** All four. */
    public static final Set<Guarantee> ALL = Collections.unmodifiableSet(EnumSet.allOf(Guarantee.class));
}
