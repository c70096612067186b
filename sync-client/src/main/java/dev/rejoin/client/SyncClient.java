package dev.rejoin.client;

import dev.rejoin.client.outbox.FileOutbox;
import dev.rejoin.client.outbox.Outbox;
import dev.rejoin.client.outbox.OutboxRecord;
import dev.rejoin.client.outbox.SavedClient;
import dev.rejoin.client.outbox.SavedRejection;
import dev.rejoin.client.outbox.SavedWrite;
import dev.rejoin.client.transport.Connection;
import dev.rejoin.client.transport.ConnectionListener;
import dev.rejoin.client.transport.Connector;
import dev.rejoin.client.transport.WebSocketConnector;
import dev.rejoin.crdt.Chain;
import dev.rejoin.crdt.Commit;
import dev.rejoin.crdt.CommitEvent;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.DotRange;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.PendingTransaction;
import dev.rejoin.crdt.ReplicaConflictException;
import dev.rejoin.crdt.Subscription;
import dev.rejoin.crdt.Values;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.crdt.document.Snapshot;
import dev.rejoin.sync.awareness.PresenceTable;
import dev.rejoin.sync.session.ClientEffects;
import dev.rejoin.sync.session.ClientSession;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.session.PendingWrite;
import dev.rejoin.sync.session.Resume;
import dev.rejoin.sync.session.Settlement;
import dev.rejoin.sync.wire.AckLevel;
import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.Failure;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.ProtocolLimits;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Watermark;
import dev.rejoin.sync.wire.Welcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * One document of a sync server, here: what is written shows at once, is saved, sent, and followed until the server has
 * accepted or refused it; connections are lost and found again by itself.
 *
 * <p>For any thread. Reads and writes run one at a time under the client's lock, so they should be quick. Listeners and
 * futures are called on the client's own thread, in order, without the lock.
 *
 * <h2>How it works</h2>
 *
 * A {@link Document} in judged mode holds confirmed and pending writes. Every step (a write, an update of the server) is
 * appended to the outbox under the lock; the client's one thread, the <em>loop</em>, forces the outbox to disk and only then
 * sends what it covers. So no dot leaves the process that a restart would use again. The protocol is a {@link
 * ClientSession}, one per connection, driven by the loop.
 *
 * <p>Five rare events make a new {@code Document} from the confirmed state: another server takes the place of the one that judged, the replica id was used by somebody else, the
 * document has another epoch or none any more, a verdict is no longer known, a transaction is too large to send. What is still wanted is
 * then issued again, and the outbox is rewritten in one step.
 *
 * <p>Source: docs/reference/sync-protocol.md.
 */
public final class SyncClient implements AutoCloseable {
    private static final String SOFTWARE = "rejoin-java/0.1";
    private static final int MAX_PRESENCE_SESSIONS = 1_024;
    private static final int FRAME_OVERHEAD_BYTES = 64;
    private static final String OUTBOX_FAILED = "outbox-failed";
    private static final Duration DEFAULT_MOVE_AFTER = Duration.ofSeconds(10);
    private static final byte[] NOTHING = {};

    private final Object lock = new Object();
    private final ProtocolLimits limits;
    private final String name;
    private final String token;
    private final Servers servers;
    private final Outbox outbox;
    private final TimeSource time;
    private final SecureRandom random = new SecureRandom();
    private final Backoff backoff = new Backoff(random);
    private final ScheduledExecutorService loop;
    private final List<Consumer<CommitEvent>> changeListeners = new CopyOnWriteArrayList<>();
    private final List<Consumer<ClientStatus>> statusListeners = new CopyOnWriteArrayList<>();
    private final List<Consumer<Map<Long, Object>>> presenceListeners = new CopyOnWriteArrayList<>();
    private final List<Consumer<Rejection>> rejectionListeners = new CopyOnWriteArrayList<>();

    // guarded by lock
    private Document document;
    private ReplicaId replica;
    private byte[] leaseKey;
    private long epoch;
    /* The server that leased the replica id, empty before one has. */
    private String judge;
    /* Own dots up to here may have been sent to the judge. */
    private long offeredThrough;
    private long verdictsKnown;
    private int knownChain;
    private int chain;
    private final TreeMap<Long, Pending> pending = new TreeMap<>();
    private final Map<Long, Rejection> rejections = new LinkedHashMap<>();
    private long nextRejection;
    private long issued;
    private long savedThrough;
    private boolean unsaved;
    private boolean rewriteSuspended;
    private boolean flushScheduled;
    private final ArrayDeque<Runnable> announcements = new ArrayDeque<>();
    private final PresenceTable presences = new PresenceTable(MAX_PRESENCE_SESSIONS, Long.MAX_VALUE);
    private byte[] ownPresence = NOTHING;
    private ConnectionStatus connectionStatus = ConnectionStatus.DISCONNECTED;
    private String code = "";
    /* A server has told this client, since it was built, all that it held when they last connected. */
    private boolean caughtUp;
    private boolean offline;
    private boolean closed;
    private @Nullable ClientStatus announced;

    // used by the loop, under the lock
    private int generation;
    private @Nullable Connection connection;
    private @Nullable ClientSession session;
    private @Nullable ScheduledFuture<?> reconnect;
    private @Nullable ScheduledFuture<?> timer;
    private final LiveSession live;
    private long connectedAt;
    /* When a session was last ended because the replica had opened another; 0 if never. */
    private long replacedAt;

