package dev.rejoin.sync.session;

import dev.rejoin.sync.wire.ProtocolLimits;

/**
 * Bounds on one connection of a stock Yjs provider.
 *
 * @param maxDocuments documents on one connection (Hocuspocus), those included that were refused
 * @param maxUndecided of these, how many may await admission
 * @param maxWaitingMessages messages of one connection that wait for the admission of their document
 * @param maxWaitingBytes bytes of these
 * @param openingMillis from the opening of the connection to the first document that lets it in; nothing that is sent extends it
 * @param signOfLifeMillis a connection that was told nothing for this long gets a sign of life; stock providers give up after 30 s
 * @param pingMillis a peer that was not heard of for this long gets a ping
 * @param silenceMillis a peer that is silent for this long, pongs included, has gone
 */
public record ContentLimits(
        int maxDocuments,
        int maxUndecided,
        int maxWaitingMessages,
        int maxWaitingBytes,
        int openingMillis,
        int signOfLifeMillis,
        int pingMillis,
        int silenceMillis) {
    /** The values of docs/reference/editors.md. */
    public static final ContentLimits DEFAULT =
            new ContentLimits(1_024, 128, 1_024, 1 << 20, 10_000, 20_000, 5_000, 12_500);

    public ContentLimits withOpeningMillis(int millis) {
        return new ContentLimits(
                maxDocuments,
                maxUndecided,
                maxWaitingMessages,
                maxWaitingBytes,
                millis,
                signOfLifeMillis,
                pingMillis,
                silenceMillis);
    }

    public ContentLimits withSignOfLifeMillis(int millis) {
        return new ContentLimits(
                maxDocuments,
                maxUndecided,
                maxWaitingMessages,
                maxWaitingBytes,
                openingMillis,
                millis,
                pingMillis,
                silenceMillis);
    }

    /** Pings after so long, and gives a peer up after 2.5 times as long, as on the native protocol. */
    public ContentLimits withHeartbeatMillis(int millis) {
        return new ContentLimits(
                maxDocuments,
                maxUndecided,
                maxWaitingMessages,
                maxWaitingBytes,
                openingMillis,
                signOfLifeMillis,
                millis,
                Math.toIntExact(ProtocolLimits.silenceMillis(millis)));
    }
}
