package dev.rejoin.server.replication;

import java.time.Duration;

/**
 * The bounds of what a server does for its peers.
 *
 * @param maxStateBytes largest document that is taken from a peer
 * @param maxOpenDocuments documents that are being brought up to date at a time, for each peer; each may be loaded for it
 * @param maxDueDocuments documents known to be out of date that are remembered, for each peer; beyond it all are compared anew
 * @param maxTakingBytes changes of a peer on their way into documents; beyond it nothing more is read from it
 * @param maxParkedBytes changes of a peer that wait for others to come before them; further ones are fetched later instead
 * @param parkMillis a change that follows on what is not here waits so long for it to come by itself
 * @param maxAsked documents that one peer may have asked for and not got
 * @param maxAttended documents that somebody is at here of which peers are asked who is at them there; of further ones that is not known
 * @param repair all documents are compared with each peer this often
 * @param maxBackoffMillis a peer that cannot be reached is dialled again within so much
 * @param retryMillis a document that could not be brought up to date is tried again after this
 */
public record ReplicationOptions(
        long maxStateBytes,
        int maxOpenDocuments,
        int maxDueDocuments,
        long maxTakingBytes,
        long maxParkedBytes,
        long parkMillis,
        int maxAsked,
        int maxAttended,
        Duration repair,
        long maxBackoffMillis,
        long retryMillis) {
    /** The usual bounds. */
    public static final ReplicationOptions DEFAULTS = new ReplicationOptions(
            256L << 20, 8, 65_536, 16L << 20, 4L << 20, 50, 64, 65_536, Duration.ofMinutes(5), 5_000, 1_000);

    /** The same but for the largest document. */
    public ReplicationOptions withMaxStateBytes(long bytes) {
        return new ReplicationOptions(
                bytes,
                maxOpenDocuments,
                maxDueDocuments,
                maxTakingBytes,
                maxParkedBytes,
                parkMillis,
                maxAsked,
                maxAttended,
                repair,
                maxBackoffMillis,
                retryMillis);
    }

    /** The same but for how often all documents are compared. */
    public ReplicationOptions withRepair(Duration interval) {
        return new ReplicationOptions(
                maxStateBytes,
                maxOpenDocuments,
                maxDueDocuments,
                maxTakingBytes,
                maxParkedBytes,
                parkMillis,
                maxAsked,
                maxAttended,
                interval,
                maxBackoffMillis,
                retryMillis);
    }
}
