package dev.rejoin.server.storage;

import java.util.Arrays;
import java.util.Objects;

/**
 * One fact about a document, as the log keeps it. Replica ids are their 64 bits, fragments and hashes are opaque bytes:
 * the log knows nothing of the types stored in it. Arrays pass into the record's ownership and are not changed afterwards.
 */
public sealed interface LogRecord {

    /** Code of a verdict that accepts. */
    String ACCEPTED = "";

    /**
     * A fragment that was merged into the document.
     *
     * @param author the judged replica that wrote it; 0 for a change that nobody judges (then first, last and chain are 0)
     * @param first lowest new dot of the author
     * @param last highest new dot of the author
     * @param chain the author's chain checksum after this transaction
     * @param fragment self-contained fragment
     */
    record Merged(long author, long first, long last, int chain, byte[] fragment) implements LogRecord {
        /** A change that nobody judges: the server's own writes, and folds. */
        public static Merged unjudged(byte[] fragment) {
            return new Merged(0, 0, 0, 0, fragment);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Merged that
                    && author == that.author
                    && first == that.first
                    && last == that.last
                    && chain == that.chain
                    && Arrays.equals(fragment, that.fragment);
        }

        @Override
        public int hashCode() {
            return Objects.hash(author, first, last, chain) * 31 + Arrays.hashCode(fragment);
        }
    }

    /** A transaction of a judged replica that was refused: its new dots are known and hold nothing. */
    record Voided(long author, long first, long last, int chain, String code, String message) implements LogRecord {}

    /** A change of the document's content. */
    record Content(byte[] update) implements LogRecord {
        @Override
        public boolean equals(Object other) {
            return other instanceof Content that && Arrays.equals(update, that.update);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(update);
        }
    }

    /**
     * The document was begun anew. What its former lives held is not to come back by an editor that still has it.
     *
     * @param clients state vector over the clients that wrote in former lives
     */
    record Former(byte[] clients) implements LogRecord {
        @Override
        public boolean equals(Object other) {
            return other instanceof Former that && Arrays.equals(clients, that.clients);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(clients);
        }
    }

    /**
     * What of the logs of other servers is held with this batch.
     *
     * @param positions opaque here
     */
    record Held(byte[] positions) implements LogRecord {
        @Override
        public boolean equals(Object other) {
            return other instanceof Held that && Arrays.equals(positions, that.positions);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(positions);
        }
    }

    /**
     * A replica id now belongs to whoever knows the key.
     *
     * @param keyHash the first 16 bytes of the SHA-256 of the lease key
     */
    record Leased(long replica, byte[] keyHash) implements LogRecord {
        @Override
        public boolean equals(Object other) {
            return other instanceof Leased that && replica == that.replica && Arrays.equals(keyHash, that.keyHash);
        }

        @Override
        public int hashCode() {
            return Long.hashCode(replica) * 31 + Arrays.hashCode(keyHash);
        }
    }

    /** The replica durably knows all verdicts on its dots up to {@code through}. */
    record VerdictsKnown(long replica, long through) implements LogRecord {}
}
