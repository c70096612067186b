package dev.rejoin.demo;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * What the demo is told on its command line.
 *
 * @param port where it listens; 0 takes a free one
 * @param data where the documents are kept
 * @param help whether only the usage is wanted
 */
record Options(int port, Path data, boolean help) {
    static final String USAGE = """
            usage: java -jar rejoin-demo.jar [--port N] [--data DIR]

              --port N     listen on this port of this machine; 0 takes a free one. Default: 8080
              --data DIR   keep the documents in this folder. Default: rejoin-demo-data, here""";

    private static final int DEFAULT_PORT = 8080;
    private static final int MAX_PORT = 65_535;
    private static final Path DEFAULT_DATA = Path.of("rejoin-demo-data");

    /**
     * Reads a command line.
     *
     * @throws IllegalArgumentException saying what is wrong with it
     */
    static Options parse(String... args) {
        int port = DEFAULT_PORT;
        Path data = DEFAULT_DATA;
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--help", "-h" -> {
                    return new Options(port, data, true);
                }
                case "--port" -> port = portOf(valueOf(args, i++));
                case "--data" -> data = folderOf(valueOf(args, i++));
                default -> throw new IllegalArgumentException("there is no option " + args[i]);
            }
        }
        return new Options(port, data, false);
    }

    private static String valueOf(String[] args, int option) {
        if (option + 1 == args.length || args[option + 1].isBlank()) {
            throw new IllegalArgumentException(args[option] + " needs a value");
        }
        return args[option + 1];
    }

    private static int portOf(String text) {
        try {
            int port = Integer.parseInt(text);
            if (port >= 0 && port <= MAX_PORT) {
                return port;
            }
        } catch (NumberFormatException notANumber) {
            // answered below, as a number that is no port is
        }
        throw new IllegalArgumentException("--port needs a number from 0 to " + MAX_PORT + ", not " + text);
    }

    private static Path folderOf(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException invalid) {
            throw new IllegalArgumentException("--data needs a folder, not " + text, invalid);
        }
    }
}
