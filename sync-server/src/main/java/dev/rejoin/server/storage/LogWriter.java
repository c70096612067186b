package dev.rejoin.server.storage;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
 * for it. While several documents are written to, commits keep a pace, which has more of them share one; a document that is
 * written to alone waits for no timer. All values are sealed here on the way in and checked on the way out
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
     * until the queue is empty. What arrives during a commit forms the next group; appends wait until it may begin (CommitPace),
     * and an urgent one, and whatever else is asked for, is served at once, with all appends before it.
     *
     * Fail-stop. The first failed commit latches `down`. Everything in the group and behind it is told `failed`, later
     * requests are refused, and the handle is never used again: after a failed flush the kernel may have dropped the pages
     * and report success the next time (Rebello et al., "Can Applications Recover from fsync Failures?", 2020).
     *
     * The directory. A head row that vanishes would turn a document into one that never was, and the next visitor would
     * begin it anew. So the number of documents is a property of the log, and open() checks it and every head. If the check
     * fails, documents that are there are served, and names that are not there are refused as corrupt, for nobody can tell.
     */

    /** What {@link #append} returns instead of a sequence while the backlog is {@link Backlog#FULL}. */
    public static final long REFUSED = -1;

    private static final Logger LOG = LoggerFactory.getLogger(LogWriter.class);

    private final DeltaLog log;
    private final long incarnation;
    private final LogThread writer;
    private final Executor loader;
    private final LogBounds bounds;
    private final LogObserver observer;

    private final Object commitLock = new Object();
    private final Directory directory; // guarded by commitLock
    private final LogCommitter committer; // guarded by commitLock

    private final Object queueLock = new Object();
    private final ArrayDeque<LogRequest> queue = new ArrayDeque<>(); // the rest is guarded by queueLock
    private final CommitPace pace;
    private final List<Runnable> awaitingDrain = new ArrayList<>();
    private long waitingBytes;
    private int waitingEntries;
    private int urgent; // requests in the queue that the pace does not keep waiting
    private boolean high;
    private boolean scheduled;
    private boolean pausing; // the last of the pauses is not over
    private long pauses;
    private boolean closing;
    private @Nullable StoreDownException failure;

    private final CompletableFuture<StoreDownException> down = new CompletableFuture<>();

    private LogWriter(
            DeltaLog log,
            LogClock clock,
            long incarnation,
            LogThread writer,
            Executor loader,
            LogBounds bounds,
            LogObserver observer) {
        this.log = log;
        this.incarnation = incarnation;
        this.writer = writer;
        this.loader = loader;
        this.bounds = bounds;
        this.observer = observer;
        this.pace = new CommitPace(clock, bounds.paceNanos());
        this.directory = Directory.check(log, observer);
        this.committer = new LogCommitter(log, clock, incarnation, loader, observer, directory);
    }

    /**
     * Opens the door to a log, checking the heads of all documents (about a microsecond each).
     *
     * @param incarnation random, fresh for this opening of the log
     * @param writer commits happen and listeners are called there
     * @param loader runs the reading of whole documents, beside the writer
     */
    public static LogWriter open(
            DeltaLog log,
            LogClock clock,
            long incarnation,
            LogThread writer,
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
        LogRequest.Load load = new LogRequest.Load(name, deleted, new CompletableFuture<>());
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
        LogRequest.Create create = new LogRequest.Create(name, epoch, new CompletableFuture<>());
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
        LogRequest.Delete delete = new LogRequest.Delete(document, new CompletableFuture<>());
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
        LogRequest.Revive revive = new LogRequest.Revive(name, epoch, Optional.empty(), new CompletableFuture<>());
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
        LogRequest.Revive revive =
                new LogRequest.Revive(name, epoch, Optional.of(List.copyOf(first)), new CompletableFuture<>());
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
        LogRequest.Expire expire = new LogRequest.Expire(deletedBeforeMillis, new CompletableFuture<>());
        enqueue(expire);
        return expire.result();
    }

    /**
     * Appends one batch of records to a document.
     *
     * @param records at least one
     * @param urgent whether somebody waits for it who has waited for another server before: the pace of commits does not keep it waiting
     * @return the sequence that the batch has, or {@link #REFUSED} (then the listener hears nothing)
     * @throws StoreDownException if the log has failed or is closed
     */
    public long append(LogDocument document, List<LogRecord> records, boolean urgent, AppendListener listener) {
        if (records.isEmpty()) {
            throw new IllegalArgumentException("no records to append to '" + document.name() + "'");
        }
        if (document.isOver()) {
            throw new IllegalStateException("document '" + document.name() + "' was deleted through this handle");
        }
        long sequence = document.appended() + 1;
        byte[] value = Envelope.entry(document.id(), document.seal(), sequence, incarnation)
                .seal(RecordCodec.encode(records));
        LogRequest.Append append = new LogRequest.Append(document, sequence, value, urgent, listener);
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
        LogRequest.Snapshot request = new LogRequest.Snapshot(document, snapshot, new CompletableFuture<>());
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
        LogRequest.Alone<T> request = new LogRequest.Alone<>(step, new CompletableFuture<>());
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

    private void enqueue(LogRequest request) {
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

    private void add(LogRequest request) {
        queue.add(request);
        waitingBytes += request.bytes();
        waitingEntries++;
        urgent += request.isUrgent() ? 1 : 0;
        high |= waitingBytes > bounds.highBytes() || waitingEntries > bounds.highEntries();
        if (!scheduled) {
            scheduled = true;
            long patience = patience();
            if (patience > 0) {
                pause(patience);
            } else {
                writer.run(this::drain, 0);
            }
        } else if (pausing && urgent > 0) {
            pausing = false;
            writer.run(this::drain, 0);
        }
    }

    /** How long the requests in the queue wait before they are served, in nanoseconds. */
    private long patience() {
        boolean full = waitingBytes >= bounds.groupBytes() || waitingEntries >= bounds.groupEntries();
        return full || urgent > 0 || closing ? 0 : pace.patience(queue);
    }

    /** Goes on after so much time, unless something that does not wait comes before. */
    private void pause(long nanos) {
        pausing = true;
        long pause = ++pauses;
        writer.run(() -> resume(pause), nanos);
    }

    private void resume(long pause) {
        synchronized (queueLock) {
            if (!pausing || pause != pauses) {
                return;
            }
            pausing = false;
        }
        drain();
    }

    private void drain() {
        synchronized (commitLock) {
            for (List<LogRequest> group = take(); !group.isEmpty(); group = take()) {
                try {
                    committer.serve(group);
                } catch (RuntimeException | Error cause) {
                    fail(group, cause);
                }
                release(group);
            }
        }
    }

    /** The next requests that are served together; empty when there are none, or their time has not come. */
    private List<LogRequest> take() {
        List<LogRequest> group = new ArrayList<>();
        synchronized (queueLock) {
            long patience = queue.isEmpty() ? 0 : patience();
            if (patience > 0) {
                pause(patience);
                return group;
            }
            long bytes = 0;
            while (!queue.isEmpty() && group.size() < bounds.groupEntries() && bytes < bounds.groupBytes()) {
                LogRequest next = queue.element();
                if (!next.isGrouped() && !group.isEmpty()) {
                    break;
                }
                group.add(queue.remove());
                bytes += next.bytes();
                urgent -= next.isUrgent() ? 1 : 0;
                if (!next.isGrouped()) {
                    break;
                }
            }
            if (group.isEmpty()) {
                scheduled = false;
            } else if (group.get(0).isGrouped()) {
                pace.begins(group);
            }
        }
        return group;
    }

    private void release(List<LogRequest> served) {
        List<Runnable> drained = List.of();
        synchronized (queueLock) {
            for (LogRequest request : served) {
                waitingBytes -= request.bytes();
                waitingEntries--;
            }
            if (high && waitingBytes <= bounds.highBytes() / 2 && waitingEntries <= bounds.highEntries() / 2) {
                high = false;
                drained = List.copyOf(awaitingDrain);
                awaitingDrain.clear();
            }
        }
        drained.forEach(LogCommitter::guarded);
    }

    private void fail(List<LogRequest> group, Throwable thrown) {
        StoreDownException cause = thrown instanceof StoreDownException known
                ? known
                : new StoreDownException("the log failed: " + thrown.getMessage(), thrown);
        List<LogRequest> behind;
        synchronized (queueLock) {
            failure = cause;
            behind = List.copyOf(queue);
            queue.clear();
            urgent = 0;
        }
        LOG.error("the log is out of service; restart the server when the cause is removed", cause);
        LogCommitter.guarded(() -> observer.storeDown(cause));
        group.forEach(request -> LogCommitter.guarded(() -> request.fail(cause)));
        behind.forEach(request -> LogCommitter.guarded(() -> request.fail(cause)));
        release(behind);
        down.complete(cause);
    }
}
