package dev.rejoin.server.storage;

import java.nio.ByteBuffer;
import java.util.Optional;

/** The register of all documents of a log: how many there are, and whether that many were found when it was opened. */
final class Directory {
    private static final String PROPERTY = "documents";

    private final Optional<String> damage;
    private long documents;
    private long highestId;
    private long earliestDeletion;

    private Directory(long documents, Census census, Optional<String> damage) {
        this.documents = documents;
        this.highestId = census.highestId;
        this.earliestDeletion = census.earliestDeletion;
        this.damage = damage;
    }

    /** Reads every head once. Linear in the number of documents. */
    static Directory check(LogRows log, LogObserver observer) {
        Census census = new Census(observer);
        log.heads(census::count);
        Optional<byte[]> stored = log.property(PROPERTY);
        Optional<String> damage = Optional.empty();
        long expected = 0;
        try {
            expected = stored.isPresent() ? read(stored.get()) : 0;
            if (census.good + census.damaged != expected) {
                damage = Optional.of(
                        unknowable("the log has " + (census.good + census.damaged) + " documents and had " + expected));
            } else if (census.damaged > 0) {
                damage = Optional.of(unknowable("the heads of " + census.damaged + " documents are damaged"));
            }
        } catch (DamagedValueException failure) {
            damage = Optional.of(unknowable("the number of documents is damaged"));
        }
        return new Directory(expected, census, damage);
    }

    private static long read(byte[] value) {
        ByteBuffer in = Envelope.property(PROPERTY).open(value);
        if (in.remaining() != Long.BYTES) {
            throw new DamagedValueException("number of documents in " + in.remaining() + " bytes");
        }
        return in.getLong();
    }

    private static String unknowable(String failure) {
        return failure + ", so it cannot be told whether this one existed";
    }

    /** Why a name that is not found may yet be one that was there; empty if all is well. */
    Optional<String> damage() {
        return damage;
    }

    /** The head of the document that begins after {@code ahead} others of the same commit. */
    Head next(String name, long epoch, long createdMillis, int ahead) {
        return Head.begun(highestId + 1 + ahead, name, epoch, createdMillis, 0);
    }

    /** What is written when {@code count} documents begin. */
    RowChange grown(int count) {
        return counted(documents + count);
    }

    /** The number of a document that is not there yet, given to nobody else. */
    long reserve() {
        return ++highestId;
    }

    /** So many documents more are there, whose numbers were reserved. */
    void added(long count) {
        documents += count;
    }

    void grow(int count) {
        documents += count;
        highestId += count;
    }

    /** What is written when {@code count} documents vanish. */
    RowChange shrunk(int count) {
        return counted(documents - count);
    }

    void shrink(int count) {
        documents -= count;
    }

    private static RowChange counted(long documents) {
        byte[] payload = ByteBuffer.allocate(Long.BYTES).putLong(documents).array();
        return new RowChange.PutProperty(PROPERTY, Envelope.property(PROPERTY).seal(payload));
    }

    /** No document that is deleted was deleted before this; {@link Long#MAX_VALUE} if none is. */
    long earliestDeletion() {
        return earliestDeletion;
    }

    /** A document was deleted. */
    void deleted(long millis) {
        earliestDeletion = Math.min(earliestDeletion, millis);
    }

    /** The deleted documents were looked through; the earliest of those that remain was deleted then. */
    void earliestDeletion(long millis) {
        earliestDeletion = millis;
    }

    /** One pass over the heads. */
    private static final class Census {
        private final LogObserver observer;
        private long good;
        private long damaged;
        private long highestId;
        private long earliestDeletion = Long.MAX_VALUE;

        private Census(LogObserver observer) {
            this.observer = observer;
        }

        private void count(HeadRow row) {
            highestId = Math.max(highestId, row.document());
            try {
                Head head = Head.fromRow(row);
                good++;
                if (head.isDeleted()) {
                    earliestDeletion = Math.min(earliestDeletion, head.deletedMillis());
                }
            } catch (DamagedValueException failure) {
                damaged++;
                observer.corrupt(new CorruptDocumentException(row.name(), 0, failure.failure(), failure));
            }
        }
    }
}
