package dev.rejoin.crdt.document;

import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.yjs.DeleteSet;
import dev.rejoin.crdt.yjs.MalformedUpdateException;
import dev.rejoin.crdt.yjs.StateVector;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * What somebody knows of both parts of a document: the version of the objects, the state vector of the content, and, since a state vector says nothing of
 * deletions, a digest of what is deleted in the content.
 *
 * <p>Immutable. The bytes of one that knows nothing of content are those of its {@link Version}. See "Both parts" in docs/reference/binary-format.md.
 */
public final class DocumentVersion {
    private static final byte BOTH = 0x57;
    private static final int DIGEST_BYTES = 16;
    private static final byte[] NOTHING = {};

    /** Nothing is known. */
    public static final DocumentVersion EMPTY = new DocumentVersion(Version.EMPTY, StateVector.EMPTY, NOTHING);

    private final Version objects;
    private final StateVector content;

    /** The first half of the SHA-256 of the set's first encoding; no bytes for the empty set. */
    private final byte[] deletions;

    private DocumentVersion(Version objects, StateVector content, byte[] deletions) {
        this.objects = objects;
        this.content = content;
        this.deletions = deletions;
    }

    /** The version of these objects and of content with this state vector and these deletions. O(ranges of deletions) */
    public static DocumentVersion of(Version objects, StateVector content, DeleteSet deletions) {
        return new DocumentVersion(objects, content, digest(deletions));
    }

    private static byte[] digest(DeleteSet deletions) {
        if (deletions.isEmpty()) {
            return NOTHING;
        }
        try {
            return Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(deletions.encode()), DIGEST_BYTES);
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("every Java platform has SHA-256", missing);
        }
    }

    DocumentVersion withObjects(Version other) {
        return new DocumentVersion(other, content, deletions);
    }

    /** The version of the objects. */
    public Version objects() {
        return objects;
    }

    /** The state vector of the content. */
    public StateVector content() {
        return content;
    }

    /** Whether this and {@code other} know the same content, its deletions included. */
    public boolean hasSameContent(DocumentVersion other) {
        return content.equals(other.content) && Arrays.equals(deletions, other.deletions);
    }

    /**
     * Whether all that {@code other} knows is known here for certain: its dots, its units of content, and its deletions, which is certain only if it has none or both have
     * the same. So of two versions that differ in deletions, neither may cover the other.
     */
    public boolean covers(DocumentVersion other) {
        return objects.includes(other.objects)
                && content.includes(other.content)
                && (other.deletions.length == 0 || Arrays.equals(deletions, other.deletions));
    }

    /** The canonical bytes: equal versions have equal bytes. */
    public byte[] encode() {
        return content.size() == 0
                ? objects.encode()
                : Envelope.write(BOTH, NOTHING, objects.encode(), content.encode(), deletions);
    }

    /**
     * Reads what {@link #encode} wrote.
     *
     * @throws MalformedDeltaException if the bytes are not the canonical encoding of a version
     */
    public static DocumentVersion decode(byte[] bytes) {
        if (!Envelope.has(bytes, BOTH)) {
            return new DocumentVersion(Version.decode(bytes), StateVector.EMPTY, NOTHING);
        }
        Envelope in = Envelope.of(bytes);
        Version objects = Version.decode(in.part());
        StateVector content = stateVector(in);
        byte[] deletions = in.part();
        if (deletions.length != 0 && deletions.length != DIGEST_BYTES) {
            throw in.malformed("a digest has " + DIGEST_BYTES + " bytes, not " + deletions.length);
        }
        if (in.rest().length > 0) {
            throw in.malformed("bytes after the end");
        }
        return new DocumentVersion(objects, content, deletions);
    }

    private static StateVector stateVector(Envelope in) {
        byte[] bytes = in.part();
        StateVector vector;
        try {
            vector = StateVector.decode(bytes);
        } catch (MalformedUpdateException malformed) {
            throw in.malformed("not a state vector: " + malformed.getMessage());
        }
        vector.forEach((client, clock) -> {
            if (clock == 0) {
                throw in.malformed("a client of which nothing is known");
            }
        });
        if (vector.size() == 0 || !Arrays.equals(vector.encode(), bytes)) {
            throw in.malformed("not the canonical form of a state vector that knows something");
        }
        return vector;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || other instanceof DocumentVersion that && objects.equals(that.objects) && hasSameContent(that);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * objects.hashCode() + content.hashCode()) + Arrays.hashCode(deletions);
    }

    @Override
    public String toString() {
        return "objects " + objects + ", content " + content
                + (deletions.length == 0 ? "" : ", deletions " + HexFormat.of().formatHex(deletions));
    }
}
