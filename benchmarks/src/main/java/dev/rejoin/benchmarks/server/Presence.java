package dev.rejoin.benchmarks.server;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** One round of a crowd in one document, each of whom moves its cursor some times a second. */
final class Presence implements Editor.Listener {
    private static final long FIRST_CLIENT = 1L << 30;
    private static final double SECOND = 1e9;
    private static final double SETTLING_SECONDS = 5;

    private final Contender server;
    private final int crowd;
    private final double movesPerSecond;
    private final int moves;

    /** For each editor what it knows of each client. */
    private final int[][] knows;

    private final long[][] sentAt;
    private final Latencies late = new Latencies();
    private long heard;
    private long bytes;

    /**
     * What came of a round.
     *
     * @param expected moves times the clients that are to see them
     * @param heard those that were seen
     * @param late from sending a move until a client sees it, or a later one
     */
    record Outcome(Usage usage, double seconds, long expected, long heard, long bytes, Latencies late) {}

    private Presence(Contender server, int crowd, double movesPerSecond, double seconds) {
        this.server = server;
        this.crowd = crowd;
        this.movesPerSecond = movesPerSecond;
        this.moves = (int) Math.max(1, movesPerSecond * seconds);
        this.knows = new int[crowd][crowd];
        this.sentAt = new long[crowd][moves + 2];
    }

    static Outcome run(Contender server, String document, int crowd, double movesPerSecond, double seconds) {
        try (Swarm swarm = new Swarm(server)) {
            return new Presence(server, crowd, movesPerSecond, seconds).run(swarm, document);
        }
    }

    private Outcome run(Swarm swarm, String document) {
        List<Editor> editors = swarm.connectAll(crowd, document, this);
        Random random = new Random(5);
        long between = (long) (SECOND / movesPerSecond);
        List<Long> phases = new ArrayList<>();
        for (Editor editor : editors) {
            move(editor, 1);
            phases.add((long) (random.nextDouble() * between));
        }
        long all = (long) crowd * crowd;
        swarm.run(() -> heard == all, SETTLING_SECONDS);
        late.clear();
        heard = 0;
        bytes = 0;
        long start = System.nanoTime();
        for (Editor editor : editors) {
            int[] moved = {0};
            swarm.at(start + phases.get(editor.number), now -> {
                move(editor, moved[0] + 2);
                return ++moved[0] < moves ? now + between : Long.MAX_VALUE;
            });
        }
        Usage before = server.usage();
        long expected = all * moves;
        double seconds = moves / movesPerSecond;
        swarm.run(seconds);
        Usage spent = server.usage().since(before);
        swarm.run(() -> heard == expected, SETTLING_SECONDS);
        swarm.checkNoneEnded();
        return new Outcome(spent, seconds, expected, heard, bytes, late);
    }

    private void move(Editor editor, int clock) {
        sentAt[editor.number][clock - 1] = System.nanoTime();
        editor.send(server.dialect().awareness(editor.document, state(editor.number, clock)));
    }

    /** A name, a colour and a selection, as the binding of an editor writes it. */
    private static byte[] state(int client, int clock) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(192);
        out.write(1);
        Dialect.varUint(out, FIRST_CLIENT + client);
        Dialect.varUint(out, clock);
        byte[] json = ("{\"user\":{\"name\":\"Guest %d\",\"color\":\"#30bced\",\"colorLight\":\"#30bced33\"},"
                        + "\"cursor\":{\"anchor\":{\"type\":null,\"tname\":\"text\",\"item\":{\"client\":%d,\"clock\":%d},\"assoc\":0},"
                        + "\"head\":null}}")
                .formatted(client, FIRST_CLIENT + client, clock)
                .getBytes(StandardCharsets.UTF_8);
        Dialect.varUint(out, json.length);
        out.writeBytes(json);
        return out.toByteArray();
    }

    @Override
    public void awareness(Editor editor, Cursor update, long nanos) {
        bytes += update.end - update.at;
        int[] known = knows[editor.number];
        long clients = update.varUint();
        for (long i = 0; i < clients; i++) {
            int client = (int) (update.varUint() - FIRST_CLIENT);
            int clock = (int) update.varUint();
            update.skipBytes();
            for (int at = known[client]; at < clock; at++) {
                heard++;
                late.add(nanos - sentAt[client][at]);
            }
            known[client] = Math.max(known[client], clock);
        }
    }
}
