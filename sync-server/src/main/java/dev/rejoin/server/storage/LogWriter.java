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
import java.util.function.Supplier;
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
     *
     * Lives. A deleted document keeps its head, which says when, and all its rows; to restore it takes nothing but a new head.
     * Values stay sealed with the epoch that the document began with, so that a new epoch rewrites no value. A document that is
     * begun anew has a new seal, so a value of its former life would be noticed as damage.
     */

    /** What {@link #append} returns instead of a sequence while the backlog is {@link Backlog#FULL}. */
    public static final long REFUSED = -1;

    private static final Logger LOG = LoggerFactory.getLogger(LogWriter.class);
    private static final int EXPIRED_IN_A_COMMIT = 256;

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
     * {@link DeletedDocumentException}, {@link CorruptDocumentException} or {@link StoreDownException}; completes on the loader's thread.
     */
    public CompletionStage<Optional<StoredDocument>> load(String name) {
        return load(name, false);
    }

    /** As {@link #load}, but a document that is deleted; empty if it is not, or was never created. */
    public CompletionStage<Optional<StoredDocument>> loadDeleted(String name) {
        return load(name, true);
    }

    private CompletionStage<Optional<StoredDocument>> load(String name, boolean deleted) {
        Load load = new Load(name, deleted, new CompletableFuture<>());
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
     * Begins a document. Fails with {@link IllegalStateException} if it is there, deleted or not, {@link CorruptDocumentException} if
     * that cannot be told, or {@link StoreDownException}; completes on the writer's thread once the document is durable.
     *
     * @param epoch random identity of this life of the document
     */
    public CompletionStage<StoredDocument> create(String name, long epoch) {
        Create create = new Create(name, epoch, new CompletableFuture<>());
        enqueue(create);
        return create.result();
    }

    /**
     * Deletes a document: it keeps its name, and what is in it until {@link #expire}, but is loaded no more. Appends before this are
     * committed first; later ones through this handle are a mistake of the caller. Completes with the time of the deletion, in
     * milliseconds since 1970, once that is durable; fails with {@link StoreDownException}.
     */
    public CompletionStage<Long> delete(LogDocument document) {
        document.end();
        Delete delete = new Delete(document, new CompletableFuture<>());
        enqueue(delete);
        return delete.result();
    }

    /**
     * Brings a deleted document back as it was, in a new life. Empty if it is not deleted, or there is none. Fails with
     * {@link CorruptDocumentException}, or {@link StoreDownException}; completes on the loader's thread.
     *
     * @param epoch random identity of the new life
     */
    public CompletionStage<Optional<StoredDocument>> restore(String name, long epoch) {
        Revive revive = new Revive(name, epoch, Optional.empty(), new CompletableFuture<>());
        enqueue(revive);
        return revive.result();
    }

    /**
     * Begins a deleted document anew; what was in it is gone. Empty if it is not deleted, or there is none. Fails with
     * {@link CorruptDocumentException}, or {@link StoreDownException}; completes on the loader's thread.
     *
     * @param epoch random identity of the new life
     * @param first what the new life begins with, possibly nothing
     */
    public CompletionStage<Optional<StoredDocument>> recreate(String name, long epoch, List<LogRecord> first) {
        Revive revive = new Revive(name, epoch, Optional.of(List.copyOf(first)), new CompletableFuture<>());
        enqueue(revive);
        return revive.result();
    }

    /**
     * Forgets the documents that were deleted before a time: what was in them, that they were there, and so what protects their names.
     * Costs nothing while there is none, otherwise one pass over all heads. Does nothing while the directory is damaged, because then
     * every deleted document is evidence. Completes with how many are gone, on the writer's thread; fails with
     * {@link StoreDownException}.
     *
     * @param deletedBeforeMillis in milliseconds since 1970
     */
    public CompletionStage<Integer> expire(long deletedBeforeMillis) {
        Expire expire = new Expire(deletedBeforeMillis, new CompletableFuture<>());
        enqueue(expire);
        return expire.result();
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
        if (document.isOver()) {
            throw new IllegalStateException("document '" + document.name() + "' was deleted through this handle");
        }
        long sequence = document.appended() + 1;
        byte[] value = Envelope.entry(document.id(), document.seal(), sequence, incarnation)
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
     * snapshot. It is read back and compared before anything is deleted. A position that a snapshot covers already, and a document
     * that was deleted through this handle, are left alone. Fails with {@link CorruptDocumentException} if reading back gives something else (the previous snapshot and all
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

    /** Begins to take in documents from elsewhere. */
    public Intake intake(Intake.Existing existing) {
        return new Intake(this, log, directory, existing);
    }

    /** Everything as it is committed now; what waits is not in it. From any thread; whoever gets it closes it. */
    public LogView view() {
        return log.view();
    }

    /**
     * Runs a step on the writer's thread, between two commits. {@link IntakeRefusedException} is its failure alone; any other exception is one of
     * the log.
     */
    <T> CompletionStage<T> alone(Supplier<T> step) {
        Alone<T> request = new Alone<>(step, new CompletableFuture<>());
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
        } else if (first instanceof Alone<?> alone) {
            alone.run();
        } else if (first instanceof Delete delete) {
            delete(delete);
        } else if (first instanceof Revive revive) {
            revive(revive);
        } else if (first instanceof Expire expire) {
            expire(expire);
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
        if (document.isOver() || snapshot.sequence() <= head.snapshot()) {
            request.result().complete(0L);
            return;
        }
        long start = clock.nanos();
        List<ChunkRow> chunks = SnapshotCodec.encode(document.id(), document.seal(), snapshot);
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

    private void delete(Delete request) {
        LogDocument document = request.document();
        Head head = document.head();
        // a clock that says 0 would mean that nothing was deleted
        Head deleted = head.withDeleted(Math.max(1, clock.millis()));
        log.commit(
                List.of(new RowChange.ReplaceHead(deleted.toRow(), head.toRow().value())));
        document.head(deleted);
        directory.deleted(deleted.deletedMillis());
        request.result().complete(deleted.deletedMillis());
    }

    private void revive(Revive request) {
        Optional<Head> found;
        try {
            found = DocumentReader.head(log, request.name());
        } catch (CorruptDocumentException damage) {
            guarded(() -> observer.corrupt(damage));
            request.fail(damage);
            return;
        }
        if (found.isEmpty() || !found.get().isDeleted()) {
            request.result().complete(Optional.empty());
            return;
        }
        Head head = found.get();
        byte[] expected = head.toRow().value();
        if (request.first().isEmpty()) {
            Head back = head.withDeleted(0).withEpoch(request.epoch());
            log.commit(List.of(new RowChange.ReplaceHead(back.toRow(), expected)));
        } else {
            List<LogRecord> records = request.first().get();
            int entries = records.isEmpty() ? 0 : 1;
            Head anew = Head.begun(head.id(), head.name(), request.epoch(), clock.millis(), entries);
            List<RowChange> changes = new ArrayList<>(emptied(head));
            changes.add(new RowChange.ReplaceHead(anew.toRow(), expected));
            if (entries > 0) {
                byte[] value = Envelope.entry(anew.id(), anew.seal(), entries, incarnation)
                        .seal(RecordCodec.encode(records));
                changes.add(new RowChange.InsertEntry(new EntryRow(anew.id(), entries, incarnation, value)));
            }
            log.commit(changes);
        }
        hand(new Load(request.name(), false, request.result()));
    }

    private static List<RowChange> emptied(Head head) {
        return List.of(
                new RowChange.DeleteEntries(head.id(), Long.MAX_VALUE), new RowChange.DeleteChunksExcept(head.id(), 0));
    }

    private void expire(Expire request) {
        long before = request.beforeMillis();
        if (directory.damage().isPresent() || directory.earliestDeletion() >= before) {
            request.result().complete(0);
            return;
        }
        List<Head> expired = new ArrayList<>();
        long[] earliest = {Long.MAX_VALUE};
        log.heads(row -> {
            Head head;
            try {
                head = Head.fromRow(row);
            } catch (DamagedValueException damaged) {
                return; // reported when the document is loaded
            }
            if (head.isDeleted() && head.deletedMillis() < before) {
                expired.add(head);
            } else if (head.isDeleted()) {
                earliest[0] = Math.min(earliest[0], head.deletedMillis());
            }
        });
        for (int from = 0; from < expired.size(); from += EXPIRED_IN_A_COMMIT) {
            List<Head> part = expired.subList(from, Math.min(expired.size(), from + EXPIRED_IN_A_COMMIT));
            List<RowChange> changes = new ArrayList<>();
            for (Head head : part) {
                changes.addAll(emptied(head));
                changes.add(new RowChange.DeleteHead(head.toRow()));
            }
            changes.add(directory.shrunk(part.size()));
            log.commit(changes);
            directory.shrink(part.size());
        }
        directory.earliestDeletion(earliest[0]);
        request.result().complete(expired.size());
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
            Optional<StoredDocument> found = DocumentReader.read(log, load.name(), load.deleted());
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

    private record Load(String name, boolean deleted, CompletableFuture<Optional<StoredDocument>> result)
            implements Request {
        @Override
        public void fail(RuntimeException cause) {
            result.completeExceptionally(cause);
        }
    }

    private record Delete(LogDocument document, CompletableFuture<Long> result) implements Request {
        @Override
        public void fail(RuntimeException cause) {
            result.completeExceptionally(cause);
        }
    }

    /** A deleted document lives again: as it was, or with nothing but its first records. */
    private record Revive(
            String name,
            long epoch,
            Optional<List<LogRecord>> first,
            CompletableFuture<Optional<StoredDocument>> result)
            implements Request {
        @Override
        public void fail(RuntimeException cause) {
            result.completeExceptionally(cause);
        }
    }

    private record Expire(long beforeMillis, CompletableFuture<Integer> result) implements Request {
        @Override
        public void fail(RuntimeException cause) {
            result.completeExceptionally(cause);
        }
    }

    private record Alone<T>(Supplier<T> step, CompletableFuture<T> result) implements Request {
        void run() {
            try {
                result.complete(step.get());
            } catch (IntakeRefusedException refused) {
                result.completeExceptionally(refused);
            }
        }

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
