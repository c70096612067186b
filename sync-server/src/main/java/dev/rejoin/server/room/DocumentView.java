package dev.rejoin.server.room;

import dev.rejoin.crdt.document.Snapshot;
import dev.rejoin.sync.wire.Position;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A document as it durably is at one position; immutable, for any thread.
 *
 * @param epoch this life of the document
 */
public record DocumentView(String document, long epoch, Position position, Snapshot snapshot) {
    private static final int TAG_BYTES = 16;

    /**
     * A name for exactly this state, in quotes: equal states of one epoch have equal tags, for equal versions mean equal
     * states. Linear in the number of replicas.
     */
    public String etag() {
        return etag(epoch, snapshot);
    }

    static String etag(long epoch, Snapshot snapshot) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, epoch));
            byte[] hash = digest.digest(snapshot.version().encode());
            return '"' + HexFormat.of().formatHex(hash, 0, TAG_BYTES) + '"';
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
