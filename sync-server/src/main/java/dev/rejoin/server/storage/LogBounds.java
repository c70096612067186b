package dev.rejoin.server.storage;

/**
 * How much may wait in front of the log, and how much one commit carries.
 *
 * @param fullBytes appends are refused while this much waits
 * @param fullEntries appends are refused while this many wait
 * @param highBytes above it the {@link Backlog} is {@link Backlog#HIGH}, until half of it is left
 * @param highEntries above it the {@link Backlog} is {@link Backlog#HIGH}, until half of them are left
 * @param groupBytes a commit is closed when it carries this much
 * @param groupEntries a commit is closed when it carries this many
 * @param paceNanos while several documents are written to, a commit begins at least so long after the one before; 0 for at once
 */
public record LogBounds(
        long fullBytes,
        int fullEntries,
        long highBytes,
        int highEntries,
        long groupBytes,
        int groupEntries,
        long paceNanos) {

    /**
     * 64 MiB or 65,536 entries waiting at most, sockets rest from 16 MiB or 16,384; 8 MiB or 4,096 entries per commit, and one as soon
     * as there is something to commit.
     */
    public static final LogBounds DEFAULT = new LogBounds(64 << 20, 65_536, 16 << 20, 16_384, 8 << 20, 4_096, 0);

    public LogBounds {
        if (highBytes < 1 || fullBytes < highBytes || highEntries < 1 || fullEntries < highEntries) {
            throw new IllegalArgumentException("bounds of the queue: high " + highBytes + " B/" + highEntries
                    + ", full " + fullBytes + " B/" + fullEntries);
        }
        if (groupBytes < 1 || groupEntries < 1) {
            throw new IllegalArgumentException("bounds of a commit: " + groupBytes + " B/" + groupEntries);
        }
        if (paceNanos < 0) {
            throw new IllegalArgumentException("pace of commits: " + paceNanos + " ns");
        }
    }
}
