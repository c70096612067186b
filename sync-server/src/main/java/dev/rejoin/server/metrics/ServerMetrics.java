package dev.rejoin.server.metrics;

import dev.rejoin.consistency.session.ReadFailure;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a server counts about itself, in one registry of its own. Every meter is described in
 * {@code docs/operating/metrics.md}. The methods are safe on any thread and do not block.
 */
public final class ServerMetrics {
    /** Codes of rejections counted by name; further ones are counted as {@code other}. */
    static final int MAX_REJECTION_CODES = 64;

    private static final String OTHER = "other";
    private static final Duration[] LATENCY_BUCKETS = {
        Duration.ofMillis(1),
        Duration.ofMillis(2),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5)
    };

    private final Object paging = new Object();
    private volatile @Nullable ReplicationMetrics replication;
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Map<String, Counter> rejections = new ConcurrentHashMap<>();
    private final AtomicLong logUp = new AtomicLong(1);

    private final AtomicLong connections = gauge("rejoin.connections", "open sockets");
    private final Counter connectionsRefused =
            counter("rejoin.connections.refused", "sockets closed on accept because too many were open");
    private final Counter connectionsTimedOut =
            counter("rejoin.connections.timed.out", "sockets closed because their peer missed a deadline");
    private final Counter statelessDropped = counter(
            "rejoin.stateless.dropped", "messages of the application not queued for editors that did not keep up");
    private final Counter received = bytes("rejoin.received", "bytes read from sockets");
    private final Counter sent = bytes("rejoin.sent", "bytes written to sockets");
    private final AtomicLong sessions = gauge("rejoin.sessions", "open sync sessions");
    private final AtomicLong rooms = gauge("rejoin.rooms", "documents in memory");
    private final Counter transactions =
            counter("rejoin.transactions", "transactions that became durable, voided ones too");
    private final Timer ackLatency =
            timer("rejoin.ack.latency", "from the judgement of a transaction to its being durable");
    private final Timer readWait =
            timer("rejoin.read.wait", "how long reads and writes waited for what their sessions have seen");
    private final Counter fallenBehind =
            counter("rejoin.sessions.behind", "times a session could not take more and was left behind");
    private final Counter resyncs = counter("rejoin.resyncs", "joined updates sent to sessions that were behind");
    private final Counter corrupt = counter("rejoin.documents.corrupt", "failed checks of stored documents");
    private final Counter malformed =
            counter("rejoin.editors.malformed", "editors that lost their seat for bytes that do not decode");
    private final Counter stalled = counter("rejoin.content.stalled", "changes of editors that wait for earlier ones");
    private final Counter lineageRefused =
            counter("rejoin.editors.lineage.refused", "editors that held another life of the document");
    private final Counter editorsAhead =
            counter("rejoin.editors.ahead", "editors that held changes which the document lacked when they came");
    private final Counter healed = counter(
            "rejoin.content.healed", "times an editor gave back changes of several clients that were lost here");
    private final Counter sessionsAhead =
            counter("rejoin.sessions.ahead", "sessions that held confirmed state which was lost here");
    private final Counter equivocations =
            counter("rejoin.equivocations", "sessions ended because two wrote different things under one id");
    private final Counter deletions = counter("rejoin.documents.deleted", "documents deleted");
    private final Counter revivals = counter("rejoin.documents.revived", "deleted documents restored or begun anew");
    private final Counter expiries =
            counter("rejoin.documents.expired", "deleted documents of which nothing is kept any more");
    private final AtomicLong hotContents = gauge("rejoin.content.hot", "contents in memory as engines");
    private final Counter webhookDeliveries = counter("rejoin.webhooks.delivered", "deliveries taken by receivers");
    private final Counter webhookFailures = counter("rejoin.webhooks.failed", "attempts at deliveries that failed");
    private final Timer commitLatency = timer("rejoin.log.commit", "one group commit, its flush included");
    private final DistributionSummary commitEntries = DistributionSummary.builder("rejoin.log.commit.entries")
            .description("batches in one group commit")
            .register(registry);
    private final DistributionSummary commitBytes = DistributionSummary.builder("rejoin.log.commit.size")
            .description("bytes in one group commit")
            .baseUnit("bytes")
            .register(registry);
    private final Timer snapshotLatency = timer("rejoin.log.snapshot", "storing and verifying one snapshot");
    private final DistributionSummary snapshotBytes = DistributionSummary.builder("rejoin.log.snapshot.size")
            .description("bytes of one snapshot")
            .baseUnit("bytes")
            .register(registry);

    /** All meters at zero. */
    public ServerMetrics() {
        Gauge.builder("rejoin.log.up", logUp, AtomicLong::get)
                .description("1 while the log takes appends, 0 after it failed")
                .register(registry);
        // from the beginning at 0, for an alert to notice the first one
        reads("stale");
        for (ReadFailure failure : ReadFailure.values()) {
            reads(failure.label());
        }
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
    }

    public void malformed() {
        malformed.increment();
    }

    public void contentHeated() {
        hotContents.incrementAndGet();
    }

    public void contentCooled() {
        hotContents.decrementAndGet();
    }

    public void contentStalled() {
        stalled.increment();
    }

    public void lineageRefused() {
        lineageRefused.increment();
    }

    public void editorAhead() {
        editorsAhead.increment();
    }

    public void contentHealed() {
        healed.increment();
    }

    public void sessionAhead() {
        sessionsAhead.increment();
    }

    public void equivocated() {
        equivocations.increment();
    }

    public void deleted() {
        deletions.increment();
    }

    public void revived() {
        revivals.increment();
    }

    /** The retention of so many deleted documents has ended. */
    public void expired(int documents) {
        expiries.increment(documents);
    }

    /** The page of {@code /metrics}, in Prometheus' text format. One at a time: what is said of peers is put into the registry anew for each. */
    public String page() {
        synchronized (paging) {
            if (replication != null) {
                replication.refresh();
            }
            return registry.scrape();
        }
    }

    /** What is counted about peers, from the first call on. */
    public synchronized ReplicationMetrics replication() {
        ReplicationMetrics counted = replication;
        if (counted == null) {
            counted = new ReplicationMetrics(registry);
            replication = counted;
        }
        return counted;
    }

    /** Reads the depth of the log's queue from now on. */
    public void observeQueue(Supplier<Number> entries, Supplier<Number> bytes) {
        Gauge.builder("rejoin.log.queue.entries", entries)
                .description("batches waiting to be committed")
                .register(registry);
        Gauge.builder("rejoin.log.queue.size", bytes)
                .description("bytes waiting to be committed")
                .baseUnit("bytes")
                .register(registry);
    }

    /** What {@code rejoin_connections} and {@code rejoin_log_queue_size_bytes} are bounded by, so that alerts can compare. */
    public void limits(int connections, long queueBytes) {
        Gauge.builder("rejoin.connections.limit", () -> connections)
                .description("sockets that may be open")
                .register(registry);
        Gauge.builder("rejoin.log.queue.limit", () -> queueBytes)
                .description("bytes that may wait to be committed")
                .baseUnit("bytes")
                .register(registry);
    }

    /** Reads how long the certificate of TLS is valid, in seconds, from now on. */
    public void observeCertificate(Supplier<Number> secondsToExpiry) {
        Gauge.builder("rejoin.tls.certificate.expiry", secondsToExpiry)
                .description("time until the certificate of TLS expires, negative afterwards")
                .baseUnit("seconds")
                .register(registry);
    }

    /** Reads what webhooks wait for from now on, and counts their deliveries. */
    public void observeWebhooks(Supplier<Number> waiting, Supplier<Number> openCircuits) {
        Gauge.builder("rejoin.webhooks.waiting", waiting)
                .description("documents that receivers are still to be told of")
                .register(registry);
        Gauge.builder("rejoin.webhooks.circuits.open", openCircuits)
                .description("receivers that are left alone for a while because they fail")
                .register(registry);
    }

    /** A receiver has taken a delivery. */
    public void webhookDelivered() {
        webhookDeliveries.increment();
    }

    /** An attempt at a delivery has failed. */
    public void webhookFailed() {
        webhookFailures.increment();
    }

    /** An event is never delivered. */
    public void webhookDead(String reason) {
        Counter.builder("rejoin.webhooks.dead")
                .description("events that are never delivered")
                .tag("reason", reason)
                .register(registry)
                .increment();
    }

    public void connectionOpened() {
        connections.incrementAndGet();
    }

    public void connectionClosed() {
        connections.decrementAndGet();
    }

    public void connectionRefused() {
        connectionsRefused.increment();
    }

    public void connectionTimedOut() {
        connectionsTimedOut.increment();
    }

    /** Somebody used up a rate. */
    public void rateLimited(String of, String what) {
        Counter.builder("rejoin.rate.limited")
                .description("times an address or a principal had used up a rate")
                .tag("of", of)
                .tag("what", what)
                .register(registry)
                .increment();
    }

    public void statelessDropped() {
        statelessDropped.increment();
    }

    public void received(long bytes) {
        received.increment(bytes);
    }

    public void sent(long bytes) {
        sent.increment(bytes);
    }

    /** One HTTP request was answered; counted by the class of its status. */
    public void httpRequest(int status) {
        Counter.builder("rejoin.http.requests")
                .description("HTTP requests answered")
                .tag("status", status / 100 + "xx")
                .register(registry)
                .increment();
    }

    public void sessionOpened() {
        sessions.incrementAndGet();
    }

    public void sessionClosed() {
        sessions.decrementAndGet();
    }

    public void roomOpened() {
        rooms.incrementAndGet();
    }

    public void roomClosed() {
        rooms.decrementAndGet();
    }

    /** So many transactions became durable together, {@code millis} after the first of them was judged. */
    public void acked(int count, long millis) {
        transactions.increment(count);
        ackLatency.record(Duration.ofMillis(millis));
    }

    /** A transaction was voided. */
    public void rejected(String code) {
        Counter counter = rejections.get(code);
        if (counter == null) {
            String tag = rejections.size() < MAX_REJECTION_CODES ? code : OTHER;
            counter = rejections.computeIfAbsent(
                    tag,
                    any -> Counter.builder("rejoin.rejections")
                            .description("transactions voided")
                            .tag("code", tag)
                            .register(registry));
        }
        counter.increment();
    }

    /** A guard has decided about a read or a write, this long after it came. */
    public void decided(String outcome, long waitedMillis) {
        reads(outcome).increment();
        readWait.record(Duration.ofMillis(waitedMillis));
    }

    private Counter reads(String outcome) {
        return Counter.builder("rejoin.reads")
                .description("reads and guarded writes decided")
                .tag("outcome", outcome)
                .register(registry);
    }

    /** What is read as the number of HTTP requests that wait. */
    public void observeParked(Supplier<Number> parked) {
        Gauge.builder("rejoin.requests.parked", parked)
                .description("HTTP requests under way that asked for a wait")
                .register(registry);
    }

    public void fellBehind() {
        fallenBehind.increment();
    }

    public void resynced() {
        resyncs.increment();
    }

    public void corrupt() {
        corrupt.increment();
    }

    /** One group commit. */
    public void committed(int entries, long bytes, long nanos) {
        commitLatency.record(Duration.ofNanos(nanos));
        commitEntries.record(entries);
        commitBytes.record(bytes);
    }

    /** One snapshot was stored and verified. */
    public void snapshotStored(long bytes, long nanos) {
        snapshotLatency.record(Duration.ofNanos(nanos));
        snapshotBytes.record(bytes);
    }

    public void logDown() {
        logUp.set(0);
    }

    private AtomicLong gauge(String name, String description) {
        AtomicLong value = new AtomicLong();
        Gauge.builder(name, value, AtomicLong::get).description(description).register(registry);
        return value;
    }

    private Counter counter(String name, String description) {
        return Counter.builder(name).description(description).register(registry);
    }

    private Counter bytes(String name, String description) {
        return Counter.builder(name).description(description).baseUnit("bytes").register(registry);
    }

    private Timer timer(String name, String description) {
        return Timer.builder(name)
                .description(description)
                .serviceLevelObjectives(LATENCY_BUCKETS)
                .register(registry);
    }
}
