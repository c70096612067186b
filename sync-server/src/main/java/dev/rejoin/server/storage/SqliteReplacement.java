package dev.rejoin.server.storage;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A copy of a store beside the one whose place it will take, all at once or not at all. The data directory is locked meanwhile.
 */
public final class SqliteReplacement implements AutoCloseable {
    private static final String NURSERY = "rejoin.restoring";

    private final Path directory;
    private final FileChannel lock;
    private final SqliteDeltaLog log;

    private SqliteReplacement(Path directory, FileChannel lock, SqliteDeltaLog log) {
        this.directory = directory;
        this.lock = lock;
        this.log = log;
    }

    /**
     * Begins with a copy of a store.
     *
     * @param source what is copied
     * @param listener hears how far that is
     * @param replace whether there may be a store already
     * @throws StoreDownException if there is one and it may not be replaced, or a server uses it; the message is meant for the
     *     operator
     */
    public static SqliteReplacement begin(
            Path directory, SqliteView source, SqliteView.CopyListener listener, boolean replace) {
        FileChannel lock = DataDirectory.lock(directory);
        try {
            boolean taken =
                    Files.exists(DataDirectory.file(directory)) || Files.exists(DataDirectory.unfinished(directory));
            if (taken && !replace) {
                throw new StoreDownException(
                        "there is a store in " + directory + " already: choose another directory, or --replace", null);
            }
            Path nursery = directory.resolve(NURSERY);
            remove(nursery);
            Files.createDirectories(nursery);
            source.copyTo(DataDirectory.file(nursery), true, listener);
            return new SqliteReplacement(directory, lock, SqliteDeltaLog.open(nursery));
        } catch (IOException | RuntimeException failure) {
            try (lock) {
                remove(directory.resolve(NURSERY));
            } catch (IOException another) {
                failure.addSuppressed(another);
            }
            throw failure instanceof RuntimeException known
                    ? known
                    : new StoreDownException(
                            "the data directory " + directory + " cannot be used: " + failure, failure);
        }
    }

    /** The copy; closed by {@link #install} at the latest. */
    public DeltaLog log() {
        return log;
    }

    /** Puts the new store in the place of the old one, which is gone then. */
    public void install() {
        log.close();
        Path from = DataDirectory.file(directory.resolve(NURSERY));
        Path to = DataDirectory.file(directory);
        try {
            DataDirectory.flush(from);
            // The old write-ahead log must not be applied to the new file, nor the old file be used without it.
            DataDirectory.createPrivate(DataDirectory.unfinished(directory));
            for (Path old : List.of(DataDirectory.writeAheadLog(to), DataDirectory.sharedMemory(to))) {
                Files.deleteIfExists(old);
            }
            SqliteView.move(from, to);
            DataDirectory.flushDirectory(directory);
            Files.delete(DataDirectory.unfinished(directory));
            DataDirectory.flushDirectory(directory);
        } catch (IOException failure) {
            throw new StoreDownException("the store in " + directory + " cannot be replaced: " + failure, failure);
        }
    }

    private static void remove(Path nursery) throws IOException {
        if (!Files.isDirectory(nursery)) {
            return;
        }
        try (Stream<Path> files = Files.list(nursery)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(nursery);
    }

    /** Leaves the old store as it is, unless {@link #install} has replaced it. */
    @Override
    public void close() {
        try (lock) {
            log.close();
            remove(directory.resolve(NURSERY));
        } catch (IOException failure) {
            throw new StoreDownException("the data directory " + directory + " cannot be tidied: " + failure, failure);
        }
    }
}
