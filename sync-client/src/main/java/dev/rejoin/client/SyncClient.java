package dev.rejoin.client;

import dev.rejoin.client.outbox.FileOutbox;
import dev.rejoin.client.outbox.Outbox;
import dev.rejoin.client.outbox.SavedClient;
import dev.rejoin.client.transport.Connector;
import dev.rejoin.client.transport.WebSocketConnector;
import dev.rejoin.crdt.CommitEvent;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Subscription;
import dev.rejoin.crdt.Values;
import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.crdt.document.Snapshot;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.ProtocolLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
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
 * sends what it covers. So no dot leaves the process that a restart would use again. The {@link Ledger} holds the document and keeps the books about its
 * writes, the {@link ClientLink} the connection, with a {@code ClientSession} of the protocol on each.
 *
 * <p>Rare events make a new {@code Document} from the confirmed state: another server takes the place of the one that judged, the replica id was used by somebody else, the
 * document has another epoch or none any more, a verdict is no longer known, a transaction is too large to send, is taken back, or must not happen without another that was refused, one that was not to show before is accepted. What is still wanted is
 * then issued again, and the outbox is rewritten in one step.
 *
 * <p>Source: docs/reference/sync-protocol.md.
 */
public final class SyncClient implements AutoCloseable {
    private static final Duration DEFAULT_MOVE_AFTER = Duration.ofSeconds(10);
    private static final byte[] NOTHING = {};

    private final Object lock = new Object();
    private final ProtocolLimits limits;
    private final ClientLoop loop;
    private final OutboxWriter outbox;
    private final StatusBoard status;
    private final Presences presences;
    private final Rejections rejections;
    private final LiveSession live;
    private final Ledger ledger;
    private final ClientLink link;
    private final OperationTimes times;
    private final List<UndoHistory> histories = new ArrayList<>();

