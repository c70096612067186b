package dev.rejoin.sync.wire;

/**
 * How late the changes of another server are at the server that says so. Times are in milliseconds, 0 … {@link #UNKNOWN} − 1.
 *
 * @param origin the upper 48 bits of the incarnation of its log
 * @param lagMillis how long what is here now took to come; while nothing comes, how long that has been so
 * @param p50Millis half of the time the lag was at most this
 * @param p95Millis 95 % of the time
 * @param ageMillis what the origin had admitted this long ago is here
 * @param uncertaintyMillis by how much each of the others may be wrong, because two clocks are compared; {@link #UNKNOWN} if nobody can tell
 * @param silent whether heartbeats are overdue
 */
public record OriginLag(
        long origin,
        long lagMillis,
        long p50Millis,
        long p95Millis,
        long ageMillis,
        long uncertaintyMillis,
        boolean silent) {
    /** Nobody can tell. */
    public static final long UNKNOWN = 0xFFFF_FFFFL;
}
