package dev.rejoin.sync.awareness;

/**
 * Bounds on what strangers may have a document say about them.
 *
 * @param maxStateBytes longest state of one client, in characters of JSON
 * @param maxDepth nesting of a state, in levels
 * @param maxClientsPerSeat clients that one seat may speak for; a stock provider speaks for itself
 * @param maxClients clients of one document, those included that have gone lately
 * @param maxTotalBytes all states of one document together, in characters of JSON
 * @param expiryMillis a client that is not heard of for this long has gone
 * @param memoryMillis for how long the clock of a client that has gone is remembered, against its late messages
 */
public record AwarenessLimits(
        int maxStateBytes,
        int maxDepth,
        int maxClientsPerSeat,
        int maxClients,
        int maxTotalBytes,
        long expiryMillis,
        long memoryMillis) {
    /** What a server takes from anybody. Stock clients renew every 15 s and forget others after 30 s. */
    public static final AwarenessLimits DEFAULT = new AwarenessLimits(16 << 10, 20, 4, 65_536, 4 << 20, 30_000, 60_000);
}
