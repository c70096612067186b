package dev.rejoin.server.replication;

import java.time.Duration;

/**
 * What a test, or a demonstration, does to what comes from one peer. Reached through the server's own interface, never over the network. For any
 * thread.
 */
public final class LinkFaults {
    private volatile long delayMillis;
    private volatile double drop;
    private volatile boolean cut;
    private volatile Runnable changed = () -> {};

    LinkFaults() {}

    void onChange(Runnable listener) {
        changed = listener;
    }

    /**
     * What the peer sends of its own accord is taken in here so much later, as from a link that is congested. A document that is pulled comes at once, and the
     * clocks are compared without the delay.
     */
    public void delay(Duration delay) {
        if (delay.isNegative()) {
            throw new IllegalArgumentException("negative delay: " + delay);
        }
        delayMillis = delay.toMillis();
        changed.run();
    }

    /** This part of the changes is lost on the way, 0 … 1. */
    public void drop(double probability) {
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException("not a probability: " + probability);
        }
        drop = probability;
        changed.run();
    }

    /** Whether the link is cut. That of the other direction is the other server's. */
    public void cut(boolean on) {
        cut = on;
        changed.run();
    }

    /** Takes all of it back. */
    public void heal() {
        delayMillis = 0;
        drop = 0;
        cut = false;
        changed.run();
    }

    /** The delay in milliseconds. */
    public long delayMillis() {
        return delayMillis;
    }

    /** The part of the changes that is lost. */
    public double drop() {
        return drop;
    }

    /** Whether the link is cut. */
    public boolean isCut() {
        return cut;
    }
}
