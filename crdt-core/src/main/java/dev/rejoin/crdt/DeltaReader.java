package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.MalformedDeltaException;

/**
 * The receiving end of an established link: see {@link DeltaWriter}. What the link remembers of names is bounded by
 * {@link DeltaLimits#maxReplicas} and {@link DeltaLimits#maxObjects}.
 *
 * <p>Not thread-safe: one owner.
 */
public final class DeltaReader {

    private final ReplicaTable replicas = new ReplicaTable();
    private final DeltaDecoder decoder;
    private boolean broken;

    /** Creates the receiving end of a new link. */
    public DeltaReader(DeltaLimits limits) {
        decoder = new DeltaDecoder(limits, replicas);
    }

    /**
     * Returns the delta of the next fragment.
     *
     * @throws MalformedDeltaException if the fragment is not what a {@link DeltaWriter} would have written next, or exceeds
     *     a limit; the link is then broken
     * @throws IllegalStateException if the link is broken
     */
    public Delta read(byte[] fragment) {
        if (broken) {
            throw new IllegalStateException("the link has carried a malformed fragment");
        }
        broken = true;
        Delta delta = decoder.read(fragment);
        broken = false;
        return delta;
    }

    /** Returns the number of replicas that both ends of this link remember. */
    public int replicaCount() {
        return replicas.size();
    }

    /** Returns the number of objects that both ends of this link remember. */
    public int objectCount() {
        return decoder.objectCount();
    }
}
