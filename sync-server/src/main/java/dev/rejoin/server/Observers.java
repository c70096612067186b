package dev.rejoin.server;

import dev.rejoin.consistency.lag.LagReading;
import dev.rejoin.consistency.lag.LagSpike;
import dev.rejoin.consistency.session.ReadOutcome;
import dev.rejoin.server.metrics.PeerReading;
import dev.rejoin.server.metrics.ReplicationMetrics;
import dev.rejoin.server.metrics.ServerMetrics;
import dev.rejoin.server.replication.LinkStatus;
import dev.rejoin.server.replication.ReplicationObserver;
import dev.rejoin.server.room.RoomObserver;
import dev.rejoin.server.storage.CorruptDocumentException;
import dev.rejoin.server.storage.LogObserver;
import dev.rejoin.server.storage.StoreDownException;
import dev.rejoin.server.transport.TransportObserver;
import dev.rejoin.server.webhook.WebhookObserver;
import java.util.Optional;
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

    static ReplicationObserver ofReplication(ReplicationMetrics metrics) {
        return new ReplicationObserver() {
            @Override
            public void followers(int count) {
                metrics.followers(count);
            }

            @Override
            public void received(String peer, long bytes) {
                metrics.received(peer, bytes);
            }

            @Override
            public void taken(String peer) {
                metrics.taken(peer);
            }

            @Override
            public void gap(String peer) {
                metrics.gap(peer);
            }

            @Override
            public void pulled(String peer, long bytes) {
                metrics.pulled(peer);
            }

            @Override
            public void fellBehind() {
                metrics.fellBehind();
            }

            @Override
            public void stopped(String peer, String document, String reason) {
                metrics.stopped(peer, reason);
            }

            @Override
            public void spike(String peer, LagSpike spike) {
                if (spike.begins()) {
                    metrics.spike(peer);
                }
            }
        };
    }

    static PeerReading reading(LinkStatus link) {
        Optional<LagReading> lag = link.lag();
        return new PeerReading(
                link.peer(),
                link.linked() ? 1 : 0,
                link.due(),
                seconds(lag.map(LagReading::shownThroughMillis)),
                lag.map(LagReading::lagMillis).orElse(link.waitedMillis()) / 1_000.0,
                seconds(lag.map(LagReading::p50Millis)),
                seconds(lag.map(LagReading::p95Millis)),
                seconds(lag.map(LagReading::p99Millis)));
    }

    private static double seconds(Optional<Long> millis) {
        return millis.map(known -> known / 1_000.0).orElse(Double.NaN);
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
