package dev.rejoin.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** What is counted about the peers of a server. For any thread. */
public final class ReplicationMetrics {
    private final MeterRegistry registry;
    private final MultiGauge up;
    private final MultiGauge due;
    private final MultiGauge shownThrough;
    private final MultiGauge lag;
    private final MultiGauge quantiles;
    private final Counter fellBehind;
    private final AtomicInteger followers = new AtomicInteger();
    private volatile Supplier<List<PeerReading>> readings = List::of;

    ReplicationMetrics(MeterRegistry registry) {
        this.registry = registry;
        up = gauge("rejoin.replication.link.up", "1 while this server follows the peer", "");
        due = gauge("rejoin.replication.documents.due", "documents known to be behind the peer's", "");
        shownThrough = gauge(
                "rejoin.replication.watermark.timestamp",
                "what the peer had admitted at this time, by this server's clock, is here",
                "seconds");
        lag = gauge(
                "rejoin.replication.lag",
                "how long what is here now took to come from the peer, or how long nothing has been heard of it",
                "seconds");
        quantiles = gauge("rejoin.replication.lag.recent", "quantiles of the lag over the last minute", "seconds");
        fellBehind = Counter.builder("rejoin.replication.followers.behind")
                .description("followers that did not keep up and were told which documents to fetch")
                .register(registry);
        Gauge.builder("rejoin.replication.followers", followers::get)
                .description("servers that follow this one")
                .register(registry);
    }

    private MultiGauge gauge(String name, String description, String unit) {
        MultiGauge.Builder gauge = MultiGauge.builder(name).description(description);
        return (unit.isEmpty() ? gauge : gauge.baseUnit(unit)).register(registry);
    }

    /** Reads how the server follows its peers from now on. */
    public void observe(Supplier<List<PeerReading>> peers) {
        readings = peers;
    }

    void refresh() {
        List<PeerReading> now = readings.get();
        show(up, now, PeerReading::up);
        show(due, now, PeerReading::due);
        show(shownThrough, now, PeerReading::shownThroughSeconds);
        show(lag, now, PeerReading::lagSeconds);
        quantiles.register(
                now.stream()
                        .flatMap(each -> List.of(
                                quantile(each, "0.5", each.p50Seconds()),
                                quantile(each, "0.95", each.p95Seconds()),
                                quantile(each, "0.99", each.p99Seconds()))
                                .stream())
                        .toList(),
                true);
    }

    private static MultiGauge.Row<?> quantile(PeerReading peer, String quantile, double seconds) {
        return MultiGauge.Row.of(Tags.of("peer", peer.peer(), "quantile", quantile), seconds);
    }

    private static void show(MultiGauge gauge, List<PeerReading> peers, ToDoubleFunction<PeerReading> value) {
        gauge.register(
                peers.stream()
                        .map(each -> MultiGauge.Row.of(Tags.of("peer", each.peer()), value.applyAsDouble(each)))
                        .toList(),
                true);
    }

    /** So many servers follow this one now. */
    public void followers(int count) {
        followers.set(count);
    }

    /** A follower did not keep up. */
    public void fellBehind() {
        fellBehind.increment();
    }

    /** Bytes came from a peer. */
    public void received(String peer, long bytes) {
        counter("rejoin.replication.received", "bytes that came from the peer", "bytes", peer)
                .increment(bytes);
    }

    /** A change of a peer is durable here. */
    public void taken(String peer) {
        counter("rejoin.replication.changes", "changes of the peer that were taken in", null, peer)
                .increment();
    }

    /** A change of a peer came before what it follows on, or was lost on the way. */
    public void gap(String peer) {
        counter("rejoin.replication.gaps", "changes of the peer that were not there in order", null, peer)
                .increment();
    }

    /** A document was fetched from a peer. */
    public void pulled(String peer) {
        counter("rejoin.replication.pulls", "documents that were fetched from the peer", null, peer)
                .increment();
    }

    /** A document is not taken from a peer any more. */
    public void stopped(String peer, String reason) {
        Counter.builder("rejoin.replication.stopped")
                .description("documents that are not taken from the peer any more")
                .tag("peer", peer)
                .tag("reason", reason)
                .register(registry)
                .increment();
    }

    /** The lag of a peer has begun to be much larger than usual. */
    public void spike(String peer) {
        counter(
                        "rejoin.replication.lag.spikes",
                        "times that the peer's lag began to be far above the usual",
                        null,
                        peer)
                .increment();
    }

    private Counter counter(String name, String description, @Nullable String unit, String peer) {
        return Counter.builder(name)
                .description(description)
                .baseUnit(unit)
                .tag("peer", peer)
                .register(registry);
    }
}
