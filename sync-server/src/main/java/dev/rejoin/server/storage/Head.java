package dev.rejoin.server.storage;

import java.nio.ByteBuffer;

/**
 * Where a document stands in its log. The counts in it make a lost row visible: without them a log whose last entries
 * vanished would look like a shorter one.
 *
 * @param sequence the sequence of the last entry; 0 if there is none
 * @param snapshot the position of the snapshot; 0 if there is none
 * @param chunks parts of the snapshot
 */
record Head(long id, String name, long epoch, long createdMillis, long sequence, long snapshot, int chunks) {
    private static final byte FORMAT = 1;
    private static final int BYTES = 1 + 4 * 8 + 4;

    Head withSequence(long last) {
        return new Head(id, name, epoch, createdMillis, last, snapshot, chunks);
    }

    Head withSnapshot(long at, int parts) {
        return new Head(id, name, epoch, createdMillis, sequence, at, parts);
    }

    /** Equal heads give equal bytes, which {@link RowChange.ReplaceHead} relies on. */
    HeadRow toRow() {
        byte[] payload = ByteBuffer.allocate(BYTES)
                .put(FORMAT)
                .putLong(epoch)
                .putLong(createdMillis)
                .putLong(sequence)
                .putLong(snapshot)
                .putInt(chunks)
                .array();
        return new HeadRow(id, name, Envelope.head(id, name).seal(payload));
    }

    static Head fromRow(HeadRow row) {
        ByteBuffer in = Envelope.head(row.document(), row.name()).open(row.value());
        if (in.remaining() != BYTES || in.get() != FORMAT) {
            throw new DamagedValueException("head of an unknown format");
        }
        return new Head(
                row.document(), row.name(), in.getLong(), in.getLong(), in.getLong(), in.getLong(), in.getInt());
    }
}
