package dev.rejoin.crdt.yjs;

/**
 * What became of an update.
 *
 * @param complete whether nothing of it waits for earlier updates
 * @param dropped whether a bound on what may wait was reached, so that some of it, or of what waited before, must be asked for again
 * @param missing if something waits: for each client the lowest clock that something waits for
 */
public record ApplyResult(boolean complete, boolean dropped, StateVector missing) {
    static final ApplyResult COMPLETE = new ApplyResult(true, false, StateVector.EMPTY);
}
