package dev.rejoin.crdt.document;

import dev.rejoin.crdt.Commit;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.DeltaLimits;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.yjs.MalformedUpdateException;
import dev.rejoin.crdt.yjs.Updates;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A fragment of the history of both parts of a document: a delta of the objects and a Yjs update of the content. A state is a large one. Merged whole or not
 * at all, in any order, any number of times.
 *
 * <p>Immutable. The bytes of one without content are those of its {@link Delta}. See "Both parts" in docs/reference/binary-format.md.
 */
public final class DocumentDelta {
    private static final byte BOTH = 0x43;
    private static final byte[] NO_CONTENT = {};

    /** The delta that says nothing. */
    public static final DocumentDelta EMPTY = new DocumentDelta(Delta.EMPTY, NO_CONTENT);

    private final Delta objects;
    private final byte[] content;

    private DocumentDelta(Delta objects, byte[] content) {
        this.objects = objects;
        this.content = content;
    }

    /** A delta of the objects alone. */
    public static DocumentDelta of(Delta objects) {
        return new DocumentDelta(objects, NO_CONTENT);
    }

    /**
     * A delta of both parts; an update that says nothing is the same as none. O(update)
     *
     * @param content an update of the first encoding; not to be written to afterwards
     * @throws MalformedUpdateException if it is not an update
     */
    public static DocumentDelta of(Delta objects, byte[] content) {
        return new DocumentDelta(objects, Updates.isEmpty(content) ? NO_CONTENT : content);
    }

    /** What a transaction did, for other replicas. */
    public static DocumentDelta of(Commit commit) {
        byte[] content = commit.content();
        return content == null ? of(commit.delta()) : new DocumentDelta(commit.delta(), content);
    }

    /** As {@link #of(Delta, byte[])}, for an update that the engine wrote. */
    static DocumentDelta written(Delta objects, byte[] content) {
        boolean nothing = content.length == 2 && content[0] == 0 && content[1] == 0;
        return new DocumentDelta(objects, nothing ? NO_CONTENT : content);
    }

    /** What happened to the objects; empty if nothing did. */
    public Delta objects() {
        return objects;
    }

    /** Whether something happened to the content. */
    public boolean hasContent() {
        return content.length > 0;
    }

    /**
     * What happened to the content, as an update of the first encoding, not to be written to.
     *
     * @throws IllegalStateException if nothing did
     */
    public byte[] content() {
        if (content.length == 0) {
            throw new IllegalStateException("nothing happened to the content");
        }
        return content;
    }

    /** Whether nothing happened at all. */
    public boolean isEmpty() {
        return objects.isEmpty() && content.length == 0;
    }

    /** The bytes; canonical as far as those of an update are. */
    public byte[] encode() {
        return content.length == 0 ? objects.encode() : Envelope.write(BOTH, content, objects.encode());
    }

    /**
     * Reads what {@link #encode} wrote; for bytes that come from oneself.
     *
     * @throws MalformedDeltaException as {@link #decode(byte[], DeltaLimits)}
     */
    public static DocumentDelta decode(byte[] bytes) {
        return decode(bytes, DeltaLimits.UNLIMITED);
    }

    /**
     * Reads what {@link #encode} wrote. Both parts are read and checked to their ends; a document may have narrower limits for its content still.
     *
     * @param limits bounds of the objects, and of the length of all
     * @throws MalformedDeltaException if the bytes are not a delta, or exceed a limit
     */
    public static DocumentDelta decode(byte[] bytes, DeltaLimits limits) {
        if (!Envelope.has(bytes, BOTH)) {
            return of(Delta.decode(bytes, limits));
        }
        Envelope in = Envelope.of(bytes);
        if (bytes.length > limits.maxBytes()) {
            throw in.malformed("longer than " + limits.maxBytes() + " bytes");
        }
        Delta objects = Delta.decode(in.part(), limits);
        byte[] content = in.rest();
        try {
            if (Updates.isEmpty(content)) {
                throw in.malformed("content that says nothing");
            }
        } catch (MalformedUpdateException malformed) {
            throw new MalformedDeltaException(
                    "not an update of the content: " + malformed.getMessage(), in.offset() + malformed.offset());
        }
        return new DocumentDelta(objects, content);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || other instanceof DocumentDelta that
                        && objects.equals(that.objects)
                        && Arrays.equals(content, that.content);
    }

    @Override
    public int hashCode() {
        return 31 * objects.hashCode() + Arrays.hashCode(content);
    }

    @Override
    public String toString() {
        return objects + ", " + content.length + " bytes of content";
    }
}
