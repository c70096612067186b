package dev.rejoin.server.storage;

import java.nio.ByteBuffer;

/**
 * Where a document stands in its log. The counts in it make a lost row visible: without them a log whose last entries
 * vanished would look like a shorter one.
 *
 * @param epoch random identity of this life of the document
 * @param seal the epoch that the values of this document are sealed with: the one it began with. A restored document has another
 *     epoch, and all its values stay as they are
 * @param deletedMillis when it was deleted, 0 if it was not
 * @param sequence the sequence of the last entry; 0 if there is none
 * @param snapshot the position of the snapshot; 0 if there is none
 * @param chunks parts of the snapshot
 */
record Head(
        long id,
        String name,
        long epoch,
        long seal,
        long createdMillis,
        long deletedMillis,
        long sequence,
        long snapshot,
        int chunks) {
    /* What was neither deleted nor restored is written in the first format, as it always was: each head has one form only. */
    private static final byte FORMAT = 1;
    private static final int BYTES = 1 + 4 * 8 + 4;
    private static final byte FORMAT_WITH_LIVES = 2;
    private static final int BYTES_WITH_LIVES = BYTES + 2 * 8;

    /** A document that begins now. */
    static Head begun(long id, String name, long epoch, long nowMillis, long sequence) {
        return new Head(id, name, epoch, epoch, nowMillis, 0, sequence, 0, 0);
    }

    Head withSequence(long last) {
        return new Head(id, name, epoch, seal, createdMillis, deletedMillis, last, snapshot, chunks);
    }

    Head withSnapshot(long at, int parts) {
        return new Head(id, name, epoch, seal, createdMillis, deletedMillis, sequence, at, parts);
    }

    Head withEpoch(long renewed) {
        return new Head(id, name, renewed, seal, createdMillis, deletedMillis, sequence, snapshot, chunks);
    }

    /** @param millis 0 for a document that is there again */
    Head withDeleted(long millis) {
        return new Head(id, name, epoch, seal, createdMillis, millis, sequence, snapshot, chunks);
    }

    boolean isDeleted() {
        return deletedMillis != 0;
    }

    /** Equal heads give equal bytes, which {@link RowChange.ReplaceHead} relies on. */
    HeadRow toRow() {
        boolean plain = seal == epoch && !isDeleted();
        ByteBuffer payload = ByteBuffer.allocate(plain ? BYTES : BYTES_WITH_LIVES)
                .put(plain ? FORMAT : FORMAT_WITH_LIVES)
                .putLong(epoch)
                .putLong(createdMillis)
                .putLong(sequence)
                .putLong(snapshot)
                .putInt(chunks);
        if (!plain) {
            payload.putLong(seal).putLong(deletedMillis);
        }
        return new HeadRow(id, name, Envelope.head(id, name).seal(payload.array()));
    }

    /** @throws DamagedValueException if this is not the row of a head */
    static Head fromRow(HeadRow row) {
        ByteBuffer in = Envelope.head(row.document(), row.name()).open(row.value());
        int format = in.hasRemaining() ? in.get() : 0;
        boolean lives = format == FORMAT_WITH_LIVES;
        if (format != FORMAT && !lives || in.remaining() != (lives ? BYTES_WITH_LIVES : BYTES) - 1) {
            throw new DamagedValueException("head of an unknown format");
        }
        long epoch = in.getLong();
        long created = in.getLong();
        long sequence = in.getLong();
        long snapshot = in.getLong();
        int chunks = in.getInt();
        return new Head(
                row.document(),
                row.name(),
                epoch,
                lives ? in.getLong() : epoch,
                created,
                lives ? in.getLong() : 0,
                sequence,
                snapshot,
                chunks);
    }
}
