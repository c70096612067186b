package dev.rejoin.benchmarks.server;

/** Connections of editors that have opened a document and do nothing: what each of them costs in memory. */
final class Idle {
    private static final int EDITORS_PER_DOCUMENT = 20;

    private Idle() {}

    /** Bytes of the process per connection, over {@code connections} that come after as many to warm up. */
    static double bytesPerConnection(Contender server, String name, int connections) {
        try (Swarm swarm = new Swarm(server)) {
            open(swarm, name + "-warm", connections);
            server.rest();
            long before = Usage.residentBytes(server.pid());
            open(swarm, name, connections);
            server.rest();
            swarm.checkNoneEnded();
            return (Usage.residentBytes(server.pid()) - before) / (double) connections;
        }
    }

    private static void open(Swarm swarm, String name, int connections) {
        for (int i = 0; i < connections; i += EDITORS_PER_DOCUMENT) {
            swarm.connectAll(EDITORS_PER_DOCUMENT, name + "-" + i, new Editor.Listener() {});
        }
    }
}
