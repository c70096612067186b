package dev.rejoin.benchmarks.server;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A directory with documents of our server, and what it costs to open them. */
final class Store {
    private static final int AT_A_TIME = 50;
    private static final int ASKED_AT_A_TIME = 64;

    private final Path checkout;
    private final Path data;

    Store(Path checkout, Path data) {
        this.checkout = checkout;
        this.data = data;
    }

    /** Writes so many documents, each of the same update. */
    void fill(int documents, byte[] content) {
        Contender.deleteTree(data);
        try (Contender server = Contender.rejoin(checkout, data);
                Swarm swarm = new Swarm(server)) {
            for (int first = 0; first < documents; first += AT_A_TIME) {
                List<Editor> authors = new ArrayList<>();
                int[] kept = {0};
                for (int i = first; i < Math.min(documents, first + AT_A_TIME); i++) {
                    authors.add(swarm.connect(name(i), new Editor.Listener() {
                        @Override
                        public void update(Editor editor, Cursor update, long nanos) {
                            kept[0] += update.end - update.at > 2 ? 1 : 0;
                        }

                        @Override
                        public void largeUpdate(Editor editor) {
                            kept[0]++;
                        }
                    }));
                }
                swarm.await(() -> authors.stream().allMatch(Editor::isSynchronised), "documents to open");
                for (Editor author : authors) {
                    author.send(server.dialect().update(author.document, content));
                }
                swarm.await(() -> kept[0] >= authors.size(), "documents to be kept");
                swarm.close(authors);
            }
        }
    }

    private static String name(int number) {
        return "stored-" + number;
    }

    /**
     * A start with all documents there.
     *
     * @param seconds from starting the process until a document was served
     * @param residentBytes then
     */
    record Start(double seconds, long residentBytes) {}

    Start start() {
        long start = System.nanoTime();
        try (Contender server = Contender.rejoin(checkout, data);
                Swarm swarm = new Swarm(server)) {
            Editor reader = swarm.connect(name(7), new Editor.Listener() {});
            swarm.await(() -> reader.answers > 0, "the first document");
            if (reader.answerBytes < 10) {
                throw new IllegalStateException("the document was lost");
            }
            return new Start((reader.answeredAt - start) / 1e9, Usage.residentBytes(server.pid()));
        }
    }

    /**
     * What documents cost that are open and that nobody has written to since the start.
     *
     * @param bytes of all of them, as they are sent
     * @param heapBytes that they take of the heap, garbage not counted
     * @param residentBytes that the process has grown by
     */
    record Cold(long bytes, long heapBytes, long residentBytes) {}

    /** All documents on one connection, so that they are what is measured. */
    Cold open(int documents) {
        try (Contender server = Contender.rejoin(checkout, data);
                Swarm swarm = new Swarm(server.overHocuspocus())) {
            Editor reader = swarm.connect(name(0), new Editor.Listener() {});
            swarm.await(() -> reader.answers == 1, "the first document");
            long each = reader.answerBytes;
            long heap = server.liveHeapBytes();
            long resident = Usage.residentBytes(server.pid());
            for (int i = 1; i < documents; i++) {
                Dialect.HOCUSPOCUS.opening(name(i)).forEach(reader::send);
                if (i % ASKED_AT_A_TIME == 0 || i == documents - 1) {
                    int asked = i + 1;
                    swarm.await(() -> reader.answers == asked, "the documents");
                }
            }
            server.rest();
            long heapAfter = server.liveHeapBytes();
            return new Cold(each * (documents - 1), heapAfter - heap, Usage.residentBytes(server.pid()) - resident);
        }
    }
}
