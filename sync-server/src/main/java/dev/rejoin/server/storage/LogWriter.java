package dev.rejoin.server.storage;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The door to a {@link DeltaLog}: takes appends of many rooms from any thread, and commits them in groups.
 *
 * <p>One commit carries everything that arrived while the last one ran, so the cost of a flush is shared by as many as wait
 * for it and nobody waits for a timer. All values are sealed here on the way in and checked on the way out
 * ({@link Envelope}), so every implementation of the log detects damage alike.
 *
 * <p>Requests are served in the order of their arrival: a load sees every append before it. Nothing here blocks but
 * {@link #open} and {@link #close}.
 */
public final class LogWriter implements AutoCloseable {
    /* Group commit (Hagmann 1987; DeWitt et al. 1984, section 3.2).
     *
     * append() seals on the caller's thread, enqueues, and schedules drain() unless it is scheduled already. drain() runs on
     * the writer executor: it takes the longest run of appends and creations at the front of the queue that fits one commit,
     * turns it into row changes with one replaced head per document, commits, tells the listeners in order, and goes on
     * until the queue is empty. What arrives during a commit forms the next group.
     *
     * Fail-stop. The first failed commit latches `down`. Everything in the group and behind it is told `failed`, later
     * requests are refused, and the handle is never used again: after a failed flush the kernel may have dropped the pages
     * and report success the next time (Rebello et al., "Can Applications Recover from fsync Failures?", 2020).
     *
     * Snapshots are two commits. The first writes the chunks beside the old snapshot; they are read back and compared; only
     * then the second moves the head and deletes what it replaces. A crash in between leaves chunks that no head names; the
     * next snapshot of the document removes them.
     *
     * The directory. A head row that vanishes would turn a document into one that never was, and the next visitor would
     * begin it anew. So the number of documents is a property of the log, and open() checks it and every head. If the check
     * fails, documents that are there are served, and names that are not there are refused as corrupt, for nobody can tell.
     */

    /** What {@link #append} returns instead of a sequence while the backlog is {@link Backlog#FULL}. */
    public static final long REFUSED = -1;

    private static final Logger LOG = LoggerFactory.getLogger(LogWriter.class);

    private final DeltaLog log;
    private final LogClock clock;
    private final long incarnation;
    private final Executor writer;
    private final Executor loader;
    private final LogBounds bounds;
    private final LogObserver observer;

    private final Object commitLock = new Object();
    private final Directory directory; // guarded by commitLock

    private final Object queueLock = new Object();
    private final ArrayDeque<Request> queue = new ArrayDeque<>(); // the rest is guarded by queueLock
    private final List<Runnable> awaitingDrain = new ArrayList<>();
    private long waitingBytes;
    private int waitingEntries;
    private boolean high;
    private boolean scheduled;
    private boolean closing;
    private @Nullable StoreDownException failure;

    private final CompletableFuture<StoreDownException> down = new CompletableFuture<>();

    private LogWriter(
            DeltaLog log,
            LogClock clock,
            long incarnation,
            Executor writer,
            Executor loader,
            LogBounds bounds,
            LogObserver observer) {
        this.log = log;
        this.clock = clock;
        this.incarnation = incarnation;
        this.writer = writer;
        this.loader = loader;
        this.bounds = bounds;
        this.observer = observer;
        this.directory = Directory.check(log, observer);
    }

    /**
     * Opens the door to a log, checking the heads of all documents (about a microsecond each).
     *
     * @param incarnation random, fresh for this opening of the log
     * @param writer runs one task at a time; commits happen and listeners are called there
     * @param loader runs the reading of whole documents, beside the writer
     */
    public static LogWriter open(
            DeltaLog log,
            LogClock clock,
            long incarnation,
            Executor writer,
            Executor loader,
            LogBounds bounds,
            LogObserver observer) {
        return new LogWriter(log, clock, incarnation, writer, loader, bounds, observer);
    }

    /** The part of a position that names this opening of the log. */
    public long incarnation() {
        return incarnation;
    }

    public Durability durability() {
        return log.durability();
    }

    /** What and where the log is, for the operator. */
    public String description() {
        return log.description();
    }

    /** Whether appends can succeed: the log has not failed and is not being closed. */
    public boolean isReady() {
        synchronized (queueLock) {
            return !closing && failure == null;
        }
    }

    /** Completes when the log fails, on the writer's thread, after the listeners of lost appends were told. */
    public CompletionStage<StoreDownException> whenDown() {
        return down.minimalCompletionStage();
    }

    /**
     * Reads a document, checking everything that is stored of it. Empty if it was never created. Fails with
     * {@link CorruptDocumentException} or {@link StoreDownException}; completes on the loader's thread.
     */
    public CompletionStage<Optional<StoredDocument>> load(String name) {
        Load load = new Load(name, new CompletableFuture<>());
        enqueue(load);
        return load.result();
    }

    /**
     * Part of the list of all documents that are durably there, in the order of the bytes of their names. Fails with
     * {@link StoreDownException}; completes on the loader's thread.
     *
     * @param after only names behind this one; empty for all
     * @param limit at most so many
     */
    public CompletionStage<List<DocumentLine>> list(String prefix, String after, int limit) {
        CompletableFuture<List<DocumentLine>> result = new CompletableFuture<>();
        try {
            synchronized (queueLock) {
                checkOpen();
            }
            loader.execute(() -> {
                try {
                    result.complete(DocumentLine.list(log, prefix, after, limit));
                } catch (RuntimeException | Error unreadable) {
                    result.completeExceptionally(unreadable);
                }
            });
        } catch (StoreDownException down) {
            result.completeExceptionally(down);
        } catch (RejectedExecutionException refused) {
            result.completeExceptionally(new StoreDownException("the loader of the log has stopped", refused));
        }
        return result;
    }

    /**
     * Begins a document. Fails with {@link IllegalStateException} if it is there, {@link CorruptDocumentException} if that
     * cannot be told, or {@link StoreDownException}; completes on the writer's thread once the document is durable.
     *
     * @param epoch random identity of this life of the document
     */
    public CompletionStage<StoredDocument> create(String name, long epoch) {
        Create create = new Create(name, epoch, new CompletableFuture<>());
        enqueue(create);
        return create.result();
    }

    /**
     * Appends one batch of records to a document.
     *
     * @param records at least one
     * @return the sequence that the batch has, or {@link #REFUSED} (then the listener hears nothing)
     * @throws StoreDownException if the log has failed or is closed
     */
    public long append(LogDocument document, List<LogRecord> records, AppendListener listener) {
        if (records.isEmpty()) {
            throw new IllegalArgumentException("no records to append to '" + document.name() + "'");
        }
        long sequence = document.appended() + 1;
        byte[] value = Envelope.entry(document.id(), document.epoch(), sequence, incarnation)
                .seal(RecordCodec.encode(records));
        Append append = new Append(document, sequence, value, listener);
        synchronized (queueLock) {
            checkOpen();
            if (waitingBytes >= bounds.fullBytes() || waitingEntries >= bounds.fullEntries()) {
                return REFUSED;
            }
            document.appended(sequence);
            add(append);
        }
        return sequence;
    }

    /**
     * Replaces the entries up to {@code snapshot.sequence()}, which must be the sequence of an append made before, by a
     * snapshot. It is read back and compared before anything is deleted. A position that a snapshot covers already is left
     * alone. Fails with {@link CorruptDocumentException} if reading back gives something else (the previous snapshot and all
     * entries are kept then), or {@link StoreDownException}.
     *
     * @return the bytes stored, 0 if nothing was to be done
     */
    public CompletionStage<Long> snapshot(LogDocument document, StoredSnapshot snapshot) {
        if (snapshot.sequence() > document.appended()) {
            throw new IllegalArgumentException("snapshot of '" + document.name() + "' at " + snapshot.sequence()
                    + ", beyond " + document.appended());
        }
        Snapshot request = new Snapshot(document, snapshot, new CompletableFuture<>());
        enqueue(request);
        return request.result();
    }

    public Backlog backlog() {
        synchronized (queueLock) {
            if (waitingBytes >= bounds.fullBytes() || waitingEntries >= bounds.fullEntries()) {
                return Backlog.FULL;
            }
            return high ? Backlog.HIGH : Backlog.OPEN;
        }
    }

    /** Bytes that wait to be committed, those of a running commit included. */
    public long waitingBytes() {
        synchronized (queueLock) {
            return waitingBytes;
        }
    }

    /** Batches that wait to be committed, those of a running commit included. */
    public int waitingEntries() {
        synchronized (queueLock) {
            return waitingEntries;
        }
    }

    /** Runs {@code action} once, when the backlog is {@link Backlog#OPEN}: now, or on the writer's thread. */
    public void whenDrained(Runnable action) {
        synchronized (queueLock) {
            if (high) {
                awaitingDrain.add(action);
                return;
            }
        }
        action.run();
    }

    /** Takes nothing more, commits what waits, and closes the log. */
    @Override
    public void close() {
        synchronized (queueLock) {
            closing = true;
        }
        drain();
        synchronized (commitLock) {
            log.close();
        }
    }

    private void enqueue(Request request) {
        synchronized (queueLock) {
            try {
                checkOpen();
            } catch (StoreDownException refused) {
                request.fail(refused);
                return;
            }
            add(request);
        }
    }

    private void checkOpen() {
        if (failure != null) {
            throw new StoreDownException("the log has failed", failure);
        }
        if (closing) {
            throw new StoreDownException("the log is closed", null);
        }
    }

    private void add(Request request) {
        queue.add(request);
        waitingBytes += request.bytes();
        waitingEntries++;
        high |= waitingBytes > bounds.highBytes() || waitingEntries > bounds.highEntries();
        if (!scheduled) {
            scheduled = true;
            writer.execute(this::drain);
        }
    }

    private void drain() {
        synchronized (commitLock) {
            for (List<Request> group = take(); !group.isEmpty(); group = take()) {
                try {
                    serve(group);
                } catch (RuntimeException | Error cause) {
                    fail(group, cause);
                }
                release(group);
            }
        }
    }

    /** The next requests that are served together; empty when there are none. */
    private List<Request> take() {
        List<Request> group = new ArrayList<>();
        synchronized (queueLock) {
            long bytes = 0;
            while (!queue.isEmpty() && group.size() < bounds.groupEntries() && bytes < bounds.groupBytes()) {
                Request next = queue.element();
                if (!next.isGrouped() && !group.isEmpty()) {
                    break;
                }
                group.add(queue.remove());
                bytes += next.bytes();
                if (!next.isGrouped()) {
                    break;
                }
            }
            if (group.isEmpty()) {
                scheduled = false;
            }
        }
        return group;
    }

    private void release(List<Request> served) {
        List<Runnable> drained = List.of();
        synchronized (queueLock) {
            for (Request request : served) {
                waitingBytes -= request.bytes();
                waitingEntries--;
            }
            if (high && waitingBytes <= bounds.highBytes() / 2 && waitingEntries <= bounds.highEntries() / 2) {
                high = false;
                drained = List.copyOf(awaitingDrain);
                awaitingDrain.clear();
            }
        }
        drained.forEach(this::guarded);
    }

    private void serve(List<Request> group) {
        Request first = group.get(0);
        if (first instanceof Load load) {
            hand(load);
        } else if (first instanceof Snapshot snapshot) {
            store(snapshot);
        } else {
            commit(group);
        }
    }

    private void commit(List<Request> group) {
        List<RowChange> changes = new ArrayList<>();
        Map<LogDocument, Head> heads = new LinkedHashMap<>();
        Map<Create, Head> created = new LinkedHashMap<>();
        Set<String> names = new HashSet<>();
        long bytes = 0;
        int entries = 0;
        for (Request request : group) {
            if (request instanceof Append append) {
                LogDocument document = append.document();
                heads.put(document, document.head().withSequence(append.sequence()));
                changes.add(new RowChange.InsertEntry(
                        new EntryRow(document.id(), append.sequence(), incarnation, append.value())));
                bytes += append.bytes();
                entries++;
            } else if (request instanceof Create create) {
                Optional<RuntimeException> refusal = refusal(create.name(), names);
                if (refusal.isPresent()) {
                    create.fail(refusal.get());
                    continue;
                }
                Head head = directory.next(create.name(), create.epoch(), clock.millis(), created.size());
                created.put(create, head);
                changes.add(new RowChange.InsertHead(head.toRow()));
            }
        }
        heads.forEach((document, head) -> changes.add(
                new RowChange.ReplaceHead(head.toRow(), document.head().toRow().value())));
        if (!created.isEmpty()) {
            changes.add(directory.grown(created.size()));
        }
        if (changes.isEmpty()) {
            return;
        }
        long start = clock.nanos();
        log.commit(changes);
        directory.grow(created.size());
        heads.forEach(LogDocument::head);
        measured(entries, bytes, clock.nanos() - start);
        for (Request request : group) {
            if (request instanceof Append append) {
                guarded(() -> append.listener().committed(append.sequence()));
            } else if (request instanceof Create create && created.containsKey(create)) {
                Head head = created.get(create);
                create.result().complete(new StoredDocument(new LogDocument(head), Optional.empty(), List.of(), 0));
            }
        }
    }

    private void measured(int entries, long bytes, long nanos) {
        guarded(() -> observer.committed(entries, bytes, nanos));
    }

    private Optional<RuntimeException> refusal(String name, Set<String> names) {
        Optional<String> damage = directory.damage();
        if (damage.isPresent()) {
            return Optional.of(new CorruptDocumentException(name, 0, damage.get(), null));
        }
        if (!names.add(name) || log.head(name).isPresent()) {
            return Optional.of(new IllegalStateException("document '" + name + "' is there already"));
        }
        return Optional.empty();
    }

    private void store(Snapshot request) {
        LogDocument document = request.document();
        StoredSnapshot snapshot = request.snapshot();
        Head head = document.head();
        if (snapshot.sequence() <= head.snapshot()) {
            request.result().complete(0L);
            return;
        }
        long start = clock.nanos();
        List<ChunkRow> chunks = SnapshotCodec.encode(document.id(), document.epoch(), snapshot);
        List<RowChange> beside = new ArrayList<>();
        beside.add(new RowChange.DeleteChunksExcept(document.id(), head.snapshot()));
        chunks.forEach(chunk -> beside.add(new RowChange.InsertChunk(chunk)));
        log.commit(beside);
        if (!SnapshotCodec.isStored(log, chunks)) {
            CorruptDocumentException damage = new CorruptDocumentException(
                    document.name(), snapshot.sequence(), "the snapshot just written reads back differently", null);
            guarded(() -> observer.corrupt(damage));
            request.fail(damage);
            return;
        }
        Head moved = head.withSnapshot(snapshot.sequence(), chunks.size());
        log.commit(List.of(
                new RowChange.ReplaceHead(moved.toRow(), head.toRow().value()),
                new RowChange.DeleteEntries(document.id(), snapshot.sequence()),
                new RowChange.DeleteChunksExcept(document.id(), snapshot.sequence())));
        document.head(moved);
        long bytes = chunks.stream().mapToLong(chunk -> chunk.value().length).sum();
        long nanos = clock.nanos() - start;
        guarded(() -> observer.snapshotStored(bytes, nanos));
        request.result().complete(bytes);
    }

    private void hand(Load load) {
        try {
            loader.execute(() -> read(load));
        } catch (RejectedExecutionException refused) {
            load.fail(new StoreDownException("the loader of the log has stopped", refused));
        }
    }

    private void read(Load load) {
        try {
            Optional<StoredDocument> found = DocumentReader.read(log, load.name());
            Optional<String> damage = directory.damage();
            if (found.isEmpty() && damage.isPresent()) {
                throw new CorruptDocumentException(load.name(), 0, damage.get(), null);
            }
            load.result().complete(found);
        } catch (CorruptDocumentException damage) {
            guarded(() -> observer.corrupt(damage));
            load.fail(damage);
        } catch (RuntimeException | Error unreadable) {
            load.result().completeExceptionally(unreadable);
        }
    }

    private void fail(List<Request> group, Throwable thrown) {
        StoreDownException cause = thrown instanceof StoreDownException known
                ? known
                : new StoreDownException("the log failed: " + thrown.getMessage(), thrown);
        List<Request> behind;
        synchronized (queueLock) {
            failure = cause;
            behind = List.copyOf(queue);
            queue.clear();
        }
        LOG.error("the log is out of service; restart the server when the cause is removed", cause);
        guarded(() -> observer.storeDown(cause));
        group.forEach(request -> guarded(() -> request.fail(cause)));
        behind.forEach(request -> guarded(() -> request.fail(cause)));
        release(behind);
        down.complete(cause);
    }

    /** A listener that throws is at fault itself; the log and the other listeners go on. */
    private void guarded(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException fault) {
            LOG.error("a listener of the log failed", fault);
        }
    }

    private sealed interface Request {
        void fail(RuntimeException cause);

        default long bytes() {
            return 0;
        }

        default boolean isGrouped() {
            return false;
        }
    }

    private record Append(LogDocument document, long sequence, byte[] value, AppendListener listener)
            implements Request {
        @Override
        public void fail(RuntimeException cause) {
            listener.failed(
                    sequence,
                    cause instanceof StoreDownException down ? down : new StoreDownException("not stored", cause));
        }

        @Override
        public long bytes() {
            return value.length;
        }

        @Override
        public boolean isGrouped() {
            return true;
        }
    }

    private record Create(String name, long epoch, CompletableFuture<StoredDocument> result) implements Request {
        @Override
        public void fail(RuntimeException cause) {
            result.completeExceptionally(cause);
        }

        @Override
        public boolean isGrouped() {
            return true;
        }
    }

    private record Load(String name, CompletableFuture<Optional<StoredDocument>> result) implements Request {
        @Override
        public void fail(RuntimeException cause) {
            result.completeExceptionally(cause);
        }
    }

    private record Snapshot(LogDocument document, StoredSnapshot snapshot, CompletableFuture<Long> result)
            implements Request {
        @Override
        public void fail(RuntimeException cause) {
            result.completeExceptionally(cause);
        }

        @Override
        public long bytes() {
            return snapshot.state().length;
        }
    }
}
