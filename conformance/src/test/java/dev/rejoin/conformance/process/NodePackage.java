package dev.rejoin.conformance.process;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A folder of this module with programs for Node and the packages they need. */
public final class NodePackage {
    private static final Path LOGS = Path.of("target").toAbsolutePath();

    private NodePackage() {}

    /**
     * The folder, with the locked packages in it; they are installed where that has not been done.
     *
     * @throws IOException if {@code npm} fails
     */
    public static synchronized Path installed(String folder) throws IOException {
        Path path = Path.of(folder).toAbsolutePath();
        // npm writes this when everything else is in place
        if (!Files.exists(path.resolve("node_modules/.package-lock.json"))) {
            npm(path, "ci", "--no-audit", "--no-fund");
        }
        return path;
    }

    /** Runs {@code npm} in a folder. */
    public static void npm(Path folder, String... arguments) throws IOException {
        npm(folder, Map.of(), arguments);
    }

    /** Runs {@code npm} in a folder, with more in its environment. */
    public static void npm(Path folder, Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("npm"));
        command.addAll(List.of(arguments));
        File log = Files.createDirectories(LOGS).resolve("npm.log").toFile();
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log);
        builder.environment().putAll(environment);
        Process npm = builder.start();
        try {
            if (npm.waitFor() != 0) {
                throw new IOException(
                        String.join(" ", command) + " failed in " + folder + ": " + Files.readString(log.toPath()));
            }
        } catch (InterruptedException interrupted) {
            npm.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        }
    }
}
