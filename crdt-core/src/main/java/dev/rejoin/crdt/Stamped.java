package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.HybridClock;

/**
 * The payload of one write to a last-writer-wins register.
 *
 * @param hlc the stamp of a {@link HybridClock}
 * @param value the canonical value written
 */
public record Stamped(long hlc, Object value) {
    /**
     * Checks the stamp.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Stamped {
        if (hlc < 0) {
            throw new IllegalArgumentException("not a stamp: " + hlc);
        }
    }
}
