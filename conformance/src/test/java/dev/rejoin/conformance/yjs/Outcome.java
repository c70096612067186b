package dev.rejoin.conformance.yjs;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one side made of a script: the blobs of its steps, and how its documents looked after each. */
record Outcome(List<byte[]> blobs, List<Check> checks, List<Integer> offered) {
    /** An outcome of the other side, which does not say which of its blobs are updates. */
    Outcome(List<byte[]> blobs, List<Check> checks) {
        this(blobs, checks, List.of());
    }

    /** The updates that transactions made, in one of the two encodings. */
    List<byte[]> updates(Version version) {
        return offered.stream().map(slot -> blobs.get(slot + version.ordinal())).toList();
    }

    /**
     * How a document looked.
     *
     * @param digest of its description
     * @param pending what was left waiting; 1: structs, 2: deletes
     * @param unstuck digest of its description with all taken in of what waits that can be, if that was asked for
     * @param text the description itself, if kept
     */
    record Check(
            long digest,
            int pending,
            @Nullable Long unstuck,
            @Nullable String text) {}
}
