package dev.rejoin.server.room;

/**
 * What a room puts up with and when it rests.
 *
 * @param idleUnloadMillis a room without sessions leaves memory after this long
 * @param snapshotMinBytes the log of a document is replaced by a snapshot when its tail exceeds this and the last snapshot
 * @param snapshotMaxEntries … or has more batches than this
 * @param maxDocumentBytes above this (last snapshot and log since) writes are refused with {@code document-full}
 * @param maxReplicas so many replica ids may write to a document; new ones are refused beyond
 * @param maxClockSkewMillis stamps further ahead are voided with {@code clock-skew}
 * @param quarantineMillis how long a damaged document is refused before it is checked again
 * @param maxHotContentBytes memory of all contents that are engines, roughly; beyond it the longest unused become bytes again
 */
public record RoomOptions(
        long idleUnloadMillis,
        long snapshotMinBytes,
        int snapshotMaxEntries,
        long maxDocumentBytes,
        int maxReplicas,
        long maxClockSkewMillis,
        long quarantineMillis,
        long maxHotContentBytes) {

    /** What holds unless somebody says otherwise. */
    public static final RoomOptions DEFAULTS =
            new RoomOptions(60_000, 256 << 10, 1_000, 64L << 20, 65_536, 60_000, 10_000, 256L << 20);

    /** The same but for {@code idleUnloadMillis}. */
    public RoomOptions withIdleUnloadMillis(long millis) {
        return new RoomOptions(
                millis,
                snapshotMinBytes,
                snapshotMaxEntries,
                maxDocumentBytes,
                maxReplicas,
                maxClockSkewMillis,
                quarantineMillis,
                maxHotContentBytes);
    }

    /** The same but for {@code snapshotMinBytes} and {@code snapshotMaxEntries}. */
    public RoomOptions withSnapshots(long minBytes, int maxEntries) {
        return new RoomOptions(
                idleUnloadMillis,
                minBytes,
                maxEntries,
                maxDocumentBytes,
                maxReplicas,
                maxClockSkewMillis,
                quarantineMillis,
                maxHotContentBytes);
    }
}
