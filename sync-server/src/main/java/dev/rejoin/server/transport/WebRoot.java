package dev.rejoin.server.transport;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Where the files under {@code /} come from: a directory, or a package of the running program. */
public sealed interface WebRoot {
    /** Larger files are refused; this server carries a frontend, not downloads. */
    long MAX_FILE_BYTES = 64L << 20;

    /**
     * The file that these path segments name; an empty last segment means {@code index.html}, and so does a directory.
     *
     * @param segments decoded, none of them "." or ".."
     */
    Optional<Resource> find(List<String> segments) throws IOException;

    /** Files below {@code directory}; links that lead out of it are not followed. */
    static WebRoot directory(Path directory) {
        return new Directory(directory);
    }

    /** Resources below {@code prefix}, for example {@code "web/"}. */
    static WebRoot resources(ClassLoader loader, String prefix) {
        return new Resources(loader, prefix);
    }

    /** A file and what is known about it. */
    record Resource(String name, byte[] content, long modifiedMillis) {}

    /** The file is larger than {@link #MAX_FILE_BYTES}. */
    final class TooLargeException extends IOException {
        private static final long serialVersionUID = 1;

        TooLargeException(String name) {
            super(name + " is larger than " + MAX_FILE_BYTES + " bytes");
        }
    }

    /** Files of a directory. */
    record Directory(Path directory) implements WebRoot {
        @Override
        public Optional<Resource> find(List<String> segments) throws IOException {
            Path root = directory.toRealPath();
            Path file = root;
            for (String segment : segments) {
                file = file.resolve(segment);
            }
            file = file.normalize();
            if (Files.isDirectory(file)) {
                file = file.resolve("index.html");
            }
            if (!file.startsWith(root)
                    || !Files.isRegularFile(file)
                    || !file.toRealPath().startsWith(root)) {
                return Optional.empty();
            }
            if (Files.size(file) > MAX_FILE_BYTES) {
                throw new TooLargeException(file.getFileName().toString());
            }
            return Optional.of(new Resource(
                    file.getFileName().toString(),
                    Files.readAllBytes(file),
                    Files.getLastModifiedTime(file).toMillis()));
        }
    }

    /** Resources of a class loader. */
    record Resources(ClassLoader loader, String prefix) implements WebRoot {
        @Override
        public Optional<Resource> find(List<String> segments) throws IOException {
            String path = String.join("/", segments);
            if (path.isEmpty() || path.endsWith("/")) {
                path += "index.html";
            }
            URL url = loader.getResource(prefix + path);
            if (url == null || path.indexOf('.') < 0) {
                return Optional.empty();
            }
            URLConnection connection = url.openConnection();
            connection.setUseCaches(false);
            try (InputStream in = connection.getInputStream()) {
                byte[] content = in.readNBytes((int) MAX_FILE_BYTES + 1);
                if (content.length > MAX_FILE_BYTES) {
                    throw new TooLargeException(path);
                }
                return Optional.of(
                        new Resource(path.substring(path.lastIndexOf('/') + 1), content, connection.getLastModified()));
            }
        }
    }
}
