package dev.rejoin.server.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/** The files of an SQLite store, who may use them, and what tells that they are not whole. */
final class DataDirectory {
    private static final String FILE = "rejoin.db";
    private static final String LOCK_FILE = "rejoin.lock";
    private static final String UNFINISHED = "rejoin.unfinished";

    private DataDirectory() {}

    static Path file(Path directory) {
        return directory.resolve(FILE);
    }

    /** What SQLite writes first and moves into the file by and by. */
    static Path writeAheadLog(Path file) {
        return file.resolveSibling(file.getFileName() + "-wal");
    }

    static Path sharedMemory(Path file) {
        return file.resolveSibling(file.getFileName() + "-shm");
    }

    /** There while the store is exchanged for another one. */
    static Path unfinished(Path directory) {
        return directory.resolve(UNFINISHED);
    }

    /** Bytes of the store, what is not yet in its file included. */
    static long bytes(Path file) {
        try {
            Path log = writeAheadLog(file);
            return (Files.exists(file) ? Files.size(file) : 0) + (Files.exists(log) ? Files.size(log) : 0);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** @throws StoreDownException if the store was being exchanged and neither the old nor the new one is whole */
    static void checkFinished(Path directory) {
        if (Files.exists(unfinished(directory))) {
            throw new StoreDownException(
                    "a restore into " + directory + " was interrupted: run it again, with --replace", null);
        }
    }

    /**
     * Takes the directory, which is created if it is not there, for this process alone until the channel is closed.
     *
     * @throws StoreDownException if another process has it
     */
    static FileChannel lock(Path directory) {
        try {
            if (!Files.isDirectory(directory)) {
                Files.createDirectories(directory);
                restrict(directory, "rwx------");
            }
            FileChannel channel = tryLock(directory);
            if (channel == null) {
                throw new StoreDownException("the data directory " + directory + " is in use by another server", null);
            }
            return channel;
        } catch (IOException failure) {
            throw new StoreDownException("the data directory " + directory + " cannot be used: " + failure, failure);
        }
    }

    /** As {@link #lock}, for a directory that is there; null if another process has it. */
    static @Nullable FileChannel tryLock(Path directory) throws IOException {
        Path file = directory.resolve(LOCK_FILE);
        createPrivate(file);
        FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock held = null;
        try {
            held = channel.tryLock();
        } catch (OverlappingFileLockException sameProcess) {
            // Reported like a lock of another process.
        }
        if (held == null) {
            channel.close();
            return null;
        }
        return channel;
    }

    static void createPrivate(Path file) throws IOException {
        try {
            Files.createFile(file);
        } catch (FileAlreadyExistsException present) {
            return;
        }
        restrict(file, "rw-------");
        flushDirectory(file.toAbsolutePath().getParent());
    }

    private static void restrict(Path path, String permissions) throws IOException {
        if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
        }
    }

    /** Makes what was created, renamed or deleted in the directory last. */
    static void flushDirectory(@Nullable Path directory) {
        if (directory == null) {
            return;
        }
        try (FileChannel opened = FileChannel.open(directory, StandardOpenOption.READ)) {
            opened.force(true);
        } catch (IOException unsupported) {
            // Windows cannot flush directories; its file systems journal the creation of files themselves.
        }
    }

    static void flush(Path file) throws IOException {
        try (FileChannel opened = FileChannel.open(file, StandardOpenOption.WRITE)) {
            opened.force(true);
        }
    }
}
