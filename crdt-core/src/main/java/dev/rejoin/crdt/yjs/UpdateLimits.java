package dev.rejoin.crdt.yjs;

/**
 * The bounds on what a decoder accepts from strangers. What exceeds one of them is refused as malformed before any
 * state has changed.
 *
 * @param maxBytes length of one update, in bytes
 * @param maxStructs structs that one update declares, Skips included
 * @param maxUnpaidStructs structs that one update may declare beyond its length in bytes. Run lengths of the second
 *     encoding make structs out of next to nothing: a thousand empty maps in an array are honest and take 50 bytes; a
 *     million are an attack
 * @param maxDeletes ranges in the delete set of one update
 * @param maxClock no struct, deleted range or reference reaches beyond it, in clock units
 * @param maxDepth nesting of values, in levels of arrays and objects
 * @param maxPendingStructs structs of a document that wait for others; what exceeds it is dropped and must be asked for again
 * @param maxPendingBytes memory of a document for such structs, in bytes
 * @param maxPendingDeletes ranges of deletions of a document that wait for their units
 * @param maxPendingMillis how long either of them waits, in milliseconds of the document's {@link YDocOptions#time()}, before it is dropped and must be asked
 *     for again; 0 or more
 */
public record UpdateLimits(
        int maxBytes,
        int maxStructs,
        int maxUnpaidStructs,
        int maxDeletes,
        long maxClock,
        int maxDepth,
        int maxPendingStructs,
        long maxPendingBytes,
        int maxPendingDeletes,
        long maxPendingMillis) {

    /** What a server takes from anybody: clocks that fit an int, a million structs, values 512 levels deep; what waits may wait for a day. */
    public static final UpdateLimits DEFAULT = new UpdateLimits(
            Integer.MAX_VALUE, 1 << 20, 1 << 14, 1 << 20, Integer.MAX_VALUE, 512, 10_000, 1 << 20, 10_000, 86_400_000);

    /** The deepest nesting that may be configured: readers of values recurse. */
    public static final int DEEPEST = 1024;

    /** The highest clock that may be configured. */
    public static final long HIGHEST_CLOCK = Integer.MAX_VALUE;

    /**
     * Checks the bounds.
     *
     * @throws IllegalArgumentException if one is negative, or beyond {@link #DEEPEST} or {@link #HIGHEST_CLOCK}
     */
    public UpdateLimits {
        if (maxBytes < 0
                || maxStructs < 0
                || maxUnpaidStructs < 0
                || maxDeletes < 0
                || maxClock < 0
                || maxClock > HIGHEST_CLOCK
                || maxDepth < 0
                || maxDepth > DEEPEST
                || maxPendingStructs < 0
                || maxPendingBytes < 0
                || maxPendingDeletes < 0
                || maxPendingMillis < 0) {
            throw new IllegalArgumentException("limit out of range: bytes " + maxBytes + ", structs " + maxStructs
                    + ", unpaid structs " + maxUnpaidStructs + ", deletes " + maxDeletes + ", clock " + maxClock
                    + ", depth " + maxDepth);
        }
    }

    /** Returns these limits with another length of one update, in bytes. */
    public UpdateLimits withMaxBytes(int bytes) {
        return new UpdateLimits(
                bytes,
                maxStructs,
                maxUnpaidStructs,
                maxDeletes,
                maxClock,
                maxDepth,
                maxPendingStructs,
                maxPendingBytes,
                maxPendingDeletes,
                maxPendingMillis);
    }

    /** Returns these limits with another number of structs. */
    public UpdateLimits withMaxStructs(int structs) {
        return new UpdateLimits(
                maxBytes,
                structs,
                maxUnpaidStructs,
                maxDeletes,
                maxClock,
                maxDepth,
                maxPendingStructs,
                maxPendingBytes,
                maxPendingDeletes,
                maxPendingMillis);
    }

    /** Returns these limits with another number of structs beyond the length in bytes. */
    public UpdateLimits withMaxUnpaidStructs(int structs) {
        return new UpdateLimits(
                maxBytes,
                maxStructs,
                structs,
                maxDeletes,
                maxClock,
                maxDepth,
                maxPendingStructs,
                maxPendingBytes,
                maxPendingDeletes,
                maxPendingMillis);
    }

    /** Returns these limits with another number of deleted ranges. */
    public UpdateLimits withMaxDeletes(int ranges) {
        return new UpdateLimits(
                maxBytes,
                maxStructs,
                maxUnpaidStructs,
                ranges,
                maxClock,
                maxDepth,
                maxPendingStructs,
                maxPendingBytes,
                maxPendingDeletes,
                maxPendingMillis);
    }

    /** Returns these limits with another highest clock. */
    public UpdateLimits withMaxClock(long clock) {
        return new UpdateLimits(
                maxBytes,
                maxStructs,
                maxUnpaidStructs,
                maxDeletes,
                clock,
                maxDepth,
                maxPendingStructs,
                maxPendingBytes,
                maxPendingDeletes,
                maxPendingMillis);
    }

    /** Returns these limits with another nesting of values. */
    public UpdateLimits withMaxDepth(int depth) {
        return new UpdateLimits(
                maxBytes,
                maxStructs,
                maxUnpaidStructs,
                maxDeletes,
                maxClock,
                depth,
                maxPendingStructs,
                maxPendingBytes,
                maxPendingDeletes,
                maxPendingMillis);
    }

    /** Returns these limits with other bounds on what may wait for earlier updates. */
    public UpdateLimits withMaxPending(int structs, long bytes, int deletes) {
        return new UpdateLimits(
                maxBytes,
                maxStructs,
                maxUnpaidStructs,
                maxDeletes,
                maxClock,
                maxDepth,
                structs,
                bytes,
                deletes,
                maxPendingMillis);
    }

    /** Returns these limits with another time, in milliseconds, that something may wait for earlier updates. */
    public UpdateLimits withMaxPendingMillis(long millis) {
        return new UpdateLimits(
                maxBytes,
                maxStructs,
                maxUnpaidStructs,
                maxDeletes,
                maxClock,
                maxDepth,
                maxPendingStructs,
                maxPendingBytes,
                maxPendingDeletes,
                millis);
    }
}