    private SyncClient(Builder builder, Outbox outbox, Servers servers) throws IOException {
        this.limits = builder.limits;
        this.name = builder.document;
        this.token = builder.token;
        this.time = builder.time;
        this.outbox = outbox;
        this.servers = servers;
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "rejoin-client " + builder.document);
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        this.loop = executor;
        this.live = new LiveSession(name, lock, new SessionHost());

        Optional<SavedClient> saved = outbox.load();
        SavedClient client = saved.orElseGet(() -> SavedClient.fresh(ReplicaId.random(random), newLeaseKey()));
        replica = client.replica();
        leaseKey = client.leaseKey();
        epoch = client.epoch();
        judge = client.judge();
        servers.settleAt(judge);
        verdictsKnown = client.verdictsKnown();
        knownChain = client.knownChain();
        chain = client.chain();
        nextRejection = client.nextRejection();
        client.pending().forEach(write -> pending.put(write.first(), Pending.loaded(write)));
        client.rejections().forEach(rejection -> rejections.put(rejection.id(), shown(rejection)));
        issued = client.issuedThrough();
        // what was sent before the restart is not recorded, so all of it may have been
        offeredThrough = judge.isEmpty() && epoch == 0 ? 0 : issued;
        savedThrough = issued;
        document = open(client.confirmed(), client.issuedThrough());
        if (saved.isEmpty()) {
            outbox.rewrite(saved());
        } else {
            outbox.force();
        }
    }

    /** A builder; {@link Builder#url} and {@link Builder#document} are required. */
    public static Builder builder() {
        return new Builder();
    }

    /** Chooses what a client is made of. */
    public static final class Builder {
        private List<URI> urls = List.of();
        private Duration moveAfter = DEFAULT_MOVE_AFTER;
        private String document = "";
        private @Nullable Path outbox;
        private String token = "";
        private TimeSource time = TimeSource.system();
        private ProtocolLimits limits = ProtocolLimits.DEFAULT;
        private @Nullable SSLContext sslContext;
        private List<Servers.Server> reached = List.of();
        private boolean startOffline;

        private Builder() {}

        /** The server's address, for example {@code ws://127.0.0.1:8080/sync}, or {@code wss:} where the server speaks TLS. */
        public Builder url(URI address) {
            return urls(List.of(address));
        }

        /**
         * The addresses of several servers, each with a log of its own. The client is at the first one that takes it in and stays there; when that one has been gone for
         * {@link #moveAfter}, it goes to the next. Addresses of servers that share one log are not to be listed: they are one judge, behind one name.
         *
         * @throws IllegalArgumentException if there is none
         */
        public Builder urls(List<URI> addresses) {
            if (addresses.isEmpty()) {
                throw new IllegalArgumentException("no address");
            }
            urls = List.copyOf(addresses);
            return this;
        }

        /**
         * How long a server has to be gone before the client goes to another one. Until then the old one may still tell what became of what it was sent; afterwards
         * increments among that are listed as {@code unknown-outcome}, and everything else is issued again. Default: 10 s.
         *
         * @throws IllegalArgumentException if it is negative
         */
        public Builder moveAfter(Duration gone) {
            if (gone.isNegative()) {
                throw new IllegalArgumentException("negative: " + gone);
            }
            moveAfter = gone;
            return this;
        }

        /** The document's name. */
        public Builder document(String documentName) {
            document = DocumentName.of(documentName).value();
            return this;
        }

        /** The file that keeps pending writes across restarts. Without one they live as long as the process. */
        public Builder outbox(Path file) {
            outbox = file;
            return this;
        }

        /** Keeps nothing across restarts; the default. */
        public Builder memory() {
            outbox = null;
            return this;
        }

        /** Credentials for the server; one without access control does not look at them. Default: none. */
        public Builder token(String credentials) {
            token = credentials;
            return this;
        }

        /**
         * Whom to trust on {@code wss:}, for a server whose certificate the JVM does not trust. The certificate must name the host of
         * the address all the same. Default: whom the JVM trusts ({@code javax.net.ssl.trustStore}).
         */
        public Builder sslContext(SSLContext trust) {
            sslContext = trust;
            return this;
        }

        /** The clock that stamps registers. Default: the system's. */
        public Builder timeSource(TimeSource source) {
            time = source;
            return this;
        }

        /** Do not connect until {@link SyncClient#goOnline}. */
        public Builder startOffline() {
            startOffline = true;
            return this;
        }

        Builder connector(Connector other) {
            return servers(List.of(new Servers.Server("", other)));
        }

        Builder servers(List<Servers.Server> others) {
            reached = others;
            return this;
        }

        Builder limits(ProtocolLimits other) {
            limits = other;
            return this;
        }

        /**
         * Opens the client: what was pending shows again, and it begins to connect.
         *
         * @throws UncheckedIOException if the outbox cannot be opened, read or written, or is in use by another client
         */
        public SyncClient build() {
            if (document.isEmpty()) {
                throw new IllegalStateException("a client needs a document");
            }
            List<Servers.Server> reachable = reached;
            if (reachable.isEmpty()) {
                if (urls.isEmpty()) {
                    throw new IllegalStateException("a client needs a url");
                }
                reachable = urls.stream()
                        .map(url -> new Servers.Server(
                                url.toString(), new WebSocketConnector(url, limits.maxServerFrameBytes(), sslContext)))
                        .toList();
            }
            Servers servers = new Servers(reachable, moveAfter.toMillis());
            try {
                Outbox box = outbox == null ? Outbox.memory() : FileOutbox.open(outbox);
                try {
                    SyncClient client = new SyncClient(this, box, servers);
                    if (startOffline) {
                        client.offline = true;
                    } else {
                        client.run(client::connect);
                    }
                    return client;
                } catch (IOException | RuntimeException e) {
                    box.close();
                    throw e;
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /**
     * Changes the document, as one transaction: it shows at once, and is taken back as a whole if the body throws, which is thrown
     * on. The body runs on the caller's thread under the client's lock. It costs what it changes; saving and sending happen beside it.
     *
     * @throws IllegalStateException if the client is closed, or its outbox has failed
     */
    public WriteHandle write(Consumer<Document> body) {
        synchronized (lock) {
            requireUsable();
            Document target = document;
            return issued(target.transact(() -> body.accept(target)), new WriteHandle(), 0);
        }
    }

    /**
     * Reads from the document, pending writes included, under the client's lock. What is returned must not be the document or an
     * object of it. What the reader writes by mistake is a write like any other.
     */
    public <T> T read(Function<Document, T> reader) {
        synchronized (lock) {
            T result = reader.apply(document);
            if (document.issued() != issued) {
                adoptStrayWrites();
            }
            return result;
        }
    }

    /** The document as it is now, pending writes included, for any thread. O(1) */
    public Snapshot snapshot() {
        synchronized (lock) {
            return document.snapshot();
        }
    }

    /** What this client has read and written, over all servers. */
    public LiveSession session() {
        return live;
    }

    /**
     * Takes back a write that has not been sent, as if it had never been made; what was written after it stays. A second caller, or one who comes too late, changes nothing.
     *
     * @return true, and the handle then fails with code {@code cancelled} without a rejection on the list; false if the write may have been sent, has its verdict, or is not of this client
     */
    public CompletableFuture<Boolean> cancel(WriteHandle write) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        run(() -> {
            boolean isCancelled = cancelUnsent(write);
            later(() -> done.complete(isCancelled));
        });
        try {
            loop.execute(() -> done.complete(false)); // a closed client has skipped the step
        } catch (RejectedExecutionException e) {
            assert loop.isShutdown();
            done.complete(false);
        }
        return done.copy();
    }

    private boolean cancelUnsent(WriteHandle write) {
        for (Pending each : pending.values()) {
            if (each.handle() == write && each.saved().last() > offeredThrough) {
                replaceByNothing(each);
                write.advance(WriteState.REJECTED);
                live.refused(write);
                Rejection why = new Rejection(
                        0,
                        "cancelled",
                        "taken back by its author",
                        each.mutations(),
                        Instant.ofEpochMilli(time.millis()));
                later(() -> write.reject(why));
                return true;
            }
        }
        return false;
    }

    /** Writes without a verdict, oldest first. */
    public List<WriteHandle> pending() {
        synchronized (lock) {
            return pending.values().stream().map(Pending::handle).toList();
        }
    }

    /** Refused writes that have not been dealt with, oldest first. */
    public List<Rejection> rejections() {
        synchronized (lock) {
            return List.copyOf(rejections.values());
        }
    }

    /**
     * Writes again what was refused, and takes it off the list.
     *
     * @throws IllegalArgumentException if there is no such rejection
     */
    public WriteHandle retry(long rejection) {
        synchronized (lock) {
            requireUsable();
            Rejection refused = requireRejection(rejection);
            Commit commit = document.apply(refused.mutations());
            if (commit.delta().isEmpty()) {
                append(new OutboxRecord.RejectionDropped(rejection));
            }
            rejections.remove(rejection);
            statusChanged();
            return issued(commit, new WriteHandle(), rejection);
        }
    }

    /**
     * Takes a refused write off the list.
     *
     * @throws IllegalArgumentException if there is no such rejection
     */
    public void discard(long rejection) {
        synchronized (lock) {
            requireUsable();
            requireRejection(rejection);
            rejections.remove(rejection);
            append(new OutboxRecord.RejectionDropped(rejection));
            statusChanged();
        }
    }

    /** How the client stands. */
    public ClientStatus status() {
        synchronized (lock) {
            return currentStatus();
        }
    }

    /** How the connection stands. */
    public ConnectionStatus connection() {
        return status().connection();
    }

    /** How the writes stand. */
    public SyncStatus sync() {
        return status().sync();
    }

    /** Calls the listener after each step that changes a value; with no changes listed, anything may have changed. */
    public Subscription onChange(Consumer<CommitEvent> listener) {
        return subscribe(changeListeners, listener);
    }

    /** Calls the listener when the status has changed. */
    public Subscription onStatus(Consumer<ClientStatus> listener) {
        return subscribe(statusListeners, listener);
    }

    /** Calls the listener when a write has been refused. */
    public Subscription onRejection(Consumer<Rejection> listener) {
        return subscribe(rejectionListeners, listener);
    }

    /** Calls the listener with all presences when one of them has changed. */
    public Subscription onPresence(Consumer<Map<Long, Object>> listener) {
        return subscribe(presenceListeners, listener);
    }

    /**
     * Shows a value to the other sessions of the document as long as this one lasts; null shows none. It is not stored. Of more
     * than 20 changes in a second the newest is relayed.
     *
     * @throws IllegalArgumentException if the value takes more than 4 KiB encoded, or is none (see {@link Values#canonical})
     */
    public void presence(@Nullable Object value) {
        byte[] payload = value == null ? NOTHING : Values.encode(value);
        if (payload.length > limits.maxPresenceBytes()) {
            throw new IllegalArgumentException("presence of " + payload.length + " bytes");
        }
        run(() -> {
            ownPresence = payload;
            if (session != null) {
                session.presence(payload, now());
            }
        });
    }

    /** What the other sessions show, by session. */
    public Map<Long, Object> presences() {
        synchronized (lock) {
            return shownPresences();
        }
    }

    /** Leaves the server and stays away until {@link #goOnline}. */
    public void goOffline() {
        run(() -> {
            offline = true;
            servers.isWell(); // time spent away on purpose says nothing about it
            leave();
            become(ConnectionStatus.DISCONNECTED, "");
        });
    }

    /** Connects now, also after an error. */
    public void goOnline() {
        run(() -> {
            offline = false;
            backoff.reset();
            if (connectionStatus == ConnectionStatus.ERROR) {
                become(ConnectionStatus.DISCONNECTED, "");
            }
            if (connection == null && connectionStatus != ConnectionStatus.CONNECTING) {
                connect();
            }
        });
    }

    /**
     * Saves everything, says goodbye and ends, within 10 s. What is pending stays in the outbox file.
     *
     * @throws UncheckedIOException if the outbox cannot be closed
     */
    @Override
    public void close() {
        run(() -> {
            flush();
            closed = true;
            live.closed();
            leave();
            become(ConnectionStatus.CLOSED, "");
        });
        loop.shutdown();
        try {
            if (!loop.awaitTermination(10, TimeUnit.SECONDS)) {
                loop.shutdownNow();
            }
            synchronized (lock) {
                outbox.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void requireUsable() {
        if (closed) {
            throw new IllegalStateException("the client is closed");
        }
        if (code.equals(OUTBOX_FAILED)) {
            throw new IllegalStateException("the outbox cannot be written");
        }
    }

    private Rejection requireRejection(long id) {
        Rejection rejection = rejections.get(id);
        if (rejection == null) {
            throw new IllegalArgumentException("no rejection " + id);
        }
        return rejection;
    }

    private <T> Subscription subscribe(List<Consumer<T>> listeners, Consumer<T> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    private Document open(Delta confirmed, long issuedThrough) {
        Document fresh = Document.builder()
                .replica(replica)
                .judged(true)
                .timeSource(time)
                .build();
        fresh.restore(
                confirmed, pending.values().stream().map(Pending::transaction).toList(), issuedThrough);
        fresh.onCommit(event -> later(() -> changeListeners.forEach(listener -> listener.accept(event))));
        return fresh;
    }

    private WriteHandle issued(Commit commit, WriteHandle handle, long retryOf) {
        long last = document.issued();
        if (commit.delta().isEmpty() || last == issued) {
            handle.advance(WriteState.DURABLE);
            later(handle::announce);
            return handle;
        }
        add(issued + 1, last, commit.delta(), commit.mutations(), handle, retryOf);
        return handle;
    }

    private void add(long first, long last, Delta delta, List<Mutation> mutations, WriteHandle handle, long retryOf) {
        byte[] fragment = delta.encode();
        chain = Chain.extend(chain, fragment);
        issued = last;
        SavedWrite saved = new SavedWrite(first, last, chain, fragment, Mutation.encodeAll(mutations), retryOf);
        pending.put(first, new Pending(saved, delta, mutations, handle));
        live.written(handle, delta);
        append(new OutboxRecord.Written(saved));
        if (fragment.length > limits.maxFrameBytes() - FRAME_OVERHEAD_BYTES) {
            // on the loop, because it rewrites the outbox, which may just be forced
            run(() -> {
                Pending written = pending.get(first);
                if (written != null && written.handle() == handle) {
                    refuseOversized(first);
                }
            });
        }
        statusChanged();
    }

    /** Takes over what a caller wrote where it should only have read. */
    private void adoptStrayWrites() {
        for (PendingTransaction stray : document.pending()) {
            if (stray.first() > issued) {
                add(stray.first(), stray.last(), stray.delta(), stray.mutations(), new WriteHandle(), 0);
            }
        }
    }

    private void refuseOversized(long first) {
        Pending large = Objects.requireNonNull(pending.get(first));
        int bytes = large.saved().fragment().length;
        refuse(large, "too-large", "a write of " + bytes + " bytes is larger than the server takes");
        replaceByNothing(large);
    }

    /** Puts a transaction without effect in the place of one that has not been sent. */
    private void replaceByNothing(Pending unsent) {
        SavedWrite saved = unsent.saved();
        long first = saved.first();
        Delta nothing = Delta.voided(replica, first, saved.last());
        byte[] fragment = nothing.encode();
        SavedWrite small = new SavedWrite(
                saved.first(), saved.last(), 0, fragment, Mutation.encodeAll(List.of()), saved.retryOf());
        pending.put(first, new Pending(small, nothing, List.of(), new WriteHandle()));
        Pending before = pending.lowerEntry(first) == null
                ? null
                : pending.lowerEntry(first).getValue();
        chain = before == null ? knownChain : before.saved().chain();
        for (Map.Entry<Long, Pending> entry : pending.tailMap(first, true).entrySet()) {
            Pending one = entry.getValue();
            SavedWrite old = one.saved();
            chain = Chain.extend(chain, old.fragment());
            SavedWrite linked =
                    new SavedWrite(old.first(), old.last(), chain, old.fragment(), old.mutations(), old.retryOf());
            entry.setValue(new Pending(linked, one.delta(), one.mutations(), one.handle()));
        }
        reopen(document.confirmedState());
    }

    private Rejection refuse(Pending write, String why, String message) {
        Rejection rejection =
                new Rejection(nextRejection++, why, message, write.mutations(), Instant.ofEpochMilli(time.millis()));
        rejections.put(rejection.id(), rejection);
        live.refused(write.handle());
        write.handle().advance(WriteState.REJECTED);
        later(() -> {
            write.handle().reject(rejection);
            rejectionListeners.forEach(listener -> listener.accept(rejection));
        });
        return rejection;
    }

    private void accept(Pending write, AckLevel level) {
        boolean isDurable = level == AckLevel.DURABLE || level == AckLevel.STABLE;
        write.handle().advance(isDurable ? WriteState.DURABLE : WriteState.ACCEPTED);
        later(write.handle()::announce);
    }

    /** Makes a new document of this confirmed state and what is in {@code pending}, and saves that as one state. */
    private void reopen(Delta confirmed) {
        document = open(confirmed, issued);
        rewrite();
        CommitEvent anything = new CommitEvent(CommitEvent.Kind.REMOTE, null, List.of());
        later(() -> changeListeners.forEach(listener -> listener.accept(anything)));
        statusChanged();
    }

    /** Removes settled transactions from {@code pending} and joins their fate to a confirmed state. */
    private Delta joinSettled(Delta confirmed, List<Settlement> settled) {
        Delta joined = confirmed;
        for (Settlement one : settled) {
            Pending write = Objects.requireNonNull(pending.remove(one.first()));
            if (one.isAccepted()) {
                accept(write, one.level());
                joined = joined.join(write.delta());
            } else {
                refuse(write, one.code(), one.message());
                joined = joined.join(Delta.voided(replica, one.first(), one.last()));
            }
        }
        return joined;
    }

    /** The verdicts on these are no longer known, everything else goes on under the same replica id. */
    private void leaveInDoubt(Welcome welcome, List<Settlement> settled, List<PendingWrite> unknown) {
        Delta confirmed = joinSettled(document.confirmedState(), settled);
        verdictsKnown = welcome.judgedThrough();
        knownChain = welcome.chain();
        List<Pending> repeated = new ArrayList<>();
        for (PendingWrite one : unknown) {
            Pending write = Objects.requireNonNull(pending.remove(one.first()));
            if (write.mayRepeat()) {
                repeated.add(write);
            } else {
                refuse(write, "unknown-outcome", "it is not known whether this write was accepted");
            }
        }
        reopen(confirmed);
        repeated.forEach(write -> issued(document.apply(write.mutations()), write.handle(), 0));
    }

    /**
     * Goes on under a new replica id.
     *
     * @param unknown pending transactions that may have been accepted under the old one
     */
    private void takeNewReplica(Delta confirmed, Collection<Long> unknown) {
        List<Pending> open = List.copyOf(pending.values());
        pending.clear();
        replica = ReplicaId.random(random);
        leaseKey = newLeaseKey();
        judge = "";
        offeredThrough = 0;
        verdictsKnown = 0;
        knownChain = Chain.START;
        chain = Chain.START;
        issued = 0;
        savedThrough = 0;
        document = open(confirmed, 0);
        rewriteSuspended = true;
        try {
            for (Pending write : open) {
                if (unknown.contains(write.saved().first()) && !write.mayRepeat()) {
                    refuse(write, "unknown-outcome", "it is not known whether this write was accepted");
                } else {
                    issued(document.apply(write.mutations()), write.handle(), 0);
                }
            }
        } finally {
            rewriteSuspended = false;
        }
        reopen(confirmed);
    }

    /** The document lives another life: drops what was confirmed, and lays what is pending before the user. */
    private void enterOtherEpoch() {
        startOver("epoch-changed", "the document was created anew or restored since this was written");
    }

    private void startOver(String why, String message) {
        for (Pending write : pending.values()) {
            refuse(write, why, message);
        }
        pending.clear();
        epoch = 0;
        live.forget();
        takeNewReplica(Delta.EMPTY, List.of());
    }

    private byte[] newLeaseKey() {
        byte[] key = new byte[Hello.LEASE_KEY_BYTES];
        random.nextBytes(key);
        return key;
    }

    private static Rejection shown(SavedRejection saved) {
        return new Rejection(
                saved.id(),
                saved.code(),
                saved.message(),
                Mutation.decodeAll(saved.mutations()),
                Instant.ofEpochMilli(saved.atMillis()));
    }

    private static SavedRejection saved(Rejection shown) {
        return new SavedRejection(
                shown.id(),
                shown.code(),
                shown.message(),
                Mutation.encodeAll(shown.mutations()),
                shown.at().toEpochMilli());
    }

    private SavedClient saved() {
        return new SavedClient(
                replica,
                leaseKey,
                epoch,
                judge,
                issued,
                verdictsKnown,
                knownChain,
                document.confirmedState(),
                pending.values().stream().map(Pending::saved).toList(),
                rejections.values().stream().map(SyncClient::saved).toList(),
                nextRejection);
    }

    private void append(OutboxRecord record) {
        unsaved = true;
        if (rewriteSuspended) {
            return;
        }
        try {
            outbox.append(record);
        } catch (IOException e) {
            outboxFailed(e);
        }
        if (!flushScheduled) {
            flushScheduled = true;
            run(() -> {});
        }
    }

    private void rewrite() {
        if (rewriteSuspended) {
            return;
        }
        try {
            outbox.rewrite(saved());
            savedNow(issued);
        } catch (IOException e) {
            outboxFailed(e);
        }
    }

    private void outboxFailed(IOException e) {
        become(ConnectionStatus.ERROR, OUTBOX_FAILED);
        drop(1000, "");
        later(() -> Thread.currentThread()
                .getUncaughtExceptionHandler()
                .uncaughtException(Thread.currentThread(), new UncheckedIOException(e)));
    }

    private void savedNow(long through) {
        savedThrough = through;
        unsaved = false;
        if (outbox.isDurable()) {
            for (Pending write : pending.headMap(through, true).values()) {
                if (write.handle().state() == WriteState.LOCAL) {
                    write.handle().advance(WriteState.SAVED_LOCALLY);
                    later(write.handle()::announce);
                }
            }
        }
    }

    private static long now() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    /** Runs a step on the loop: under the lock, then the outbox is forced, then listeners hear of it. */
    private void run(Runnable body) {
        try {
            loop.execute(() -> {
                synchronized (lock) {
                    if (!closed) {
                        body.run();
                    }
                }
                flush();
                announce();
            });
        } catch (RejectedExecutionException e) {
            assert loop.isShutdown();
        }
    }

    private void flush() {
        long through;
        synchronized (lock) {
            flushScheduled = false;
            if (!unsaved || connectionStatus == ConnectionStatus.ERROR && code.equals(OUTBOX_FAILED)) {
                return;
            }
            through = issued;
            unsaved = false;
        }
        ReplicaId forcedUnder = replica;
        try {
            outbox.force();
        } catch (IOException e) {
            synchronized (lock) {
                outboxFailed(e);
            }
            return;
        }
        synchronized (lock) {
            boolean more = unsaved;
            if (replica.equals(forcedUnder)) {
                savedNow(through);
                unsaved = more;
            }
            if (outbox.wantsRewrite()) {
                rewrite();
            }
            ClientSession at = session;
            if (at != null) {
                at.verdictsSaved(verdictsKnown, now());
                at.pump(now());
                markSent();
                schedule();
            }
        }
    }

    private void markSent() {
        ClientSession at = session;
        if (at == null) {
            return;
        }
        for (Pending write : pending.values()) {
            if (!at.hasSent(write.saved().last())) {
                return;
            }
            offeredThrough = Math.max(offeredThrough, write.saved().last());
            write.handle().advance(WriteState.SENT);
        }
    }

    /** Has this done after the step, without the lock. */
    private void later(Runnable announcement) {
        boolean first = announcements.isEmpty();
        announcements.add(announcement);
        if (first) {
            run(() -> {});
        }
    }

    private void announce() {
        while (true) {
            Runnable next;
            synchronized (lock) {
                next = announcements.poll();
            }
            if (next == null) {
                return;
            }
            try {
                next.run();
            } catch (RuntimeException e) {
                // A listener's mistake must not stop the others, nor the loop.
                Thread thread = Thread.currentThread();
                thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
            }
        }
    }

    private void schedule() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
        ClientSession at = session;
        if (at == null || at.nextDeadline() == Long.MAX_VALUE || loop.isShutdown()) {
            return;
        }
        int mine = generation;
        timer = loop.schedule(
                () -> run(() -> {
                    ClientSession due = session;
                    if (mine == generation && due != null) {
                        due.tick(now());
                        schedule();
                    }
                }),
                Math.max(0, at.nextDeadline() - now()),
                TimeUnit.MILLISECONDS);
    }

    private void connect() {
        if (offline || closed || connection != null) {
            return;
        }
        if (reconnect != null) {
            reconnect.cancel(false);
            reconnect = null;
        }
        servers.moveIfDue(now());
        become(ConnectionStatus.CONNECTING, code);
        int mine = ++generation;
        servers.current().connector().connect(new ConnectionListener() {
            @Override
            public void opened(Connection to) {
                run(() -> {
                    if (mine == generation) {
                        greet(to);
                    } else {
                        to.close(1000, "");
                    }
                });
            }

            @Override
            public void message(byte[] message) {
                run(() -> {
                    if (mine == generation) {
                        receive(message);
                    }
                });
            }

            @Override
            public void part() {
                run(() -> {
                    ClientSession at = session;
                    if (mine == generation && at != null) {
                        at.heard(now());
                    }
                });
            }

            @Override
            public void closed(int closeCode, String reason) {
                run(() -> {
                    if (mine == generation) {
                        lost(closeCode, reason);
                    }
                });
            }
        });
    }

    private void greet(Connection to) {
        String at = servers.current().judge();
        if (!judge.isEmpty() && !judge.equals(at)) {
            takeNewReplica(document.confirmedState(), offered());
        }
        try {
            outbox.force(); // a Hello speaks of what is durably known
        } catch (IOException e) {
            outboxFailed(e);
            to.close(1000, "");
            return;
        }
        connection = to;
        caughtUp = false;
        savedNow(issued);
        Hello hello = new Hello(
                name,
                replica.bits(),
                leaseKey,
                epoch,
                epoch == 0 ? NOTHING : document.confirmedVersion().encode(),
                verdictsKnown,
                SOFTWARE,
                token,
                live.greeting());
        session = new ClientSession(limits, hello, knownChain, this::sendable, new Effects(to), now());
        to.next();
        schedule();
    }

    /** Notes durably which server judges this replica id, before anything is sent to it; false if that has failed. */
    private boolean bindTo(String server) {
        if (judge.equals(server)) {
            return true;
        }
        judge = server;
        append(new OutboxRecord.JudgeLearned(server));
        try {
            outbox.force();
            return true;
        } catch (IOException e) {
            outboxFailed(e);
            return false;
        }
    }

    private Optional<PendingWrite> sendable(long after) {
        Map.Entry<Long, Pending> next = pending.higherEntry(after);
        return next == null || next.getValue().saved().last() > savedThrough
                ? Optional.empty()
                : Optional.of(next.getValue().wire());
    }

    private void receive(byte[] message) {
        ClientSession at = session;
        if (at == null) {
            return;
        }
        try {
            at.received(message, now());
        } catch (MalformedDeltaException | ReplicaConflictException e) {
            become(ConnectionStatus.ERROR, FailureCode.MALFORMED.label());
            drop(FailureCode.MALFORMED.closeCode(), FailureCode.MALFORMED.label());
        }
        markSent();
        if (connection != null) {
            connection.next();
        }
        schedule();
    }

    private void lost(int closeCode, String reason) {
        if (session != null) {
            session.disconnected();
        }
        Optional<FailureCode> known = FailureCode.of(reason);
        drop(0, "");
        if (FailureCode.isFinal(closeCode)) {
            ended(known.map(FailureCode::label).orElse("closed-" + closeCode), false);
        }
        retryLater();
    }

    /** Pending transactions that the judge may have been sent. */
    private List<Long> offered() {
        return pending.values().stream()
                .filter(write -> write.saved().last() <= offeredThrough)
                .map(write -> write.saved().first())
                .toList();
    }

    /** What the end of a session means beyond the connection. */
    private void ended(String why, boolean isRetryable) {
        if (why.equals(FailureCode.REPLICA_CONFLICT.label())) {
            takeNewReplica(document.confirmedState(), offered());
        } else if (why.equals(FailureCode.SESSION_REPLACED.label())) {
            replaced();
        } else if (why.equals(FailureCode.EQUIVOCATION.label())) {
            takeNewReplica(document.confirmedState(), List.copyOf(pending.keySet()));
        } else if (why.equals(FailureCode.EPOCH_CHANGED.label())) {
            enterOtherEpoch();
        } else if (why.equals(FailureCode.DOCUMENT_DELETED.label())) {
            startOver(why, "the document was deleted");
            become(ConnectionStatus.ERROR, why);
            return;
        } else if (!isRetryable) {
            become(ConnectionStatus.ERROR, why);
            return;
        }
        become(ConnectionStatus.DISCONNECTED, why);
    }

    /**
     * Another session has opened under this replica id. It may be the last breath of a connection of this client's own, whose
     * Hello was read late; the next Welcome tells what became of each write. If it comes again at once, a copy of this
     * client is alive, and one of the two has to give way.
     */
    private void replaced() {
        long at = now();
        if (replacedAt != 0 && at - replacedAt < Backoff.HEALTHY_MILLIS) {
            takeNewReplica(document.confirmedState(), List.copyOf(pending.keySet()));
            replacedAt = 0;
        } else {
            replacedAt = at;
        }
    }

    private void leave() {
        if (reconnect != null) {
            reconnect.cancel(false);
            reconnect = null;
        }
        if (session != null) {
            session.leave(now());
        }
        drop(1000, "");
    }

    /** Lets go of the connection; close code 0 if it has closed already. */
    private void drop(int closeCode, String reason) {
        generation++;
        Connection old = connection;
        connection = null;
        session = null;
        live.disconnected();
        if (old != null && closeCode != 0) {
            old.close(closeCode, reason);
        }
        if (connectedAt != 0 && now() - connectedAt >= Backoff.HEALTHY_MILLIS) {
            backoff.reset();
        }
        connectedAt = 0;
        if (presences.size() > 0) {
            presences.clear();
            presenceChanged();
        }
        schedule();
    }

    private void retryLater() {
        servers.failed(now());
        if (offline || closed || connection != null || reconnect != null || loop.isShutdown()) {
            return;
        }
        if (connectionStatus == ConnectionStatus.ERROR) {
            return;
        }
        become(ConnectionStatus.DISCONNECTED, code);
        reconnect = loop.schedule(
                () -> run(() -> {
                    reconnect = null;
                    connect();
                }),
                backoff.next(),
                TimeUnit.MILLISECONDS);
    }

    /** What the session over all connections asks for. */
    private final class SessionHost implements LiveSession.Host {
        @Override
        public void later(Runnable announcement) {
            SyncClient.this.later(announcement);
        }

        @Override
        public Subscription after(long millis, Runnable step) {
            if (loop.isShutdown()) {
                return () -> {};
            }
            ScheduledFuture<?> due = loop.schedule(() -> run(step), millis, TimeUnit.MILLISECONDS);
            return () -> due.cancel(false);
        }

        @Override
        public void ask(Await question) {
            run(() -> {
                if (session != null) {
                    session.await(question, SyncClient.now());
                }
            });
        }

        @Override
        public Snapshot snapshot() {
            return document.snapshot();
        }

        @Override
        public Map<WriteHandle, Delta> pending() {
            Map<WriteHandle, Delta> open = new LinkedHashMap<>();
            pending.values().forEach(write -> open.put(write.handle(), write.delta()));
            return open;
        }

        @Override
        public long now() {
            return SyncClient.now();
        }
    }

    /** What the session of one connection asks for. */
    private final class Effects implements ClientEffects {
        private final Connection to;

        Effects(Connection to) {
            this.to = to;
        }

        @Override
        public void send(byte[] frame) {
            to.send(frame);
        }

        @Override
        public void close(int closeCode, String reason) {
            drop(closeCode, reason);
            retryLater();
        }

        @Override
        public void welcomed(Welcome welcome, Resume resume) {
            if (resume instanceof Resume.Continued continued) {
                if (epoch != welcome.epoch()) {
                    epoch = welcome.epoch();
                    append(new OutboxRecord.EpochLearned(epoch));
                }
                servers.isWell();
                if (!bindTo(servers.current().judge())) {
                    return;
                }
                connectedAt = now();
                if (continued.unknown().isEmpty()) {
                    confirm(NOTHING, continued.settled());
                } else {
                    leaveInDoubt(welcome, continued.settled(), continued.unknown());
                }
                become(ConnectionStatus.CONNECTED, "");
                live.welcomed(welcome);
                ClientSession at = session;
                if (at != null && ownPresence.length > 0) {
                    at.presence(ownPresence, now());
                }
            } else if (resume instanceof Resume.Forked forked) {
                Delta confirmed = joinSettled(document.confirmedState(), forked.settled());
                takeNewReplica(
                        confirmed,
                        forked.unknown().stream().map(PendingWrite::first).toList());
            } else {
                enterOtherEpoch();
            }
        }

        @Override
        public void update(Update update, List<Settlement> settled) {
            confirm(update.fragment(), settled);
            live.updated(update);
            if (!caughtUp) {
                caughtUp = true;
                statusChanged();
            }
        }

        @Override
        public void watermark(Watermark watermark) {
            live.heard(watermark);
        }

        @Override
        public void presence(long from, byte[] payload) {
            Object value;
            try {
                value = payload.length == 0 ? Values.NULL : Values.decode(payload);
            } catch (MalformedDeltaException e) {
                return; // another session's mistake, and only about what is shown of it
            }
            assert value != null;
            if (presences.put(from, payload, now())) {
                presenceChanged();
            }
        }

        @Override
        public void oversized(PendingWrite write, int maxFragmentBytes) {
            refuseOversized(write.first());
        }

        @Override
        public void failed(Failure failure) {
            ended(failure.code(), failure.retryable());
        }
    }

    /** Applies confirmed state and verdicts, in the document and the outbox, as one step each. */
    private void confirm(byte[] fragment, List<Settlement> settled) {
        if (fragment.length == 0 && settled.isEmpty()) {
            return;
        }
        Delta remote = fragment.length == 0 ? Delta.EMPTY : Delta.decode(fragment);
        List<DotRange> voided = new ArrayList<>();
        for (Settlement one : settled) {
            if (!one.isAccepted()) {
                voided.add(new DotRange(one.first(), one.last()));
            }
        }
        long ackedThrough =
                settled.isEmpty() ? 0 : settled.get(settled.size() - 1).last();
        document.confirm(remote, ackedThrough, voided);
        List<SavedRejection> refused = new ArrayList<>();
        for (Settlement one : settled) {
            Pending write = Objects.requireNonNull(pending.remove(one.first()));
            verdictsKnown = one.last();
            knownChain = write.saved().chain();
            if (one.isAccepted()) {
                accept(write, one.level());
            } else if (!write.mutations().isEmpty()) {
                refused.add(saved(refuse(write, one.code(), one.message())));
            }
        }
        append(new OutboxRecord.Confirmed(
                fragment, ackedThrough, voided.stream().map(DotRange::first).toList(), refused));
        if (!settled.isEmpty()) {
            statusChanged();
        }
    }

    private void become(ConnectionStatus status, String why) {
        connectionStatus = status;
        code = why;
        statusChanged();
    }

    private ClientStatus currentStatus() {
        SyncStatus sync;
        boolean isUp = connectionStatus == ConnectionStatus.CONNECTED;
        if (!pending.isEmpty()) {
            sync = isUp
                    ? SyncStatus.SYNCHRONIZING
                    : connectionStatus == ConnectionStatus.ERROR ? SyncStatus.BLOCKED : SyncStatus.OFFLINE_PENDING;
        } else if (!rejections.isEmpty()) {
            sync = SyncStatus.REJECTED;
        } else {
            sync = caughtUp ? SyncStatus.SYNCHRONIZED : SyncStatus.SYNCHRONIZING;
        }
        return new ClientStatus(connectionStatus, code, sync, pending.size(), rejections.size());
    }

    private void statusChanged() {
        ClientStatus status = currentStatus();
        if (!status.equals(announced)) {
            announced = status;
            later(() -> statusListeners.forEach(listener -> listener.accept(status)));
        }
    }

    private void presenceChanged() {
        Map<Long, Object> all = shownPresences();
        later(() -> presenceListeners.forEach(listener -> listener.accept(all)));
    }

    private Map<Long, Object> shownPresences() {
        Map<Long, Object> shown = new LinkedHashMap<>();
        presences.snapshot().forEach((from, payload) -> shown.put(from, Values.decode(payload)));
        return Collections.unmodifiableMap(shown);
    }
}
