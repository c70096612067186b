package dev.rejoin.server.storage;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A {@link DeltaLog} in memory: for trials and tests, gone with the process. Safe for use by many threads. */
public final class MemoryDeltaLog implements DeltaLog {
    private final Map<String, byte[]> properties = new HashMap<>();
    private final TreeMap<String, HeadRow> heads = new TreeMap<>(DocumentLine::compareBytes);
    private final Map<Long, String> names = new HashMap<>();
    private final Map<Long, TreeMap<Long, EntryRow>> entries = new HashMap<>();
    private final Map<Long, TreeMap<Long, TreeMap<Integer, ChunkRow>>> chunks = new HashMap<>();
    private @Nullable StoreDownException down;

    @Override
    public Durability durability() {
        return Durability.PROCESS;
    }

    @Override
    public String description() {
        return "memory (gone with the process)";
    }

    @Override
    public synchronized Optional<byte[]> property(String name) {
        checkUp();
        return Optional.ofNullable(properties.get(name));
    }

    @Override
    public synchronized Optional<HeadRow> head(String name) {
        checkUp();
        return Optional.ofNullable(heads.get(name));
    }

    @Override
    public void heads(Consumer<HeadRow> visitor) {
        List<HeadRow> rows;
        synchronized (this) {
            checkUp();
            rows = List.copyOf(heads.values());
        }
        rows.forEach(visitor);
    }

    @Override
    public void heads(String from, int limit, Consumer<HeadRow> visitor) {
        List<HeadRow> rows;
        synchronized (this) {
            checkUp();
            rows = heads.tailMap(from, true).values().stream().limit(limit).toList();
        }
        rows.forEach(visitor);
    }

    @Override
    public void entries(long document, Consumer<EntryRow> visitor) {
        List<EntryRow> rows;
        synchronized (this) {
            checkUp();
            rows = List.copyOf(entriesOf(document).values());
        }
        rows.forEach(visitor);
    }

    @Override
    public void chunks(long document, long sequence, Consumer<ChunkRow> visitor) {
        List<ChunkRow> rows;
        synchronized (this) {
            checkUp();
            TreeMap<Integer, ChunkRow> parts = chunksOf(document).get(sequence);
            rows = parts == null ? List.of() : List.copyOf(parts.values());
        }
        rows.forEach(visitor);
    }

    @Override
    public synchronized LogView view() {
        checkUp();
        MemoryDeltaLog copy = new MemoryDeltaLog();
        copy.properties.putAll(properties);
        copy.heads.putAll(heads);
        entries.forEach((document, rows) -> copy.entries.put(document, new TreeMap<>(rows)));
        chunks.forEach((document, snapshots) ->
                snapshots.forEach((sequence, parts) -> copy.chunksOf(document).put(sequence, new TreeMap<>(parts))));
        return new Copy(copy);
    }

    /** The rows of another moment; values are never changed in place. */
    private record Copy(MemoryDeltaLog rows) implements LogView {
        @Override
        public Optional<byte[]> property(String name) {
            return rows.property(name);
        }

        @Override
        public Optional<HeadRow> head(String name) {
            return rows.head(name);
        }

        @Override
        public void heads(Consumer<HeadRow> visitor) {
            rows.heads(visitor);
        }

        @Override
        public void entries(long document, Consumer<EntryRow> visitor) {
            rows.entries(document, visitor);
        }

        @Override
        public void chunks(long document, long sequence, Consumer<ChunkRow> visitor) {
            rows.chunks(document, sequence, visitor);
        }

        @Override
        public void close() {
            rows.close();
        }
    }

    @Override
    public synchronized void commit(List<RowChange> changes) {
        checkUp();
        Deque<Runnable> undo = new ArrayDeque<>();
        try {
            changes.forEach(change -> apply(change, undo));
        } catch (RuntimeException failure) {
            undo.forEach(Runnable::run);
            down = new StoreDownException("the commit failed: " + failure.getMessage(), failure);
            throw down;
        }
    }

    @Override
    public synchronized void close() {
        if (down == null) {
            down = new StoreDownException("the log is closed", null);
        }
    }

    private void checkUp() {
        if (down != null) {
            throw new StoreDownException("the log is out of service", down);
        }
    }

    private void apply(RowChange change, Deque<Runnable> undo) {
        if (change instanceof RowChange.PutProperty put) {
            set(properties, put.name(), put.value(), undo);
        } else if (change instanceof RowChange.InsertHead insert) {
            insert(heads, insert.row().name(), insert.row(), undo);
            insert(names, insert.row().document(), insert.row().name(), undo);
        } else if (change instanceof RowChange.ReplaceHead replace) {
            replace(replace, undo);
        } else if (change instanceof RowChange.DeleteHead delete) {
            HeadRow row = delete.row();
            expect(row, row.value());
            set(heads, row.name(), null, undo);
            set(names, row.document(), null, undo);
        } else if (change instanceof RowChange.InsertEntry insert) {
            insert(entriesOf(insert.row().document()), insert.row().sequence(), insert.row(), undo);
        } else if (change instanceof RowChange.InsertChunk insert) {
            ChunkRow row = insert.row();
            Map<Integer, ChunkRow> parts =
                    chunksOf(row.document()).computeIfAbsent(row.sequence(), any -> new TreeMap<>());
            insert(parts, row.chunk(), row, undo);
        } else if (change instanceof RowChange.DeleteEntries delete) {
            TreeMap<Long, EntryRow> rows = entriesOf(delete.document());
            List.copyOf(rows.headMap(delete.through(), true).keySet()).forEach(key -> set(rows, key, null, undo));
        } else if (change instanceof RowChange.DeleteChunksExcept delete) {
            TreeMap<Long, TreeMap<Integer, ChunkRow>> rows = chunksOf(delete.document());
            List.copyOf(rows.keySet()).stream()
                    .filter(key -> key != delete.sequence())
                    .forEach(key -> set(rows, key, null, undo));
        }
    }

    private void replace(RowChange.ReplaceHead replace, Deque<Runnable> undo) {
        expect(replace.row(), replace.expected());
        set(heads, replace.row().name(), replace.row(), undo);
    }

    private void expect(HeadRow row, byte[] value) {
        HeadRow present = heads.get(row.name());
        if (present == null || present.document() != row.document() || !Arrays.equals(present.value(), value)) {
            throw new IllegalStateException("the head of '" + row.name() + "' is not the one expected");
        }
    }

    private static <K, V> void insert(Map<K, V> rows, K key, V row, Deque<Runnable> undo) {
        if (rows.containsKey(key)) {
            throw new IllegalStateException("the row " + key + " is there already");
        }
        set(rows, key, row, undo);
    }

    private static <K, V> void set(Map<K, V> rows, K key, @Nullable V row, Deque<Runnable> undo) {
        V before = row == null ? rows.remove(key) : rows.put(key, row);
        undo.push(() -> {
            if (before == null) {
                rows.remove(key);
            } else {
                rows.put(key, before);
            }
        });
    }

    private TreeMap<Long, EntryRow> entriesOf(long document) {
        return entries.computeIfAbsent(document, any -> new TreeMap<>());
    }

    private TreeMap<Long, TreeMap<Integer, ChunkRow>> chunksOf(long document) {
        return chunks.computeIfAbsent(document, any -> new TreeMap<>());
    }
}
