package dev.rejoin.server.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The reading of one document: every value is opened, and the entries must follow each other up to where the head says. */
public final class DocumentReader {
    private final LogRows log;
    private final Head head;
    private final List<LogEntry> tail = new ArrayList<>();
    private long tailBytes;

    private DocumentReader(LogRows log, Head head) {
        this.log = log;
        this.head = head;
    }

    /**
     * Reads a document; empty if it was never created. Linear in its size.
     *
     * @param log where nobody changes the document meanwhile: a {@link LogView}, or a log that nobody appends to
     * @param deleted whether the one that was deleted is meant; empty if there is none that was
     * @throws DeletedDocumentException if the document is deleted and that was not meant
     * @throws CorruptDocumentException if anything that should be there is not exactly what was written
     */
    public static Optional<StoredDocument> read(LogRows log, String name, boolean deleted) {
        Optional<Head> head = head(log, name);
        if (head.isEmpty() || deleted && !head.get().isDeleted()) {
            return Optional.empty();
        }
        if (!deleted && head.get().isDeleted()) {
            throw new DeletedDocumentException(name, head.get().deletedMillis());
        }
        return Optional.of(new DocumentReader(log, head.get()).read());
    }

    /**
     * Where a document stands, deleted or not; empty if there is none.
     *
     * @throws CorruptDocumentException if the row is damaged
     */
    static Optional<Head> head(LogRows log, String name) {
        try {
            Optional<HeadRow> row = log.head(name);
            if (row.isPresent() && !row.get().name().equals(name)) {
                throw new DamagedValueException(
                        "the head found belongs to '" + row.get().name() + "'");
            }
            return row.map(Head::fromRow);
        } catch (StoreDownException down) {
            throw down;
        } catch (RuntimeException failure) {
            throw new CorruptDocumentException(name, 0, reason(failure), failure);
        }
    }

    /**
     * Counts all documents and checks their heads; each damaged one is told to {@code observer}. Linear in their number.
     *
     * @return why a name that is not found may yet be one that was there; empty if all is well
     */
    public static Optional<String> census(LogRows log, LogObserver observer) {
        return Directory.check(log, observer).damage();
    }

    private StoredDocument read() {
        Optional<StoredSnapshot> snapshot = head.snapshot() == 0 ? Optional.empty() : Optional.of(snapshot());
        try {
            log.entries(head.id(), this::entry);
        } catch (StoreDownException | CorruptDocumentException known) {
            throw known;
        } catch (RuntimeException failure) {
            throw corrupt(next(), reason(failure), failure);
        }
        if (next() <= head.sequence()) {
            throw corrupt(next(), "the entry is missing; the head says there are " + head.sequence(), null);
        }
        return new StoredDocument(new LogDocument(head), snapshot, tail, tailBytes);
    }

    private StoredSnapshot snapshot() {
        try {
            return SnapshotCodec.read(log, head);
        } catch (StoreDownException down) {
            throw down;
        } catch (RuntimeException failure) {
            throw corrupt(head.snapshot(), "snapshot: " + reason(failure), failure);
        }
    }

    private void entry(EntryRow row) {
        long expected = next();
        if (row.sequence() > head.sequence()) {
            throw corrupt(row.sequence(), "an entry beyond " + head.sequence() + ", where the head says it ends", null);
        }
        if (row.sequence() != expected || row.document() != head.id()) {
            throw corrupt(expected, "the entry is missing; the next one stored is " + row.sequence(), null);
        }
        try {
            List<LogRecord> records =
                    RecordCodec.decode(Envelope.entry(head.id(), head.seal(), expected, row.incarnation())
                            .open(row.value()));
            tail.add(new LogEntry(row.incarnation(), expected, records));
            tailBytes += row.value().length;
        } catch (DamagedValueException failure) {
            throw corrupt(expected, reason(failure), failure);
        }
    }

    private long next() {
        return head.snapshot() + tail.size() + 1;
    }

    private CorruptDocumentException corrupt(long sequence, String failure, @Nullable Throwable cause) {
        return new CorruptDocumentException(head.name(), sequence, failure, cause);
    }

    private static String reason(RuntimeException failure) {
        return failure instanceof DamagedValueException damage
                ? damage.failure()
                : "it cannot be read (" + failure.getMessage() + ")";
    }
}
