package dev.rejoin.server;

import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.server.room.DocumentEntry;
import dev.rejoin.server.room.DocumentUnavailableException;
import dev.rejoin.server.room.HeldPositions;
import dev.rejoin.server.room.Judgement;
import dev.rejoin.server.room.RoomImage;
import dev.rejoin.server.room.RoomLog;
import dev.rejoin.server.room.RoomRecord;
import dev.rejoin.server.storage.AppendListener;
import dev.rejoin.server.storage.CorruptDocumentException;
import dev.rejoin.server.storage.DeletedDocumentException;
import dev.rejoin.server.storage.LogDocument;
import dev.rejoin.server.storage.LogEntry;
import dev.rejoin.server.storage.LogRecord;
import dev.rejoin.server.storage.LogWriter;
import dev.rejoin.server.storage.StoreDownException;
import dev.rejoin.server.storage.StoredDocument;
import dev.rejoin.server.storage.StoredLease;
import dev.rejoin.server.storage.StoredSnapshot;
import dev.rejoin.server.storage.StoredVerdict;
import dev.rejoin.sync.wire.FailureCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** The log of the rooms on top of the delta log: translates records both ways, since neither floor knows the other. */
final class LogBridge implements RoomLog {
    private static final long NOBODY = 0;

    private final LogWriter writer;
    private final long name;
    private final Executor workers;

    /**
     * Connects the two.
     *
     * @param name of the log over all its openings
     * @param workers builds snapshots, which may take a while
     */
    LogBridge(LogWriter writer, long name, Executor workers) {
        this.writer = writer;
        this.name = name;
        this.workers = workers;
    }

    @Override
    public CompletionStage<Optional<Stored>> load(String document) {
        return translated(writer.load(document).thenApply(found -> found.map(this::stored)));
    }

    @Override
    public CompletionStage<Optional<Stored>> loadDeleted(String document) {
        return translated(writer.loadDeleted(document).thenApply(found -> found.map(this::stored)));
    }

    @Override
    public CompletionStage<Optional<Stored>> restore(String document, long epoch) {
        return translated(writer.restore(document, epoch).thenApply(found -> found.map(this::stored)));
    }

    @Override
    public CompletionStage<Optional<Stored>> recreate(String document, long epoch, List<RoomRecord> first) {
        List<LogRecord> records = first.stream().map(LogBridge::toLog).toList();
        return translated(writer.recreate(document, epoch, records).thenApply(found -> found.map(this::stored)));
    }

    @Override
    public CompletionStage<Stored> create(String document, long epoch) {
        return translated(writer.create(document, epoch).thenApply(this::stored));
    }

    @Override
    public CompletionStage<List<DocumentEntry>> list(String prefix, String after, int limit) {
        return translated(writer.list(prefix, after, limit)
                .thenApply(found -> found.stream()
                        .map(line -> new DocumentEntry(
                                line.name(),
                                line.epoch(),
                                line.createdMillis(),
                                line.sequence(),
                                line.deleted(),
                                line.damaged()))
                        .toList()));
    }

    @Override
    public long name() {
        return name;
    }

    @Override
    public long incarnation() {
        return writer.incarnation();
    }

    private Stored stored(StoredDocument document) {
        HeldPositions written = HeldPositions.NONE;
        for (LogEntry entry : document.tail()) {
            written = written.with(name, entry.incarnation(), entry.sequence());
        }
        return stored(document, new Appender(document.handle()), written);
    }

    /** One image of all that is stored of a document, for whoever only reads it. Fails with {@link DocumentUnavailableException}. */
    static StoredSnapshot image(StoredDocument document) {
        if (document.tail().isEmpty() && document.snapshot().isPresent()) {
            return document.snapshot().get();
        }
        return toLog(RoomImage.of(document.handle().name(), stored(document, new Unwritable(), HeldPositions.NONE)));
    }

    private static Stored stored(StoredDocument document, DocumentLog log, HeldPositions written) {
        List<List<RoomRecord>> tail = new ArrayList<>();
        for (LogEntry entry : document.tail()) {
            tail.add(entry.records().stream().map(LogBridge::toRoom).toList());
        }
        LogDocument handle = document.handle();
        return new Stored(
                log,
                handle.epoch(),
                document.snapshot().map(LogBridge::toRoom),
                tail,
                handle.appended(),
                document.tailBytes(),
                written);
    }

    private static <T> CompletionStage<T> translated(CompletionStage<T> stage) {
        return stage.exceptionally(failure -> {
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            throw translated(cause);
        });
    }

    private static RuntimeException translated(Throwable cause) {
        if (cause instanceof CorruptDocumentException) {
            return new DocumentUnavailableException(
                    FailureCode.DOCUMENT_CORRUPT, "the stored document failed its checks", cause);
        }
        if (cause instanceof DeletedDocumentException) {
            return new DocumentUnavailableException(FailureCode.DOCUMENT_DELETED, "the document was deleted", null);
        }
        if (cause instanceof StoreDownException) {
            return new DocumentUnavailableException(FailureCode.STORE_DOWN, "the log is out of service", cause);
        }
        return cause instanceof RuntimeException known ? known : new CompletionException(cause);
    }

    private final class Appender implements DocumentLog {
        private final LogDocument document;

        Appender(LogDocument document) {
            this.document = document;
        }

        @Override
        public long append(List<RoomRecord> records, boolean urgent, Committed committed) {
            List<LogRecord> translated = new ArrayList<>(records.size());
            records.forEach(record -> translated.add(toLog(record)));
            try {
                long sequence = writer.append(document, translated, urgent, new AppendListener() {
                    @Override
                    public void committed(long at) {
                        committed.done(null);
                    }

                    @Override
                    public void failed(long at, StoreDownException cause) {
                        committed.done((DocumentUnavailableException) translated(cause));
                    }
                });
                return sequence == LogWriter.REFUSED ? REFUSED : sequence;
            } catch (StoreDownException e) {
                throw translated(e);
            }
        }