    private SyncClient(Builder builder, Outbox box, Servers servers) throws IOException {
        RandomGenerator random = builder.random;
        Optional<SavedClient> saved = box.load();
        SavedClient client = saved.orElseGet(() -> Ledger.fresh(random));
        servers.settleAt(client.judge());
        limits = builder.limits;
        loop = new ClientLoop(
                builder.thread == null ? LoopThread.named("rejoin-client " + builder.document) : builder.thread,
                lock,
                this::flush);
        outbox = new OutboxWriter(box, loop, this::outboxFailed);
        rejections = new Rejections(loop, client.rejections(), client.doubts(), client.nextRejection());
        status = new StatusBoard(loop, this::pendingCount, rejections::size);
        presences = new Presences(loop);
        times = new OperationTimes(builder.time);
        live = new LiveSession(builder.document, lock, new SessionHost());
        ledger = new Ledger(
                client, outbox, rejections, live, loop, status, builder.time, random, limits.maxFrameBytes());
        link = new ClientLink(
                builder.document,
                builder.token,
                limits,
                servers,
                new Backoff(random),
                loop,
                status,
                presences,
                ledger,
                live);
        ledger.settleSavedDoubts(client.confirmed());
        if (saved.isEmpty()) {
            box.rewrite(ledger.saved());
        } else {
            box.force();
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
        private @Nullable Outbox box;
        private @Nullable LoopThread thread;
        private RandomGenerator random = new SecureRandom();

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

        /** For simulations: what a client is made of otherwise comes from the machine. */
        Builder simulated(Outbox kept, LoopThread loop, RandomGenerator source) {
            box = kept;
            thread = loop;
            random = source;
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
                Outbox box = this.box != null ? this.box : outbox == null ? Outbox.memory() : FileOutbox.open(outbox);
                try {
                    SyncClient client = new SyncClient(this, box, servers);
                    if (startOffline) {
                        client.link.startOffline();
                    } else {
                        client.loop.run(client.link::connect);
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
            return written(ledger.write(body));
        }
    }

    /**
     * As {@link #write(Consumer)}, in a particular way.
     *
     * @throws IllegalStateException if the client is closed, or its outbox has failed
     */
    public WriteHandle write(WriteOptions options, Consumer<Document> body) {
        synchronized (lock) {
            requireUsable();
            return written(ledger.write(options, body));
        }
    }

    /**
     * Reads from the document, pending writes included, under the client's lock. What is returned must not be the document or an
     * object of it. What the reader writes by mistake is a write like any other.
     */
    public <T> T read(Function<Document, T> reader) {
        synchronized (lock) {
            return ledger.read(reader);
        }
    }

    /** The document as it is now, pending writes included, for any thread. O(1) */
    public Snapshot snapshot() {
        synchronized (lock) {
            return ledger.document().snapshot();
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
        return step(books -> books.cancelUnsent(write));
    }

    /**
     * Records what this client writes from now on to objects of these names at the root, or to all if there are none, to undo it.
     */
    public UndoHistory undoHistory(String... names) {
        UndoHistory history = new UndoHistory(this, Set.of(names));
        synchronized (lock) {
            histories.add(history);
        }
        return history;
    }

    /** The oldest write without a verdict that touches the object at this path, or one below it; empty if there is none. */
    public Optional<WriteHandle> pendingFor(List<String> path) {
        synchronized (lock) {
            return ledger.queue().touching(path, null);
        }
    }

    /** The oldest write without a verdict that adds this element to the set at this path, or removes it; empty if there is none. */
    public Optional<WriteHandle> pendingFor(List<String> set, Object element) {
        synchronized (lock) {
            return ledger.queue().touching(set, Values.canonical(element));
        }
    }

    /** What of the counter at this path is without a verdict: the sum of the increments that show and are pending. */
    public long pendingSum(List<String> counter) {
        synchronized (lock) {
            return ledger.queue().sum(counter);
        }
    }

    /**
     * Makes a write that shows only once the server has accepted it, and follows it until it is durable: how long its kind usually takes, whether it is slow, and after the deadline that its
     * outcome is unknown, until it comes. A flow policy of pattern {@code PESSIMISTIC} has the deadline as its timeout. Costs O(document).
     *
     * @param kind under which its duration is measured in {@link #times}
     * @throws IllegalStateException if the client is closed, or its outbox has failed
     */
    public PendingOperation operate(String kind, Duration deadline, Consumer<Document> body) {
        CompletableFuture<@Nullable Void> outcome = new CompletableFuture<>();
        // it begins before it is written: the verdict may be here before this method has returned
        PendingOperation operation =
                times.follow(kind, outcome, deadline.toMillis()).begin();
        write(WriteOptions.pessimistic(), body).durable().whenComplete((durable, failure) -> {
            if (failure == null) {
                outcome.complete(null);
            } else {
                outcome.completeExceptionally(failure);
            }
        });
        return operation;
    }

    /** How long the operations of this client have taken, by kind. */
    public OperationTimes times() {
        return times;
    }

    /** The refused writes as JSON, for the user to keep or send: a list of objects as {@link Rejection#toJson} writes them. */
    public String exportJson() {
        return rejections().stream().map(Rejection::toJson).collect(Collectors.joining(",", "[", "]"));
    }

    /** Writes without a verdict, oldest first; not those that were taken back, or refused with what they depend on, before they were sent. */
    public List<WriteHandle> pending() {
        synchronized (lock) {
            return ledger.handles();
        }
    }

    /** Refused writes that have not been dealt with, oldest first. */
    public List<Rejection> rejections() {
        synchronized (lock) {
            return rejections.list();
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
            return ledger.retry(rejection);
        }
    }

    /**
     * Writes something else in the place of what was refused, and takes that off the list.
     *
     * @throws IllegalArgumentException if there is no such rejection
     */
    public WriteHandle editAndRetry(long rejection, Consumer<Document> body) {
        synchronized (lock) {
            requireUsable();
            return ledger.retry(rejection, body);
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
            ledger.discard(rejection);
        }
    }

    /** How the client stands. */
    public ClientStatus status() {
        synchronized (lock) {
            return status.current();
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
        return subscribe(ledger.changeListeners(), listener);
    }

    /** Calls the listener when the status has changed. */
    public Subscription onStatus(Consumer<ClientStatus> listener) {
        return subscribe(status.listeners(), listener);
    }

    /** Calls the listener when a write has been refused. */
    public Subscription onRejection(Consumer<Rejection> listener) {
        return subscribe(rejections.listeners(), listener);
    }

    /** Calls the listener when a register that this process has written, one of the last 1,024, shows what another has written. */
    public Subscription onSuperseded(Consumer<Superseded> listener) {
        return subscribe(ledger.supersededListeners(), listener);
    }

    /** Calls the listener with all presences when one of them has changed. */
    public Subscription onPresence(Consumer<Map<Long, Object>> listener) {
        return subscribe(presences.listeners(), listener);
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
        loop.run(() -> link.present(payload));
    }

    /** What the other sessions show, by session. */
    public Map<Long, Object> presences() {
        synchronized (lock) {
            return presences.shown();
        }
    }

    /** Leaves the server and stays away until {@link #goOnline}. */
    public void goOffline() {
        loop.run(link::goOffline);
    }

    /** Connects now, also after an error. */
    public void goOnline() {
        loop.run(link::goOnline);
    }

    /**
     * Saves everything, says goodbye and ends, within 10 s. What is pending stays in the outbox file.
     *
     * @throws UncheckedIOException if the outbox cannot be closed
     */
    @Override
    public void close() {
        loop.run(() -> {
            flush();
            loop.close();
            live.closed();
            link.leave();
            status.become(ConnectionStatus.CLOSED, "");
        });
        try {
            loop.shutdown();
            synchronized (lock) {
                outbox.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private WriteHandle written(Ledger.Written written) {
        histories.forEach(history -> history.wrote(written.changes(), written.handle()));
        return written.handle();
    }

    /** Does something on the loop; false if the client is closed before. */
    CompletableFuture<Boolean> step(Predicate<Ledger> body) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        loop.run(() -> {
            boolean result = !status.hasOutboxFailed() && body.test(ledger);
            loop.later(() -> done.complete(result));
        });
        if (!loop.afterwards(() -> done.complete(false))) { // a closed client has skipped the step
            done.complete(false);
        }
        return done.copy();
    }

    <T> T locked(Supplier<T> body) {
        synchronized (lock) {
            return body.get();
        }
    }

    /** What was to take back a refused write has nothing to take back, which is no news for the user. */
    void discardDependent(Rejection rejection) {
        locked(() -> {
            boolean isListed = rejection.code().equals(Verdicts.DEPENDENCY_REJECTED)
                    && rejections.list().contains(rejection)
                    && !status.hasOutboxFailed();
            if (isListed) {
                ledger.discard(rejection.id());
            }
            return isListed;
        });
    }

    void forget(UndoHistory history) {
        histories.remove(history);
    }

    private void requireUsable() {
        if (loop.isClosed()) {
            throw new IllegalStateException("the client is closed");
        }
        if (status.code().equals(StatusBoard.OUTBOX_FAILED)) {
            throw new IllegalStateException("the outbox cannot be written");
        }
    }

    private <T> Subscription subscribe(List<Consumer<T>> listeners, Consumer<T> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /** What the session over all connections asks for. */
    private final class SessionHost implements LiveSession.Host {
        @Override
        public void later(Runnable announcement) {
            loop.later(announcement);
        }

        @Override
        public Subscription after(long millis, Runnable step) {
            LoopThread.Timer due = loop.after(millis, step);
            return due == null ? () -> {} : due::cancel;
        }

        @Override
        public void ask(Await question) {
            loop.run(() -> link.ask(question));
        }

        @Override
        public Snapshot snapshot() {
            return ledger.document().snapshot();
        }

        @Override
        public Map<WriteHandle, Delta> pending() {
            return ledger.shownPending();
        }

        @Override
        public long now() {
            return loop.now();
        }
    }

    private int pendingCount() {
        return ledger.queue().undecidedCount();
    }

    /** After each step: what it has written becomes durable, and may then be sent. */
    private void flush() {
        if (ledger.flush(lock)) {
            synchronized (lock) {
                link.saved();
            }
        }
    }

    private void outboxFailed(IOException e) {
        status.become(ConnectionStatus.ERROR, StatusBoard.OUTBOX_FAILED);
        link.drop(1000, "");
        loop.later(() -> ClientLoop.report(new UncheckedIOException(e)));
    }
}
