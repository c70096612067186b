package dev.rejoin.server.storage;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One transactional store of sealed rows for all documents of a server: the interface behind which databases are exchanged.
 * An implementation keeps rows and commits them; it never looks into their values. Sealing, checking, ordering and group
 * commit are the business of {@link LogWriter}, alike for every implementation. A new implementation is right when it
 * passes {@code DeltaLogAcceptance}.
 *
 * <p>There are four kinds of rows: <em>properties</em> of the log, one <em>head</em> per document, <em>entries</em> (a batch
 * of records each) and <em>chunks</em> of snapshots.
 *
 * <p>{@link #commit} is called by one thread at a time; reads may come from another thread at the same time and see
 * committed rows only. Any method throws {@link StoreDownException} if the store is out of service. A read that fails for
 * one document only (a damaged page) throws any other unchecked exception.
 */
public interface DeltaLog extends AutoCloseable {

    /** What a commit survives once {@link #commit} has returned. */
    Durability durability();

    /** What and where it is, in a few words for the operator: {@code sqlite /var/lib/rejoin (WAL, synchronous=FULL)}. */
    String description();

    Optional<byte[]> property(String name);

    Optional<HeadRow> head(String name);

    /** All heads, in no particular order. */
    void heads(Consumer<HeadRow> visitor);

    /** The heads whose names are {@code from} or behind it, ascending by the bytes of the names in UTF-8, at most {@code limit}. */
    void heads(String from, int limit, Consumer<HeadRow> visitor);

    /** The entries of one document, ascending by sequence. */
    void entries(long document, Consumer<EntryRow> visitor);

    /** The chunks of the snapshot that one document has at {@code sequence}, ascending. */
    void chunks(long document, long sequence, Consumer<ChunkRow> visitor);

    /**
     * Carries out all changes, in order, in one transaction, and returns when it is as durable as {@link #durability()} says.
     * Once this has failed, every later call of it fails too: after a failed flush nobody knows what is on the disk until
     * it has been read again by a fresh handle.
     */
    void commit(List<RowChange> changes);

    @Override
    void close();
}
