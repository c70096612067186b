package dev.rejoin.server.access;

import dev.rejoin.server.file.WatchedFile;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keys in a file that is read again when it changes. */
final class FileKeys implements KeySource {
    /** Largest file, in bytes. */
    static final int MAX_BYTES = 256 << 10;

    private static final Logger LOG = LoggerFactory.getLogger(FileKeys.class);

    private final WatchedFile file;
    private final KeyParser parser;
    private volatile KeySet current;
    private boolean failing;

    /**
     * Reads the file.
     *
     * @throws IOException if it cannot be read
     * @throws UnusableKeysException if there is no usable key in it
     */
    FileKeys(WatchedFile file, KeyParser parser) throws IOException, UnusableKeysException {
        this.file = file;
        this.parser = parser;
        byte[] content = file.changed().orElseThrow(() -> new IOException("it was read before"));
        current = parser.parse(content);
    }

    @Override
    public KeySet current() {
        return current;
    }

    /** The file is looked at several times a second anyway. */
    @Override
    public CompletionStage<Boolean> refresh() {
        return CompletableFuture.completedFuture(true);
    }

    /** Reads the file again if it changed, and returns whether the keys are others now. By one thread at a time. */
    boolean poll() {
        try {
            Optional<byte[]> content = file.changed();
            if (content.isPresent()) {
                current = parser.parse(content.get());
                LOG.info("{} keys read from {}", current.size(), file.path());
            }
            failing = false;
            return content.isPresent();
        } catch (IOException | UnusableKeysException failure) {
            if (!failing) {
                LOG.error("{} cannot be used, the keys read before stay valid: {}", file.path(), failure.toString());
            }
            failing = true;
            return false;
        }
    }

    @Override
    public void close() {}
}
