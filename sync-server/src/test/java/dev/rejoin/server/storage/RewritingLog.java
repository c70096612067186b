package dev.rejoin.server.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * A log in front of another one that can be told to damage what is read, to fail commits, and to count them. Closing it
 * leaves the other one open, so that a second writer can be put over the same rows.
 */
final class RewritingLog implements DeltaLog {
    private final DeltaLog rows;
    UnaryOperator<Optional<HeadRow>> head = UnaryOperator.identity();
    UnaryOperator<List<HeadRow>> heads = UnaryOperator.identity();
    UnaryOperator<List<EntryRow>> entries = UnaryOperator.identity();
    UnaryOperator<List<ChunkRow>> chunks = UnaryOperator.identity();
    UnaryOperator<Optional<byte[]>> property = UnaryOperator.identity();
    Consumer<List<RowChange>> beforeCommit = changes -> {};
    int commits;

    RewritingLog(DeltaLog rows) {
        this.rows = rows;
    }

    void rewriteNothing() {
        head = UnaryOperator.identity();
        heads = UnaryOperator.identity();
        entries = UnaryOperator.identity();
        chunks = UnaryOperator.identity();
        property = UnaryOperator.identity();
    }

    @Override
    public Durability durability() {
        return rows.durability();
    }

    @Override
    public String description() {
        return rows.description();
    }

    @Override
    public Optional<byte[]> property(String name) {
        return property.apply(rows.property(name));
    }

    @Override
    public Optional<HeadRow> head(String name) {
        return head.apply(rows.head(name));
    }

    @Override
    public void heads(Consumer<HeadRow> visitor) {
        List<HeadRow> read = new ArrayList<>();
        rows.heads(read::add);
        heads.apply(read).forEach(visitor);
    }

    @Override
    public void heads(String from, int limit, Consumer<HeadRow> visitor) {
        List<HeadRow> read = new ArrayList<>();
        rows.heads(from, limit, read::add);
        heads.apply(read).forEach(visitor);
    }

    @Override
    public void entries(long document, Consumer<EntryRow> visitor) {
        List<EntryRow> read = new ArrayList<>();
        rows.entries(document, read::add);
        entries.apply(read).forEach(visitor);
    }

    @Override
    public void chunks(long document, long sequence, Consumer<ChunkRow> visitor) {
        List<ChunkRow> read = new ArrayList<>();
        rows.chunks(document, sequence, read::add);
        chunks.apply(read).forEach(visitor);
    }

    @Override
    public LogView view() {
        return rows.view();
    }

    @Override
    public void commit(List<RowChange> changes) {
        beforeCommit.accept(changes);
        rows.commit(changes);
        commits++;
    }

    @Override
    public void close() {
        // The rows outlive the writer in front of them.
    }
}
