package dev.rejoin.server.replication;

import java.net.URI;
import java.util.function.Consumer;
import java.util.function.Function;

/** Opens lines to other servers. What it calls, it calls on the loop of the replication. */
@FunctionalInterface
public interface Dialler {
    /**
     * Dials; calls one of the two, once.
     *
     * @param opened takes the line, and says who is at this end of it
     * @param failed hears why there is none
     */
    void dial(URI peer, Function<Line, LineEnd> opened, Consumer<String> failed);
}
