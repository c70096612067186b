package dev.rejoin.crdt;

/**
 * The bounds on what a decoder accepts from strangers. What exceeds one of them is refused as malformed before any
 * state has changed.
 *
 * @param maxBytes length of one encoded fragment, in bytes
 * @param maxReplicas replicas named in one fragment; on a link, replicas in the table of the link
 * @param maxDots dots that one fragment claims, live and dead. A dead run costs the same whatever its length, so that
 *     this bounds what a fragment can say, not what it costs
 * @param maxCells live dots of one fragment
 * @param maxObjects objects named in one fragment, parents included; on a link, objects in the table of the link
 */
public record DeltaLimits(int maxBytes, int maxReplicas, long maxDots, int maxCells, int maxObjects) {

    /** No bounds but those of the format. For bytes that come from oneself. */
    public static final DeltaLimits UNLIMITED =
            new DeltaLimits(Integer.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE);

    /**
     * Checks the bounds.
     *
     * @throws IllegalArgumentException if one is negative
     */
    public DeltaLimits {
        if (maxBytes < 0 || maxReplicas < 0 || maxDots < 0 || maxCells < 0 || maxObjects < 0) {
            throw new IllegalArgumentException("negative limit");
        }
    }
}
