package dev.rejoin.server;

import dev.rejoin.crdt.DeltaLimits;
import dev.rejoin.crdt.Subscription;
import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.crdt.yjs.UpdateLimits;
import dev.rejoin.server.access.AccessPolicy;
import dev.rejoin.server.access.GuardedAccess;
import dev.rejoin.server.metrics.ServerMetrics;
import dev.rejoin.server.replication.ClusterEpochs;
import dev.rejoin.server.room.ContentValidator;
import dev.rejoin.server.room.DocumentEntry;
import dev.rejoin.server.room.DocumentNotice;
import dev.rejoin.server.room.Epochs;
import dev.rejoin.server.room.MutationValidator;
import dev.rejoin.server.room.OtherServers;
import dev.rejoin.server.room.RoomHandle;
import dev.rejoin.server.room.RoomKit;
import dev.rejoin.server.room.RoomOptions;
import dev.rejoin.server.room.Rooms;
import dev.rejoin.server.storage.DeltaLog;
import dev.rejoin.server.storage.Durability;
import dev.rejoin.server.storage.LogBounds;
import dev.rejoin.server.storage.LogName;
import dev.rejoin.server.storage.LogWriter;
import dev.rejoin.server.storage.MemoryDeltaLog;
import dev.rejoin.server.storage.SqliteDeltaLog;
import dev.rejoin.server.storage.StoreDownException;
import dev.rejoin.server.transport.Endpoints;
import dev.rejoin.server.transport.EventLoops;
import dev.rejoin.server.transport.RateLimits;
import dev.rejoin.server.transport.StatelessListener;
import dev.rejoin.server.transport.Tls;
import dev.rejoin.server.transport.Transport;
import dev.rejoin.server.transport.TransportOptions;
import dev.rejoin.server.transport.WebRoot;
import dev.rejoin.sync.awareness.AwarenessLimits;
import dev.rejoin.sync.session.ClusterSecret;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.wire.AckLevel;
import dev.rejoin.sync.wire.ProtocolLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running sync server: its log, its rooms, its port. To be started on its own by {@link Main} or inside another program.
 * For any thread. The threads of its sockets keep the process alive until it is closed.
 *
 * <pre>{@code
 * try (SyncServer server = SyncServer.builder().port(0).data(Path.of("data")).start()) {
 *     server.document("notes/today").transact(document -> document.counter("visits").increment());
 * }
 * }</pre>
 */
