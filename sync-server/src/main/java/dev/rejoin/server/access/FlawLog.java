package dev.rejoin.server.access;

import dev.rejoin.crdt.clock.TimeSource;
import java.util.EnumMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the operator why tokens are refused: one line for each reason every {@value #QUIET_MILLIS} ms with how many there
 * were, so that strangers cannot fill the log. For any thread.
 */
final class FlawLog {
    static final long QUIET_MILLIS = 10_000;

    private static final Logger LOG = LoggerFactory.getLogger(FlawLog.class);

    private final TimeSource time;
    private final Map<TokenFlaw, Count> counts = new EnumMap<>(TokenFlaw.class);

    private static final class Count {
        long untold;
        long toldAtMillis;
        boolean told;
    }

    FlawLog(TimeSource time) {
        this.time = time;
    }

    synchronized void log(TokenFlaw flaw) {
        Count count = counts.computeIfAbsent(flaw, first -> new Count());
        count.untold++;
        long now = time.millis();
        // A clock that was set back must not silence the log.
        if (count.told && Math.abs(now - count.toldAtMillis) < QUIET_MILLIS) {
            return;
        }
        LOG.info("{} token(s) refused: {}", count.untold, flaw);
        count.untold = 0;
        count.toldAtMillis = now;
        count.told = true;
    }
}
