package dev.rejoin.crdt.yjs;

/**
 * How much of what a document was given waits for updates that have not come.
 *
 * @param structs how many structs wait
 * @param deletes how many ranges of deletions wait
 * @param bytes memory held, roughly
 * @param dropped how many structs and deletions were dropped so far because a bound was reached
 * @param millis how long the oldest of it has waited, in milliseconds; 0 if nothing waits
 * @param missing for each client the lowest clock that something waits for
 */
public record PendingStatus(int structs, int deletes, long bytes, long dropped, long millis, StateVector missing) {}
