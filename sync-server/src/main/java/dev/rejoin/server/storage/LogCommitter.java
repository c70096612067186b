package dev.rejoin.server.storage;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns the requests of a {@link LogWriter} into commits of its log, one after another. For one thread at a time; documents are read beside it. */
final class LogCommitter {
    /* Snapshots are two commits. The first writes the chunks beside the old snapshot; they are read back and compared; only
     * then the second moves the head and deletes what it replaces. A crash in between leaves chunks that no head names; the
     * next snapshot of the document removes them.
     *
     * Lives. A deleted document keeps its head, which says when, and all its rows; to restore it takes nothing but a new head.
     * Values stay sealed with the epoch that the document began with, so that a new epoch rewrites no value. A document that is
     * begun anew has a new seal, so a value of its former life would be noticed as damage.
     */
    private static final Logger LOG = LoggerFactory.getLogger(LogCommitter.class);
    private static final int EXPIRED_IN_A_COMMIT = 256;

    private final DeltaLog log;
    private final LogClock clock;
    private final long incarnation;
    private final Executor loader;
    private final LogObserver observer;
    private final Directory directory;

    LogCommitter(
            DeltaLog log,
            LogClock clock,
            long incarnation,
            Executor loader,
            LogObserver observer,
            Directory directory) {
        this.log = log;
        this.clock = clock;
        this.incarnation = incarnation;
        this.loader = loader;
        this.observer = observer;
        this.directory = directory;
    }

    /** Does what one group of requests asks for. An exception is a failure of the log, and nothing more may be asked of it. */
    void serve(List<LogRequest> group) {
        LogRequest first = group.get(0);
        if (first instanceof LogRequest.Load load) {
            hand(load);
        } else if (first instanceof LogRequest.Snapshot snapshot) {
            store(snapshot);
        } else if (first instanceof LogRequest.Alone<?> alone) {
            alone.run();
        } else if (first instanceof LogRequest.Delete delete) {
            delete(delete);
        } else if (first instanceof LogRequest.Revive revive) {
            revive(revive);
        } else if (first instanceof LogRequest.Expire expire) {
            expire(expire);
        } else {
            commit(group);
        }
    }

    private void commit(List<LogRequest> group) {
        List<RowChange> changes = new ArrayList<>();
        Map<LogDocument, Head> heads = new LinkedHashMap<>();
        Map<LogRequest.Create, Head> created = new LinkedHashMap<>();
        Set<String> names = new HashSet<>();
        long bytes = 0;
        int entries = 0;
        for (LogRequest request : group) {
            if (request instanceof LogRequest.Append append) {
                LogDocument document = append.document();
                heads.put(document, document.head().withSequence(append.sequence()));
                changes.add(new RowChange.InsertEntry(
                        new EntryRow(document.id(), append.sequence(), incarnation, append.value())));
                bytes += append.bytes();
                entries++;
            } else if (request instanceof LogRequest.Create create) {
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
        for (LogRequest request : group) {
            if (request instanceof LogRequest.Append append) {
                guarded(() -> append.listener().committed(append.sequence()));
            } else if (request instanceof LogRequest.Create create && created.containsKey(create)) {
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

    private void store(LogRequest.Snapshot request) {
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

    private void delete(LogRequest.Delete request) {
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

    private void revive(LogRequest.Revive request) {
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
        hand(new LogRequest.Load(request.name(), false, request.result()));
    }

    private static List<RowChange> emptied(Head head) {
        return List.of(
                new RowChange.DeleteEntries(head.id(), Long.MAX_VALUE), new RowChange.DeleteChunksExcept(head.id(), 0));
    }

    private void expire(LogRequest.Expire request) {
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

    private void hand(LogRequest.Load load) {
        try {
            loader.execute(() -> read(load));
        } catch (RejectedExecutionException refused) {
            load.fail(new StoreDownException("the loader of the log has stopped", refused));
        }
    }

    private void read(LogRequest.Load load) {
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

    /** A listener that throws is at fault itself; the log and the other listeners go on. */
    static void guarded(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException fault) {
            LOG.error("a listener of the log failed", fault);
        }
    }
}
