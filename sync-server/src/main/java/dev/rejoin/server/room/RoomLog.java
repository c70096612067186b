package dev.rejoin.server.room;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The log as the rooms need it: what was acknowledged survives. Completions may arrive on any thread. Every operation
 * fails with {@link DocumentUnavailableException} if the document is damaged ({@code document-corrupt}) or the log is out
 * of service ({@code store-down}).
 */
public interface RoomLog {

    /** Reads a document back; empty if it was never created. Fails with {@code document-deleted} if it is deleted. */
    CompletionStage<Optional<Stored>> load(String document);

    /** Reads a deleted document; empty if it is not deleted, or was never created. */
    CompletionStage<Optional<Stored>> loadDeleted(String document);

    /** Begins a document; completes once that is durable. */
    CompletionStage<Stored> create(String document, long epoch);

    /** Brings a deleted document back in a new life; empty if it is not deleted, or was never created. */
    CompletionStage<Optional<Stored>> restore(String document, long epoch);

    /** Begins a deleted document anew, with nothing but these records; empty if it is not deleted, or was never created. */
    CompletionStage<Optional<Stored>> recreate(String document, long epoch, List<RoomRecord> first);

    /**
     * Part of the list of all documents, in the order of the bytes of their names.
     *
     * @param after only names behind this one; empty for all
     * @param limit at most so many
     */
    CompletionStage<List<DocumentEntry>> list(String prefix, String after, int limit);

    /** Names the log over all its openings. */
    long name();

    /** Half of every position: which opening of the log admits from now on. */
    long incarnation();

    /**
     * A document as the log holds it.
     *
     * @param log takes what comes next
     * @param image where to start from, if there is one
     * @param tail the batches after it, in order
     * @param sequence position of the last batch; 0 if there was none ever
     * @param tailBytes what the tail occupies
     * @param written by which openings of this log the tail was
     */
    record Stored(
            DocumentLog log,
            long epoch,
            Optional<RoomImage> image,
            List<List<RoomRecord>> tail,
            long sequence,
            long tailBytes,
            HeldPositions written) {
        /** Takes a copy of the list. */
        public Stored {
            tail = List.copyOf(tail);
        }
    }

    /** The log of one document; used by one room at a time. */
    interface DocumentLog {
        /** What {@link #append} returns when too much waits already. */
        long REFUSED = -1;

        /**
         * Appends one batch. {@code committed} hears once, in order of the sequences: null when the batch is durable, the
         * cause when that cannot be known.
         *
         * @param urgent whether a read waits for it that has had to wait for another server
         * @return the sequence of the batch, or {@link #REFUSED}, and then {@code committed} hears nothing
         * @throws DocumentUnavailableException if the log is out of service
         */
        long append(List<RoomRecord> records, boolean urgent, Committed committed);

        /** Deletes the document: completes once that is durable. Nothing is appended any more. */
        CompletionStage<Void> delete();

        /** Replaces everything up to the position of the image, which is built on a thread that may take its time. */
        CompletionStage<Long> replaceBy(Supplier<RoomImage> image);
    }

    /** Hears what became of a batch. */
    @FunctionalInterface
    interface Committed {
        /** Called once: with null when the batch is durable, otherwise with the reason. */
        void done(@Nullable DocumentUnavailableException cause);
    }
}