public final class SyncServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SyncServer.class);

    /* Bounds of one transaction, docs/reference/sync-protocol.md. */
    private static final int MAX_REPLICAS_PER_TRANSACTION = 4_096;
    private static final int MAX_DOTS_PER_TRANSACTION = 65_536;
    private static final int MAX_OBJECTS_PER_TRANSACTION = 4_096;

    private static final int WORKERS = 2;
    private static final int EXCHANGES = 2;

    /** What closing one connection may take: its last verdicts, and its peer's answer to the close. */
    private static final Duration DRAIN_GRACE = Duration.ofSeconds(3);

    /** How often what was deleted long enough ago is looked for. */
    private static final Duration EXPIRY_INTERVAL = Duration.ofHours(1);

    private final ServerConfig config;
    private final ServerMetrics metrics = new ServerMetrics();
    /* What is running, the last started first. */
    private final Deque<Runnable> running = new ArrayDeque<>();
    private final GuardedAccess access;
    private final @Nullable Tls tls;
    private final LogWriter log;
    private final Rooms rooms;
    private final Transport transport;
    private final @Nullable Peers peers;
    private volatile boolean draining;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    private SyncServer(Builder builder) throws IOException {
        this.config = builder.config;
        try {
            ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(threads("rejoin-timer", 1));
            running.push(timer::shutdownNow);
            access = openAccess(builder, timer);
            tls = openTls(timer);
            ScheduledExecutorService logThread = Executors.newSingleThreadScheduledExecutor(threads("rejoin-log", 1));
            running.push(logThread::shutdown);
            ExecutorService loader = executor("rejoin-loader", 1);
            ExecutorService workers = executor("rejoin-worker", WORKERS);
            SecureRandom random = new SecureRandom();
            DeltaLog rows = builder.open();
            running.push(rows::close);
            long logName = LogName.of(rows, random::nextLong);
            log = LogWriter.open(
                    rows,
                    new SystemClock(),
                    random.nextLong(),
                    (task, after) -> logThread.schedule(task, after, TimeUnit.NANOSECONDS),
                    loader,
                    bounds(),
                    Observers.ofLog(metrics));
            running.pop();
            running.push(log::close);
            expireDeleted(timer);
            ExecutorService exchange = exchangeThreads();
            metrics.observeQueue(log::waitingEntries, log::waitingBytes);
            metrics.limits(config.get(ServerConfig.MAX_CONNECTIONS), config.get(ServerConfig.MAX_BACKLOG));
            int threads = config.get(ServerConfig.THREADS);
            EventLoops loops = EventLoops.start(
                    threads > 0 ? threads : Runtime.getRuntime().availableProcessors());
            running.push(loops::close);
            AckLevel level = log.durability() == Durability.DISK ? AckLevel.DURABLE : AckLevel.ACCEPTED;
            Optional<ClusterSecret> secret = Peers.secret(config);
            Epochs epochs = secret.<Epochs>map(ClusterEpochs::new).orElseGet(() -> Epochs.random(random));
            AtomicReference<@Nullable Peers> cluster = new AtomicReference<>();
            rooms = new Rooms(
                    loops.roomLoops(),
                    new RoomKit(
                            new LogBridge(log, logName, workers),
                            builder.validator,
                            builder.contentValidator,
                            roomOptions(),
                            deltaLimits(),
                            // of any length: that of a peer is bounded by its frame, that of a stored content is not
                            UpdateLimits.DEFAULT,
                            AwarenessLimits.DEFAULT,
                            TimeSource.system(),
                            random,
                            level,
                            Observers.ofRooms(metrics),
                            secret.isPresent() ? Peers.asOthers(cluster::get) : OtherServers.NONE,
                            epochs));
            peers = secret.map(known -> Peers.open(
                            config,
                            known,
                            rooms,
                            loops,
                            logName,
                            log.incarnation(),
                            builder.time,
                            random,
                            Observers.ofReplication(metrics.replication())))
                    .orElse(null);
            cluster.set(peers);
            if (peers != null) {
                Peers followed = peers;
                metrics.replication()
                        .observe(() -> followed.links().stream()
                                .map(Observers::reading)
                                .toList());
            }
            running.push(this::closeRooms);
            openWebhooks(timer, random);
            transport = Transport.start(
                    loops,
                    transportOptions(),
                    rooms,
                    access,
                    builder.listener,
                    ProtocolLimits.DEFAULT.withHeartbeatMillis(
                            (int) config.get(ServerConfig.HEARTBEAT).toMillis()),
                    new Endpoints(
                            () -> true,
                            this::isReady,
                            metrics::page,
                            builder.webRoot(),
                            new LiveExchange(log, rooms, exchange, random, config.get(ServerConfig.MAX_DOCUMENT)),
                            FlowSettings.json(config),
                            SessionSettings.seal(config).orElse(null),
                            peers == null ? null : peers::accept),
                    workers,
                    TimeSource.system(),
                    Observers.ofTransport(metrics),
                    tls);
            metrics.observeParked(transport::parkedRequests);
            // Sessions hear of the end from their rooms, so the port stops taking new ones first and closes afterwards.
            Runnable roomsClose = running.pop();
            running.push(transport::close);
            running.push(roomsClose);
            running.push(transport::stopAccepting);
            if (peers != null) {
                peers.start(config, timer, builder.resolver, builder.resolveEvery);
                running.push(peers::close);
            }
        } catch (IOException | RuntimeException failure) {
            close();
            throw failure;
        }
    }

    /** A builder with the default settings. */
    public static Builder builder() {
        return new Builder();
    }

    /** Where it listens; the port is the real one even if 0 was asked for. */
    public InetSocketAddress address() {
        return transport.address();
    }

    /** The port it listens on. */
    public int port() {
        return address().getPort();
    }

    /** Address of the page at {@code /}, for a browser on this machine if it listens on all interfaces. */
    public URI uri() {
        String host = address().getAddress().isAnyLocalAddress() ? "localhost" : config.get(ServerConfig.HOST);
        return URI.create((tls == null ? "http" : "https") + "://" + (host.contains(":") ? "[" + host + "]" : host)
                + ":" + port() + "/");
    }

    /** Address for sync clients. */
    public URI syncUri() {
        return URI.create("ws" + uri().toString().substring("http".length()) + "sync");
    }

    /**
     * One document, for trusted code in this process.
     *
     * @throws IllegalArgumentException if this is no name of a document
     */
    public RoomHandle document(String name) {
        return rooms.document(DocumentName.of(name));
    }

    /**
     * Calls {@code listener} after each commit that changes a document, whichever and whoever wrote, until the subscription is closed. It is called on the
     * thread that owns the document: it must be quick and must not block. What it throws is logged.
     */
    public Subscription onChange(Consumer<DocumentNotice> listener) {
        return rooms.onChange(listener);
    }

    /**
     * Part of the list of all documents, in the order of the bytes of their names in UTF-8. Fails with {@link dev.rejoin.server.room.DocumentUnavailableException}.
     *
     * @param prefix of the names; empty for all
     * @param after the last name of the part before; empty for the first part
     * @param limit at most so many; fewer are the end of the list
     */
    public CompletionStage<List<DocumentEntry>> documents(String prefix, String after, int limit) {
        return rooms.list(prefix, after, limit);
    }

    /** Whether it takes writes: the log works and it is not ending. */
    public boolean isReady() {
        return !draining && log.isReady();
    }

    /** What it counts about itself; {@code metrics().page()} is the page of {@code /metrics}. */
    public ServerMetrics metrics() {
        return metrics;
    }

    /** The other servers of its cluster; empty if it belongs to none. */
    public Optional<Peers> peers() {
        return Optional.ofNullable(peers);
    }

    /** Who may do what; answers always, and denies when the policy fails. */
    public AccessPolicy access() {
        return access;
    }

    /** Its settings. */
    public ServerConfig config() {
        return config;
    }

    /** What an ack of this server survives. */
    public Durability durability() {
        return log.durability();
    }

    /** What and where the log is, for the operator. */
    public String storage() {
        return log.description();
    }

    /**
     * Ends the server as {@link #close} does, but lets its clients go one after the other, over {@link ServerConfig#DRAIN}, so
     * that they do not all come back at the same moment; each when what it has sent is answered. {@code /readyz} says no from the
     * beginning. {@link #close} from another thread cuts it short.
     */
    public void drain() {
        draining = true;
        Duration over = config.get(ServerConfig.DRAIN);
        try {
            CompletableFuture<Void> gone = transport.drain(over.toMillis()).toCompletableFuture();
            CompletableFuture.anyOf(gone, closed).get(over.plus(DRAIN_GRACE).toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException late) {
            LOG.debug("closed by another thread meanwhile", late);
        } catch (TimeoutException late) {
            LOG.warn("not all connections closed within {}", Quantity.durationText(over.plus(DRAIN_GRACE)));
        } catch (ExecutionException failure) {
            LOG.error("connections did not close", failure.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        close();
    }

    /**
     * Ends the server: takes no new connections, commits what is there, tells every session {@code shutting-down}, and
     * releases port, data directory and threads. Waits for commits no longer than {@link ServerConfig#SHUTDOWN_TIMEOUT}.
     */
    @Override
    public void close() {
        draining = true;
        synchronized (running) {
            while (!running.isEmpty()) {
                try {
                    running.pop().run();
                } catch (RuntimeException failure) {
                    LOG.error("while ending", failure);
                }
            }
        }
        closed.complete(null);
    }

    private void expireDeleted(ScheduledExecutorService timer) {
        long retention = config.get(ServerConfig.DELETED_RETENTION).toMillis();
        long interval = Math.min(retention, EXPIRY_INTERVAL.toMillis());
        timer.scheduleWithFixedDelay(
                () -> log.expire(TimeSource.system().millis() - retention).whenComplete((count, failure) -> {
                    if (failure == null && count > 0) {
                        metrics.expired(count);
                        LOG.info("{} documents were deleted {} ago; their data are gone", count, retentionText());
                    }
                }),
                interval,
                interval,
                TimeUnit.MILLISECONDS);
    }

    private String retentionText() {
        return Quantity.durationText(config.get(ServerConfig.DELETED_RETENTION));
    }

    private void closeRooms() {
        Duration timeout = config.get(ServerConfig.SHUTDOWN_TIMEOUT);
        try {
            rooms.close().toCompletableFuture().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            LOG.warn("documents did not close within {}", Quantity.durationText(timeout));
        } catch (ExecutionException failure) {
            LOG.error("documents did not close", failure.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private ExecutorService executor(String name, int threads) {
        ExecutorService executor = Executors.newFixedThreadPool(threads, threads(name, threads));
        running.push(executor::shutdown);
        return executor;
    }

    /** For exports and imports of the whole store; more than these at a time are rejected. */
    private ExecutorService exchangeThreads() {
        ExecutorService executor = new ThreadPoolExecutor(
                0, EXCHANGES, 1, TimeUnit.SECONDS, new SynchronousQueue<>(), threads("rejoin-exchange", EXCHANGES));
        running.push(executor::shutdownNow);
        return executor;
    }

    private static ThreadFactory threads(String name, int threads) {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, threads == 1 ? name : name + "-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    private @Nullable Tls openTls(ScheduledExecutorService timer) {
        Tls opened = TlsSettings.open(config, TimeSource.system(), timer).orElse(null);
        if (opened != null) {
            running.push(opened::close);
            metrics.observeCertificate(opened::secondsToExpiry);
        }
        return opened;
    }

    /** They end after the rooms. */
    private void openWebhooks(ScheduledExecutorService timer, SecureRandom random) {
        WebhookSettings.open(config, timer, TimeSource.system(), random, Observers.ofWebhooks(metrics))
                .ifPresent(webhooks -> {
                    metrics.observeWebhooks(webhooks::waiting, webhooks::openCircuits);
                    Subscription heard = rooms.onChange(webhooks::tell);
                    Runnable roomsClose = running.pop();
                    running.push(webhooks::close);
                    running.push(heard::close);
                    running.push(roomsClose);
                });
    }

    private GuardedAccess openAccess(Builder builder, ScheduledExecutorService timer) {
        if (builder.access != null) {
            return new GuardedAccess(builder.access, TimeSource.system(), timer);
        }
        AccessSettings settings = new AccessSettings(config);
        if (!settings.hasKeys() && !settings.isOpen()) {
            settings.requireLoopback();
            LOG.warn("access is not configured: everybody on this machine may write every document");
        }
        AccessPolicy policy = settings.policy(TimeSource.system(), timer);
        running.push(policy::close);
        return new GuardedAccess(policy, TimeSource.system(), timer);
    }

    private LogBounds bounds() {
        LogBounds standard = LogBounds.DEFAULT;
        long full = config.get(ServerConfig.MAX_BACKLOG);
        return new LogBounds(
                full,
                standard.fullEntries(),
                full / 4,
                standard.highEntries(),
                standard.groupBytes(),
                standard.groupEntries(),
                config.get(ServerConfig.COMMIT_PACE).toNanos());
    }

    private RoomOptions roomOptions() {
        RoomOptions standard = RoomOptions.DEFAULTS;
        return new RoomOptions(
                config.get(ServerConfig.IDLE_UNLOAD).toMillis(),
                config.get(ServerConfig.SNAPSHOT_BYTES),
                config.get(ServerConfig.SNAPSHOT_ENTRIES),
                config.get(ServerConfig.MAX_DOCUMENT),
                standard.maxReplicas(),
                standard.maxClockSkewMillis(),
                standard.quarantineMillis(),
                config.get(ServerConfig.HOT_CONTENT));
    }

    private DeltaLimits deltaLimits() {
        return new DeltaLimits(
                Math.toIntExact(config.get(ServerConfig.MAX_FRAME)),
                MAX_REPLICAS_PER_TRANSACTION,
                MAX_DOTS_PER_TRANSACTION,
                MAX_DOTS_PER_TRANSACTION,
                MAX_OBJECTS_PER_TRANSACTION);
    }

    private TransportOptions transportOptions() {
        TransportOptions standard = TransportOptions.DEFAULTS;
        return new TransportOptions(
                config.get(ServerConfig.HOST),
                config.get(ServerConfig.PORT),
                config.get(ServerConfig.MAX_CONNECTIONS),
                rates(),
                standard.openingDeadlineMillis(),
                standard.requestBodyDeadlineMillis(),
                standard.keepAliveMillis(),
                Math.toIntExact(config.get(ServerConfig.MAX_BODY)),
                Math.toIntExact(config.get(ServerConfig.MAX_FRAME)),
                standard.writeHighMarkBytes(),
                standard.writeLowMarkBytes(),
                config.get(ServerConfig.STALL_TIMEOUT).toMillis(),
                standard.inboundBudgetBytes(),
                config.get(ServerConfig.ALLOW_ORIGIN));
    }

    private RateLimits rates() {
        return new RateLimits(
                new RateLimits.Bounds(
                        config.get(ServerConfig.MAX_CONNECTIONS_PER_ADDRESS),
                        config.get(ServerConfig.CONNECTION_RATE_PER_ADDRESS),
                        config.get(ServerConfig.MESSAGE_RATE_PER_ADDRESS),
                        config.get(ServerConfig.BYTE_RATE_PER_ADDRESS),
                        config.get(ServerConfig.DOCUMENT_RATE_PER_ADDRESS)),
                new RateLimits.Bounds(
                        config.get(ServerConfig.MAX_CONNECTIONS_PER_PRINCIPAL),
                        0,
                        config.get(ServerConfig.MESSAGE_RATE_PER_PRINCIPAL),
                        config.get(ServerConfig.BYTE_RATE_PER_PRINCIPAL),
                        config.get(ServerConfig.DOCUMENT_RATE_PER_PRINCIPAL)),
                config.get(ServerConfig.TRUSTED_PROXIES));
    }

    /** Collects what a server is made of. */
    public static final class Builder {
        private ServerConfig config = ServerConfig.DEFAULTS;
        private MutationValidator validator = MutationValidator.ACCEPT_ALL;
        private ContentValidator contentValidator = ContentValidator.ACCEPT_ALL;
        private @Nullable WebRoot web;
        private @Nullable DeltaLog log;
        private @Nullable AccessPolicy access;
        private StatelessListener listener = StatelessListener.NONE;
        private TimeSource time = TimeSource.system();
        private Peers.Resolver resolver = InetAddress::getAllByName;
        private Duration resolveEvery = Peers.RESOLVE_EVERY;

        private Builder() {}

        /** All settings at once; those set before are forgotten. */
        public Builder config(ServerConfig all) {
            config = all;
            return this;
        }

        /** Address to listen on; the default can only be reached from this machine. */
        public Builder host(String host) {
            config = config.with(ServerConfig.HOST, host);
            return this;
        }

        /** 0 takes a free one, see {@link SyncServer#port()}. */
        public Builder port(int port) {
            config = config.with(ServerConfig.PORT, port);
            return this;
        }

        /** Keeps the documents there; without it they live in memory. */
        public Builder data(Path directory) {
            config = config.with(ServerConfig.DATA, Optional.of(directory));
            return this;
        }

        /** Decides about the writes of clients; without it all are welcome. */
        public Builder validator(MutationValidator judge) {
            validator = judge;
            return this;
        }

        /** Decides about changes of content, by editors and over HTTP; without it all are welcome, and nothing is worked out. */
        public Builder contentValidator(ContentValidator judge) {
            contentValidator = judge;
            return this;
        }

        /** Asks this policy who may do what, instead of the one in the settings. The caller closes it, after the server. */
        public Builder access(AccessPolicy policy) {
            access = policy;
            return this;
        }

        /**
         * Hears what applications send beside documents, with {@code sendStateless} of a Hocuspocus provider. What the server has to
         * say that way goes through {@link RoomHandle#sendStateless}.
         */
        public Builder onStateless(StatelessListener hearer) {
            listener = hearer;
            return this;
        }

        /** Who is asked for the addresses of the other servers, and how often. */
        Builder resolver(Peers.Resolver names, Duration every) {
            resolver = names;
            resolveEvery = every;
            return this;
        }

        /** The clock that other servers are told. */
        Builder time(TimeSource clock) {
            time = clock;
            return this;
        }

        /** Serves these files at {@code /}, instead of the directory in the settings. */
        public Builder web(WebRoot files) {
            web = files;
            return this;
        }

        /** Keeps the documents in this log, instead of the directory in the settings. The server closes it. */
        public Builder log(DeltaLog rows) {
            log = rows;
            return this;
        }

        /**
         * Starts the server.
         *
         * @throws java.net.BindException if the port cannot be bound; the message says what to do
         * @throws IOException if something else about the network fails
         * @throws StoreDownException if the data directory cannot be used
         * @throws BadOptionException if the settings for access or for TLS cannot be used, or others than this machine could reach the
         *     server while there are none
         */
        public SyncServer start() throws IOException {
            return new SyncServer(this);
        }

        private DeltaLog open() {
            if (log != null) {
                return log;
            }
            return config.get(ServerConfig.DATA)
                    .<DeltaLog>map(SqliteDeltaLog::open)
                    .orElseGet(MemoryDeltaLog::new);
        }

        private @Nullable WebRoot webRoot() {
            return web != null
                    ? web
                    : config.get(ServerConfig.WEB).map(WebRoot::directory).orElse(null);
        }
    }
}
