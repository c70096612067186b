package dev.rejoin.server.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

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
public interface DeltaLog extends LogRows, AutoCloseable {
    /** How many heads one commit of {@link #renewEpochs} replaces. */
    int HEADS_IN_A_COMMIT = 1_024;

    /** What a commit survives once {@link #commit} has returned. */
    Durability durability();

    /** What and where it is, in a few words for the operator: {@code sqlite /var/lib/rejoin (WAL, synchronous=FULL)}. */
    String description();

    /** The heads whose names are {@code from} or behind it, ascending by the bytes of the names in UTF-8, at most {@code limit}. */
    void heads(String from, int limit, Consumer<HeadRow> visitor);

    /** Everything as it is committed now. From any thread, also while {@link #commit} runs. */
    LogView view();

    /**
     * Carries out all changes, in order, in one transaction, and returns when it is as durable as {@link #durability()} says.
     * Once this has failed, every later call of it fails too: after a failed flush nobody knows what is on the disk until
     * it has been read again by a fresh handle.
     */
    void commit(List<RowChange> changes);

    /**
     * Gives every document a new epoch: what has to be done to a log that was restored from a backup before anybody may write to it.
     * Clients that hold a later state then learn that this is another life of the document, instead of continuing from what is not
     * there any more. The log gets another name as well, for what it admits from now on is not what follows in the log that the backup was made of. Nothing but the heads and that is written, {@value #HEADS_IN_A_COMMIT} in one commit; after an interruption it is simply
     * done again. Damaged heads stay as they are, and their documents are refused as before. To be called while no
     * {@link LogWriter} is open on this log; linear in the number of documents.
     *
     * @param epochs random numbers; 0 is passed over
     * @return how many documents have a new epoch
     */
    default long renewEpochs(LongSupplier epochs) {
        List<HeadRow> rows = new ArrayList<>();
        heads(rows::add);
        List<RowChange> changes = new ArrayList<>();
        long renewed = 0;
        for (HeadRow row : rows) {
            Head head;
            try {
                head = Head.fromRow(row);
            } catch (DamagedValueException damaged) {
                continue;
            }
            long epoch = epochs.getAsLong();
            while (epoch == 0 || epoch == head.epoch()) {
                epoch = epochs.getAsLong();
            }
            changes.add(new RowChange.ReplaceHead(head.withEpoch(epoch).toRow(), row.value()));
            renewed++;
            if (changes.size() == HEADS_IN_A_COMMIT) {
                commit(changes);
                changes = new ArrayList<>();
            }
        }
        changes.add(LogName.renamed(epochs.getAsLong()));
        commit(changes);
        return renewed;
    }

    @Override
    void close();
}
