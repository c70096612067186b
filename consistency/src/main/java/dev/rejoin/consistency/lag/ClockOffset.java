package dev.rejoin.consistency.lag;

import java.util.ArrayDeque;

/**
 * How far another machine's clock is ahead of ours, from exchanges of a question and an answer: the exchange that took least tells best, and is
 * wrong by half its duration at most. What two clocks alone cannot tell is how much longer one direction takes than the other; that is what
 * {@link #uncertaintyMillis} says.
 *
 * <p>Not thread-safe: one owner.
 *
 * @see <a href="https://doi.org/10.1007/BF01784024">Cristian, Probabilistic Clock Synchronization</a>
 */
final class ClockOffset {
    /** How many exchanges are remembered. */
    static final int MAX_EXCHANGES = 64;

    /** Two clocks drift apart by no more than one part in this. */
    private static final long DRIFT = 10_000;

    private final ArrayDeque<Exchange> exchanges = new ArrayDeque<>();

    private record Exchange(long at, long offset, long roundTrip) {
        long uncertaintyAt(long now) {
            return (roundTrip + 1) / 2 + Math.max(0, now - at) / DRIFT;
        }
    }

    /** A question went out at {@code sent} by our clock, was answered at {@code remote} by theirs, and the answer came at {@code received}. */
    void exchanged(long sent, long remote, long received) {
        if (received < sent) {
            return; // our clock was set back in between
        }
        exchanges.add(new Exchange(received, remote - (sent + (received - sent) / 2), received - sent));
        if (exchanges.size() > MAX_EXCHANGES) {
            exchanges.remove();
        }
    }

    private Exchange best(long now) {
        Exchange best = null;
        for (Exchange exchange : exchanges) {
            if (best == null || exchange.uncertaintyAt(now) < best.uncertaintyAt(now)) {
                best = exchange;
            }
        }
        if (best == null) {
            throw new IllegalStateException("nothing was exchanged");
        }
        return best;
    }

    boolean isKnown() {
        return !exchanges.isEmpty();
    }

    /** Theirs minus ours, in milliseconds. */
    long millis(long now) {
        return best(now).offset;
    }

    /** By how much {@link #millis} may be wrong. */
    long uncertaintyMillis(long now) {
        return best(now).uncertaintyAt(now);
    }
}
