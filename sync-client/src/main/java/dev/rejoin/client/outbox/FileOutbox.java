package dev.rejoin.client.outbox;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * An outbox in one file.
 *
 * <h2>The file</h2>
 *
 * Eight bytes {@code RJNBOX01}, then frames: length (4 bytes), CRC32C of length and payload (4 bytes), payload. The first
 * payload is a state, the others are steps. A rewrite goes to {@code <file>.new}, is forced, renamed over the file, and the
 * directory is forced. {@code <file>.lock} is locked as long as the outbox is open, and stays behind.
 *
 * <h2>After a crash</h2>
 *
 * Reading ends at the first frame that is incomplete or fails its checksum; the file is cut there. Whatever was forced
 * lies before that point. If complete frames follow the bad one (the disk has changed bytes that it had confirmed), the part
 * cut off is kept as {@code <file>.damaged}; should the cut take away a transaction that had left the process, the chain
 * checksum of the protocol notices, and the client takes a new replica id.
 */
public final class FileOutbox implements Outbox {
    private static final byte[] MAGIC = {'R', 'J', 'N', 'B', 'O', 'X', '0', '1'};
    private static final int FRAME_HEADER_BYTES = 8;
    private static final long MIN_REWRITE_BYTES = 256 * 1024;

    private final Path file;
    private final FileChannel lockChannel;
    private final FileLock lock;
    private @Nullable FileChannel log;
    private long stateEnd;
    private long end;

    private FileOutbox(Path file, FileChannel lockChannel, FileLock lock) {
        this.file = file;
        this.lockChannel = lockChannel;
        this.lock = lock;
    }

    /**
     * Opens the outbox in this file, which need not exist; its directory must.
     *
     * @throws OutboxInUseException if another client, in this process or another, has it open
     */
    public static FileOutbox open(Path file) throws IOException {
        Path absolute = file.toAbsolutePath();
        FileChannel channel =
                FileChannel.open(sibling(absolute, ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            @Nullable FileLock lock = channel.tryLock();
            if (lock == null) {
                throw new OutboxInUseException(absolute);
            }
            return new FileOutbox(absolute, channel, lock);
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw new OutboxInUseException(absolute);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public Optional<SavedClient> load() throws IOException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        if (bytes.length < MAGIC.length) {
            return Optional.empty();
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        byte[] magic = new byte[MAGIC.length];
        in.get(magic);
        if (!java.util.Arrays.equals(magic, MAGIC)) {
            throw new IOException(file + " is not an outbox, or one of another version");
        }
        @Nullable SavedClient client = null;
        List<OutboxRecord> steps = new ArrayList<>();
        int good = in.position();
        for (Optional<byte[]> payload = next(in); payload.isPresent(); payload = next(in)) {
            OutboxCodec.Entry entry = OutboxCodec.decode(payload.get());
            if (entry instanceof OutboxCodec.Entry.State state) {
                client = state.client();
                stateEnd = in.position();
                steps.clear();
            } else if (entry instanceof OutboxCodec.Entry.Step step) {
                steps.add(step.record());
            }
            good = in.position();
        }
        if (client == null) {
            // A rewrite is atomic, so a file without a state was never finished by this library.
            throw new IOException(file + " holds no state; it is damaged");
        }
        SavedClient replayed;
        try {
            replayed = client.replay(steps);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " holds steps that do not follow from each other: " + e.getMessage(), e);
        }
        cut(bytes, good);
        return Optional.of(replayed);
    }

    private void cut(byte[] bytes, int good) throws IOException {
        if (good < bytes.length && completeFrameFollows(bytes, good)) {
            Files.write(sibling(file, ".damaged"), java.util.Arrays.copyOfRange(bytes, good, bytes.length));
        }
        FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        log = channel;
        if (good < bytes.length) {
            channel.truncate(good);
            channel.force(true);
        }
        end = good;
        channel.position(end);
    }

    private static boolean completeFrameFollows(byte[] bytes, int bad) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        if (bytes.length - bad < FRAME_HEADER_BYTES) {
            return false;
        }
        long after = bad + FRAME_HEADER_BYTES + Integer.toUnsignedLong(in.getInt(bad));
        if (after >= bytes.length) {
            return false;
        }
        in.position((int) after);
        return next(in).isPresent();
    }

    private static Optional<byte[]> next(ByteBuffer in) {
        if (in.remaining() < FRAME_HEADER_BYTES) {
            return Optional.empty();
        }
        int start = in.position();
        int length = in.getInt();
        int checksum = in.getInt();
        if (length < 0 || length > in.remaining()) {
            in.position(start);
            return Optional.empty();
        }
        byte[] payload = new byte[length];
        in.get(payload);
        if (checksum(payload) != checksum) {
            in.position(start);
            return Optional.empty();
        }
        return Optional.of(payload);
    }

    private static int checksum(byte[] payload) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(4).putInt(0, payload.length));
        crc.update(payload);
        return (int) crc.getValue();
    }

    private static ByteBuffer frame(byte[] payload) {
        return ByteBuffer.allocate(FRAME_HEADER_BYTES + payload.length)
                .putInt(payload.length)
                .putInt(checksum(payload))
                .put(payload)
                .flip();
    }

    @Override
    public void rewrite(SavedClient state) throws IOException {
        Path fresh = sibling(file, ".new");
        FileChannel channel = FileChannel.open(
                fresh, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        try {
            writeFully(channel, ByteBuffer.wrap(MAGIC));
            writeFully(channel, frame(OutboxCodec.encode(state)));
            channel.force(true);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            forceDirectory();
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        if (log != null) {
            log.close();
        }
        log = channel;
        end = channel.position();
        stateEnd = end;
    }

    private void forceDirectory() throws IOException {
        Path directory = file.getParent();
        if (directory == null) {
            return;
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (java.nio.file.AccessDeniedException e) {
            // Windows opens no directories; there the rename is in the journal of the file system.
            return;
        }
    }

    @Override
    public void append(OutboxRecord record) throws IOException {
        ByteBuffer frame = frame(OutboxCodec.encode(record));
        int length = frame.remaining();
        writeFully(log(), frame);
        end += length;
    }

    @Override
    public void force() throws IOException {
        log().force(false);
    }

    private FileChannel log() {
        if (log == null) {
            throw new IllegalStateException("an outbox begins with load or rewrite");
        }
        return log;
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    @Override
    public boolean wantsRewrite() {
        return end - stateEnd > Math.max(MIN_REWRITE_BYTES, stateEnd);
    }

    @Override
    public boolean isDurable() {
        return true;
    }

    @Override
    public void close() throws IOException {
        if (!lockChannel.isOpen()) {
            return;
        }
        try (FileChannel closing = lockChannel;
                FileLock releasing = lock) {
            if (log != null) {
                log.close();
            }
        }
    }

    private static Path sibling(Path file, String suffix) {
        return file.resolveSibling(file.getFileName() + suffix);
    }
}
