package dev.rejoin.server.storage;

/** One step of a transaction on the rows of a {@link DeltaLog}. */
public sealed interface RowChange {

    /** Writes a property of the log, new or not. */
    record PutProperty(String name, byte[] value) implements RowChange {}

    /** A document begins. Its number or name being there already fails the transaction. */
    record InsertHead(HeadRow row) implements RowChange {}

    /**
     * A document moves on. The transaction fails unless the row holds exactly {@code expected}: another writer, which must
     * not exist, is noticed here.
     */
    record ReplaceHead(HeadRow row, byte[] expected) implements RowChange {}

    /** A document vanishes. The transaction fails unless the row is exactly this one. */
    record DeleteHead(HeadRow row) implements RowChange {}

    /** Fails the transaction if the sequence is taken. */
    record InsertEntry(EntryRow row) implements RowChange {}

    /** Fails the transaction if the chunk is there. */
    record InsertChunk(ChunkRow row) implements RowChange {}

    /** Removes the entries up to and including {@code through}. */
    record DeleteEntries(long document, long through) implements RowChange {}

    /** Removes every chunk of a document except those of the snapshot at {@code sequence}. */
    record DeleteChunksExcept(long document, long sequence) implements RowChange {}
}
