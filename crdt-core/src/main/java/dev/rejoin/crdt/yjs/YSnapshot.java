package dev.rejoin.crdt.yjs;

/**
 * A moment in the life of a document: which units there were, and which of them were deleted.
 *
 * @param stateVector for each client the next clock
 * @param deleteSet what was deleted
 */
public record YSnapshot(StateVector stateVector, DeleteSet deleteSet) {
    /** The moment before anything was there. */
    public static final YSnapshot EMPTY = new YSnapshot(StateVector.EMPTY, DeleteSet.EMPTY);

    /** The bytes of Yjs' first encoding. */
    public byte[] encode() {
        return encode(UpdateWriter.v1());
    }

    /** The bytes of Yjs' second encoding. */
    public byte[] encodeV2() {
        return encode(UpdateWriter.v2().bare());
    }

    private byte[] encode(UpdateWriter out) {
        deleteSet.writeTo(out);
        out.stateVector(stateVector);
        return out.toByteArray();
    }

    /**
     * Reads what {@link #encode} wrote.
     *
     * @throws MalformedUpdateException if the bytes are not a snapshot
     */
    public static YSnapshot decode(byte[] bytes) {
        ByteCursor in = new ByteCursor(bytes, 0, bytes.length);
        DeleteSet deleted = DeleteSet.read(in);
        return new YSnapshot(StateVector.read(in), deleted);
    }

    /**
     * Reads what {@link #encodeV2} wrote.
     *
     * @throws MalformedUpdateException if the bytes are not a snapshot
     */
    public static YSnapshot decodeV2(byte[] bytes) {
        ByteCursor in = new ByteCursor(bytes, 0, bytes.length);
        DeleteSet.Builder builder = DeleteSet.builder();
        int count = in.count(2);
        for (int i = 0; i < count; i++) {
            long client = in.varUint();
            int ranges = in.count(2);
            long clock = 0;
            for (int k = 0; k < ranges; k++) {
                clock += in.varUint();
                long length = in.varUint() + 1;
                builder.add(client, clock, length);
                clock += length;
            }
        }
        return new YSnapshot(StateVector.read(in), builder.build());
    }
}
