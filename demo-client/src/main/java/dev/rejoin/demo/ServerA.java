package dev.rejoin.demo;

import dev.rejoin.server.SyncServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The process of server A. {@link Neighbour} starts it, says on its standard input what lies between it and server B, one line at a time, and it
 * ends with that input: it does not outlive the demo.
 */
final class ServerA {
    /** What it prints when it listens. */
    static final String LISTENS = "listens";

    private ServerA() {}

    public static void main(String[] args) throws IOException {
        SyncServer server = SyncServer.builder()
                .port(Integer.parseInt(args[0]))
                .data(Path.of(args[1]))
                .validator(new TagPolicy())
                .start();
        System.out.println(LISTENS);
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            String[] words = line.split(" ");
            // PEERS
        }
        Runtime.getRuntime().halt(0);
    }
}
