package dev.rejoin.server.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A small file that may be rewritten, replaced or pointed elsewhere by a link. Asked every {@link #POLL_MILLIS}, by one thread
 * at a time.
 *
 * <p>A change is noticed by modification time, size and identity of the file. Two changes within one tick of the file system's
 * clock look alike, so the content is compared as well the first {@value #TRUSTED_AFTER} times that the three stay the same.
 */
public final class WatchedFile {
    /** How often those who watch files ask, in milliseconds. */
    public static final long POLL_MILLIS = 250;

    private static final int TRUSTED_AFTER = 8;

    private record Stamp(
            FileTime modified, long size, @Nullable Object identity) {}

    private final Path path;
    private final int maxBytes;
    private @Nullable Stamp seen;
    private byte[] content = {};
    private int looks;

    /**
     * Nothing is read yet.
     *
     * @param maxBytes size above which the file is refused
     */
    public WatchedFile(Path path, int maxBytes) {
        this.path = path;
        this.maxBytes = maxBytes;
    }

    /** Where it is, as it was given. */
    public Path path() {
        return path;
    }

    /**
     * The content if it is another than at the last asking; always at the first.
     *
     * @throws IOException if it cannot be read or is too large; the next asking tries again
     */
    public Optional<byte[]> changed() throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
        Stamp stamp = new Stamp(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
        boolean first = seen == null;
        if (Objects.equals(stamp, seen)) {
            if (looks >= TRUSTED_AFTER) {
                return Optional.empty();
            }
            looks++;
        } else {
            looks = 0;
        }
        byte[] now;
        try (InputStream in = Files.newInputStream(path)) {
            now = in.readNBytes(maxBytes + 1);
        }
        if (now.length > maxBytes) {
            throw new IOException("it is larger than " + maxBytes + " bytes");
        }
        seen = stamp;
        if (!first && Arrays.equals(now, content)) {
            return Optional.empty();
        }
        content = now;
        return Optional.of(now.clone());
    }
}
