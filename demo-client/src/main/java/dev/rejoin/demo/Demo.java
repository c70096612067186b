package dev.rejoin.demo;

import dev.rejoin.server.SyncServer;
import dev.rejoin.server.transport.WebRoot;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/**
 * The demo: a sync server with one rule for writes, and a page to try it on.
 *
 * <p>{@code java -jar demo-client/target/rejoin-demo.jar [--port N] [--data DIR]}
 */
public final class Demo {
    private static final int DEFAULT_PORT = 8080;
    private static final Path DEFAULT_DATA = Path.of("rejoin-demo-data");
    private static final int BAD_USAGE = 2;

    private Demo() {}

    /** Starts the server, prints the address, and serves until the process is ended. */
    public static void main(String[] args) throws InterruptedException {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        int port = DEFAULT_PORT;
        Path data = DEFAULT_DATA;
        for (int i = 0; i < args.length; i += 2) {
            if (i + 1 < args.length && args[i].equals("--port") && args[i + 1].matches("\\d{1,5}")) {
                port = Integer.parseInt(args[i + 1]);
            } else if (i + 1 < args.length && args[i].equals("--data")) {
                data = Path.of(args[i + 1]);
            } else {
                System.err.println("usage: java -jar rejoin-demo.jar [--port N] [--data DIR]");
                System.exit(BAD_USAGE);
            }
        }
        try {
            SyncServer server = SyncServer.builder()
                    .port(port)
                    .data(data)
                    .validator(new TagPolicy())
                    .web(WebRoot.resources(Demo.class.getClassLoader(), "dev/rejoin/demo/web/"))
                    .start();
            Runtime.getRuntime().addShutdownHook(new Thread(server::close, "shutdown"));
            out.println("""

                      Rejoin demo   %s

                      Open it in two windows, go offline in one, come back.
                      Documents are kept in %s. Ctrl+C ends the demo.
                    """.formatted(server.uri(), data.toAbsolutePath().normalize()));
        } catch (IOException | RuntimeException failure) {
            System.err.println("rejoin-demo: cannot start: " + failure.getMessage());
            System.exit(1);
        }
        new CountDownLatch(1).await();
    }
}
