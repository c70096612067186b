package dev.rejoin.demo;

import dev.rejoin.server.ServerConfig;
import dev.rejoin.server.SyncServer;
import dev.rejoin.server.storage.StoreDownException;
import dev.rejoin.server.transport.WebRoot;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/**
 * The demo: a sync server with one rule for writes, pages to try it on, and a second server beside it for one of them.
 *
 * <p>{@code java -jar demo-client/target/rejoin-demo.jar [--port N] [--data DIR]}
 */
public final class Demo {
    private static final int CANNOT_START = 1;
    private static final int BAD_USAGE = 2;

    private Demo() {}

    /** Starts the server, prints the address, and serves until the process is ended. */
    public static void main(String[] args) throws InterruptedException {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Options options;
        try {
            options = Options.parse(args);
        } catch (IllegalArgumentException mistake) {
            System.err.println("rejoin-demo: " + mistake.getMessage() + "\n\n" + Options.USAGE);
            System.exit(BAD_USAGE);
            return;
        }
        if (options.help()) {
            out.println(Options.USAGE);
            return;
        }
        try {
            Writers writers = new Writers();
            Path secret = secret(options.data());
            Neighbour neighbour =
                    new Neighbour(Neighbour.freePort(), options.data().resolve("server-a"), secret);
            SyncServer server = SyncServer.builder()
                    .config(ServerConfig.DEFAULTS.with(ServerConfig.PEER_SECRET_FILE, Optional.of(secret)))
                    .port(options.port())
                    .data(options.data())
                    .validator(new TagPolicy())
                    .contentValidator(new WordPolicy())
                    .access(writers)
                    .web(WebRoot.resources(Demo.class.getClassLoader(), "dev/rejoin/demo/web/"))
                    .start();
            Stage stage = Stage.open(server, writers, neighbour);
            Runtime.getRuntime()
                    .addShutdownHook(new Thread(
                            () -> {
                                stage.close();
                                server.close();
                            },
                            "shutdown"));
            out.println("""

                      Rejoin demo   %s

                      Open it in two windows, go offline in one, come back.
                      Two servers, and what lies between them: %sservers.html
                      Documents are kept in %s
                      Ctrl+C ends the demo.
                    """.formatted(
                    server.uri(), server.uri(), options.data().toAbsolutePath().normalize()));
        } catch (StoreDownException failure) {
            fail(failure, "--data DIR chooses another folder for the documents.");
        } catch (IOException failure) {
            fail(failure, "--port N chooses another port, --port 0 takes a free one.");
        }
        new CountDownLatch(1).await();
    }

    /** A file with a secret of both servers, made at the first start. */
    private static Path secret(Path data) throws IOException {
        Path file = data.resolve("peer-secret");
        if (!Files.exists(file)) {
            Files.createDirectories(data);
            byte[] random = new byte[32];
            new SecureRandom().nextBytes(random);
            Files.writeString(file, HexFormat.of().formatHex(random));
        }
        return file;
    }

    private static void fail(Exception failure, String hint) {
        System.err.println("rejoin-demo: " + failure.getMessage() + "\n" + hint);
        System.exit(CANNOT_START);
    }
}
