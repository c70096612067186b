package dev.rejoin.server.storage;

import java.util.Optional;
import java.util.function.Consumer;

/**
 * The committed rows of a store, to be read. Any method throws {@link StoreDownException} if the store is out of service. A read
 * that fails for one document only (a damaged page) throws any other unchecked exception.
 */
public interface LogRows {
    /** A property of the log; empty if it was never put. */
    Optional<byte[]> property(String name);

    /** The head of the document of this name; empty if there is none. */
    Optional<HeadRow> head(String name);

    /** All heads, in no particular order. */
    void heads(Consumer<HeadRow> visitor);

    /** The entries of one document, ascending by sequence. */
    void entries(long document, Consumer<EntryRow> visitor);

    /** The chunks of the snapshot that one document has at {@code sequence}, ascending. */
    void chunks(long document, long sequence, Consumer<ChunkRow> visitor);
}
