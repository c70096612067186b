package dev.rejoin.sync.session;

/**
 * Who this server is to others, and the bounds of a link.
 *
 * @param cluster the name of the cluster; servers of others are refused
 * @param log names the log of this server
 * @param opening names this opening of it
 * @param maxFrameBytes largest message that is taken
 * @param maxStateBytes largest document that is taken
 * @param greetingMillis within so much both sides must have proved that they know the secret
 * @param pingMillis a follower asks for the time this often
 * @param silenceMillis who says nothing for so long is gone
 */
public record LinkOptions(
        String cluster,
        long log,
        long opening,
        int maxFrameBytes,
        long maxStateBytes,
        long greetingMillis,
        long pingMillis,
        long silenceMillis) {

    /** The usual bounds. */
    public static LinkOptions of(String cluster, long log, long opening, long maxStateBytes) {
        return new LinkOptions(cluster, log, opening, 8 << 20, maxStateBytes, 5_000, 1_000, 5_000);
    }
}
