package dev.rejoin.demo;

import dev.rejoin.server.ServerConfig;
import dev.rejoin.server.SyncServer;
import dev.rejoin.server.replication.LinkFaults;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The process of server A. {@link Neighbour} starts it, says on its standard input what lies between it and server B, one line at a time, and it
 * ends with that input: it does not outlive the demo. Its arguments are its port, its folder, server B's address, and the file with the secret that both know.
 */
final class ServerA {
    /** What it prints when it listens. */
    static final String LISTENS = "listens";

    private ServerA() {}

    public static void main(String[] args) throws IOException {
        URI peer = URI.create(args[2]);
        ServerConfig config = ServerConfig.DEFAULTS
                .with(ServerConfig.PEERS, List.of(peer))
                .with(ServerConfig.PEER_SECRET_FILE, Optional.of(Path.of(args[3])));
        SyncServer server = SyncServer.builder()
                .config(config)
                .port(Integer.parseInt(args[0]))
                .data(Path.of(args[1]))
                .validator(new TagPolicy())
                .contentValidator(new WordPolicy())
                .start();
        LinkFaults link = server.peers().orElseThrow().faults(peer);
        System.out.println(LISTENS);
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            String[] words = line.split(" ");
            link.delay(Duration.ofMillis(Long.parseLong(words[0])));
            link.cut(Boolean.parseBoolean(words[1]));
        }
        Runtime.getRuntime().halt(0);
    }
}
