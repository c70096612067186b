package dev.rejoin.consistency.lag;

/**
 * How late one origin is here. All in milliseconds.
 *
 * @param origin whose log it is
 * @param lagMillis how long what is here now took to come; while the link is cut or silent, how long nothing has come
 * @param uncertaintyMillis by how much every other figure may be wrong because two clocks are compared; {@link Long#MAX_VALUE} while the
 *     offset of the clocks is not known
 * @param p50Millis half of the time the lag was at most this
 * @param p95Millis 95 % of the time
 * @param p99Millis 99 % of the time
 * @param shownThroughMillis by our clock: what the origin had admitted by then is here; {@link Long#MIN_VALUE} before the first heartbeat. Export
 *     this and take the age when looking at it: it grows by itself when nothing comes
 * @param entriesBehind how many entries are known to exist and are not here
 * @param isSilent whether heartbeats are overdue: the link is cut, or the origin is down
 */
public record LagReading(
        long origin,
        long lagMillis,
        long uncertaintyMillis,
        long p50Millis,
        long p95Millis,
        long p99Millis,
        long shownThroughMillis,
        long entriesBehind,
        boolean isSilent) {}
