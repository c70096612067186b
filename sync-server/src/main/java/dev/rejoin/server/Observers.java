package dev.rejoin.server;

import dev.rejoin.consistency.session.ReadOutcome;
import dev.rejoin.server.metrics.ServerMetrics;
import dev.rejoin.server.room.RoomObserver;
import dev.rejoin.server.storage.CorruptDocumentException;
import dev.rejoin.server.storage.LogObserver;
import dev.rejoin.server.storage.StoreDownException;
import dev.rejoin.server.transport.TransportObserver;
import dev.rejoin.server.webhook.WebhookObserver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The wires from what happens on each floor to the meters, since the floors do not know these. */
final class Observers {
    private static final Logger LOG = LoggerFactory.getLogger(Observers.class);

    private Observers() {}

    static LogObserver ofLog(ServerMetrics metrics) {
        return new LogObserver() {
            @Override
            public void committed(int entries, long bytes, long nanos) {
                metrics.committed(entries, bytes, nanos);
            }

            @Override
            public void snapshotStored(long bytes, long nanos) {
                metrics.snapshotStored(bytes, nanos);
            }

            @Override
            public void corrupt(CorruptDocumentException failure) {
                LOG.error("{}", failure.getMessage());
                metrics.corrupt();
            }

            @Override
            public void storeDown(StoreDownException cause) {
                metrics.logDown();
            }
        };
    }

    /** Damage is counted where it is found, in the log, and not once more in the room. */
    static RoomObserver ofRooms(ServerMetrics metrics) {
        return new RoomObserver() {
            @Override
            public void roomOpened() {
                metrics.roomOpened();
            }

            @Override
            public void roomClosed() {
                metrics.roomClosed();
            }

            @Override
            public void committed(int transactions, long millis) {
                metrics.acked(transactions, millis);
            }

            @Override
            public void rejected(String code) {
                metrics.rejected(code);
            }

            @Override
            public void decided(ReadOutcome outcome) {
                metrics.decided(outcome.label(), outcome.waitedMillis());
            }

            @Override
            public void fellBehind() {
                metrics.fellBehind();
            }

            @Override
            public void resynced() {
                metrics.resynced();
            }

            @Override
            public void malformed() {
                metrics.malformed();
            }

            @Override
            public void contentHeated() {
                metrics.contentHeated();
            }

            @Override
            public void contentCooled() {
                metrics.contentCooled();
            }

            @Override
            public void contentStalled() {
                metrics.contentStalled();
            }

            @Override
            public void lineageRefused() {
                metrics.lineageRefused();
            }

            @Override
            public void editorAhead() {
                metrics.editorAhead();
            }

            @Override
            public void contentHealed() {
                metrics.contentHealed();
            }

            @Override
            public void sessionAhead() {
                metrics.sessionAhead();
            }

            @Override
            public void equivocated() {
                metrics.equivocated();
            }

            @Override
            public void deleted() {
                metrics.deleted();
            }

            @Override
            public void revived() {
                metrics.revived();
            }
        };
    }

    static TransportObserver ofTransport(ServerMetrics metrics) {
        return new TransportObserver() {
            @Override
            public void connectionOpened() {
                metrics.connectionOpened();
            }

            @Override
            public void connectionClosed() {
                metrics.connectionClosed();
            }

            @Override
            public void connectionRefused() {
                metrics.connectionRefused();
            }

            @Override
            public void rateLimited(String of, String what) {
                metrics.rateLimited(of, what);
            }

            @Override
            public void statelessDropped() {
                metrics.statelessDropped();
            }

            @Override
            public void bytesRead(long bytes) {
                metrics.received(bytes);
            }

            @Override
            public void bytesWritten(long bytes) {
                metrics.sent(bytes);
            }

            @Override
            public void peerTimedOut() {
                metrics.connectionTimedOut();
            }

            @Override
            public void sessionOpened() {
                metrics.sessionOpened();
            }

            @Override
            public void sessionClosed() {
                metrics.sessionClosed();
            }

            @Override
            public void httpRequest(int status) {
                metrics.httpRequest(status);
            }
        };
    }

    static WebhookObserver ofWebhooks(ServerMetrics metrics) {
        return new WebhookObserver() {
            @Override
            public void delivered() {
                metrics.webhookDelivered();
            }

            @Override
            public void failed() {
                metrics.webhookFailed();
            }

            @Override
            public void dead(String reason) {
                metrics.webhookDead(reason);
            }
        };
    }
}
