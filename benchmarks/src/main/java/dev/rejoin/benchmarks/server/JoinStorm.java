package dev.rejoin.benchmarks.server;

import java.util.ArrayList;
import java.util.List;

/** Many who open the same large document at the same moment. Keeps the document open from its making until it is closed. */
final class JoinStorm implements AutoCloseable {
    private static final double TIMEOUT_SECONDS = 60;

    private final Contender server;
    private final String document;
    private final Swarm swarm;
    private final long residentBefore;

    /**
     * What came of a storm.
     *
     * @param missing joins that never got the document
     * @param bytes that each of them got
     */
    record Outcome(Usage usage, Latencies joined, int missing, long bytes) {}

    JoinStorm(Contender server, String document, LargeDocument large) {
        this.server = server;
        this.document = document;
        this.swarm = new Swarm(server);
        Acks acks = new Acks();
        Editor author = swarm.connectAll(1, document, acks).get(0);
        for (byte[] update : large.updates()) {
            acks.owed = 1;
            author.send(server.dialect().update(document, update));
            swarm.await(() -> acks.owed <= 0, "the document to be taken");
        }
        server.rest();
        residentBefore = Usage.residentBytes(server.pid());
        Usage.forgetPeak(server.pid());
    }

    /** Either dialect's way to say that an update was taken. */
    private static final class Acks implements Editor.Listener {
        private int owed;

        @Override
        public void update(Editor editor, Cursor update, long nanos) {
            owed--;
        }

        @Override
        public void largeUpdate(Editor editor) {
            owed--;
        }

        @Override
        public void acknowledged(Editor editor, long nanos) {
            owed--;
        }
    }

    /** Answers the pings that have come while others had their storms: whoever is silent for too long is taken for gone. */
    void answerPings() {
        swarm.run(0.01);
        swarm.checkNoneEnded();
    }

    Outcome run(int joins) {
        Usage before = server.usage();
        long start = System.nanoTime();
        List<Editor> joining = new ArrayList<>();
        for (int i = 0; i < joins; i++) {
            joining.add(swarm.connect(document, new Editor.Listener() {}));
        }
        swarm.run(() -> joining.stream().allMatch(editor -> editor.answers > 0), TIMEOUT_SECONDS);
        Usage spent = server.usage().since(before);
        Latencies joined = new Latencies();
        long bytes = joining.get(0).answerBytes;
        long sum = joining.get(0).answerSum;
        for (Editor editor : joining) {
            if (editor.answers > 0) {
                joined.add(editor.answeredAt - start);
                if (editor.answerBytes != bytes || editor.answerSum != sum) {
                    throw new IllegalStateException(server.name() + " told two readers different things");
                }
            }
        }
        swarm.checkNoneEnded();
        swarm.close(joining);
        server.rest();
        return new Outcome(spent, joined, joins - joined.count(), bytes);
    }

    /** Bytes in memory at the worst moment, more than before the first storm. */
    long growthBytes() {
        return Usage.peakBytes(server.pid()) - residentBefore;
    }

    @Override
    public void close() {
        swarm.close();
    }
}
