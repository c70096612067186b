package dev.rejoin.server.room;

import java.util.random.RandomGenerator;

/** Names the lives of documents: 64 bits that are never 0. For any thread. */
public interface Epochs {
    /** Of the first life of a document. */
    long first(String document);

    /** Of the life that begins when a document is restored from deletion. */
    long restored(String document, long former);

    /** Of the life that begins when a deleted document is begun anew. */
    long begunAnew(String document, long former);

    /** Random ones: right for a server that is alone. */
    static Epochs random(RandomGenerator random) {
        return new Epochs() {
            @Override
            public long first(String document) {
                long bits = random.nextLong();
                return bits == 0 ? 1 : bits;
            }

            @Override
            public long restored(String document, long former) {
                return first(document);
            }

            @Override
            public long begunAnew(String document, long former) {
                return first(document);
            }
        };
    }
}