        @Override
        public CompletionStage<Void> delete() {
            return translated(writer.delete(document).thenAccept(at -> {}));
        }

        @Override
        public CompletionStage<Long> replaceBy(Supplier<RoomImage> image) {
            return translated(CompletableFuture.supplyAsync(() -> toLog(image.get()), workers)
                    .thenCompose(snapshot -> writer.snapshot(document, snapshot)));
        }
    }

    /** The log of a document that is only read. */
    private static final class Unwritable implements DocumentLog {
        @Override
        public long append(List<RoomRecord> records, boolean urgent, Committed committed) {
            throw new UnsupportedOperationException("this document is only read");
        }

        @Override
        public CompletionStage<Void> delete() {
            throw new UnsupportedOperationException("this document is only read");
        }

        @Override
        public CompletionStage<Long> replaceBy(Supplier<RoomImage> image) {
            throw new UnsupportedOperationException("this document is only read");
        }
    }

    private static LogRecord toLog(RoomRecord record) {
        if (record instanceof RoomRecord.Merged merged) {
            ReplicaId author = merged.author();
            Judgement judgement = merged.judgement();
            return author == null || judgement == null
                    ? LogRecord.Merged.unjudged(merged.fragment())
                    : new LogRecord.Merged(
                            author.bits(), judgement.first(), judgement.last(), judgement.chain(), merged.fragment());
        }
        if (record instanceof RoomRecord.Voided voided) {
            Judgement judgement = voided.judgement();
            return new LogRecord.Voided(
                    voided.author().bits(),
                    judgement.first(),
                    judgement.last(),
                    judgement.chain(),
                    judgement.code(),
                    judgement.message());
        }
        if (record instanceof RoomRecord.Content content) {
            return new LogRecord.Content(content.update());
        }
        if (record instanceof RoomRecord.Former former) {
            return new LogRecord.Former(former.clients());
        }
        if (record instanceof RoomRecord.Held held) {
            return new LogRecord.Held(held.positions());
        }
        if (record instanceof RoomRecord.Leased leased) {
            return new LogRecord.Leased(leased.replica().bits(), leased.keyHash());
        }
        RoomRecord.VerdictsKnown known = (RoomRecord.VerdictsKnown) record;
        return new LogRecord.VerdictsKnown(known.replica().bits(), known.through());
    }

    private static RoomRecord toRoom(LogRecord record) {
        if (record instanceof LogRecord.Merged merged) {
            // A judged transaction has at least one dot; replica id 0 alone says nothing.
            return merged.author() == NOBODY && merged.first() == 0
                    ? new RoomRecord.Merged(null, null, merged.fragment())
                    : new RoomRecord.Merged(
                            ReplicaId.of(merged.author()),
                            new Judgement(merged.first(), merged.last(), merged.chain(), LogRecord.ACCEPTED, ""),
                            merged.fragment());
        }
        if (record instanceof LogRecord.Voided voided) {
            return new RoomRecord.Voided(
                    ReplicaId.of(voided.author()),
                    new Judgement(voided.first(), voided.last(), voided.chain(), voided.code(), voided.message()));
        }
        if (record instanceof LogRecord.Content content) {
            return new RoomRecord.Content(content.update());
        }
        if (record instanceof LogRecord.Former former) {
            return new RoomRecord.Former(former.clients());
        }
        if (record instanceof LogRecord.Held held) {
            return new RoomRecord.Held(held.positions());
        }
        if (record instanceof LogRecord.Leased leased) {
            return new RoomRecord.Leased(ReplicaId.of(leased.replica()), leased.keyHash());
        }
        LogRecord.VerdictsKnown known = (LogRecord.VerdictsKnown) record;
        return new RoomRecord.VerdictsKnown(ReplicaId.of(known.replica()), known.through());
    }

    private static StoredSnapshot toLog(RoomImage image) {
        List<StoredLease> leases = new ArrayList<>(image.leases().size());
        for (RoomImage.LeaseImage lease : image.leases()) {
            List<StoredVerdict> verdicts = lease.verdicts().stream()
                    .map(judgement -> new StoredVerdict(
                            judgement.first(),
                            judgement.last(),
                            judgement.chain(),
                            judgement.code(),
                            judgement.message()))
                    .toList();
            leases.add(new StoredLease(
                    lease.replica().bits(),
                    lease.keyHash(),
                    lease.judgedThrough(),
                    lease.chain(),
                    lease.verdictsKnown(),
                    verdicts));
        }
        return new StoredSnapshot(
                image.sequence(), image.state(), image.content(), image.former(), image.held(), leases);
    }

    private static RoomImage toRoom(StoredSnapshot snapshot) {
        List<RoomImage.LeaseImage> leases = new ArrayList<>(snapshot.leases().size());
        for (StoredLease lease : snapshot.leases()) {
            List<Judgement> verdicts = lease.verdicts().stream()
                    .map(verdict -> new Judgement(
                            verdict.first(), verdict.last(), verdict.chain(), verdict.code(), verdict.message()))
                    .toList();
            leases.add(new RoomImage.LeaseImage(
                    ReplicaId.of(lease.replica()),
                    lease.keyHash(),
                    lease.judgedThrough(),
                    lease.chain(),
                    lease.verdictsKnown(),
                    verdicts));
        }
        return new RoomImage(
                snapshot.sequence(), snapshot.state(), snapshot.content(), snapshot.former(), snapshot.held(), leases);
    }
}
