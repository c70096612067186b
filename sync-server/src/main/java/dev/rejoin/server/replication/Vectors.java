package dev.rejoin.server.replication;

import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.ProtocolException;
import java.nio.ByteBuffer;

/** Vectors of positions as servers send them to each other: for each origin its 48 bits in six bytes, and its number in eight. */
final class Vectors {
    private static final int ENTRY_BYTES = 14;

    private Vectors() {}

    static byte[] encode(PositionVector vector) {
        ByteBuffer bytes = ByteBuffer.allocate(ENTRY_BYTES * vector.size());
        vector.forEach((origin, sequence) ->
                bytes.putShort((short) (origin >>> 32)).putInt((int) origin).putLong(sequence));
        return bytes.array();
    }

    /** Throws {@link ProtocolException} for anything that {@link #encode} does not write. */
    static PositionVector decode(byte[] encoded) {
        if (encoded.length % ENTRY_BYTES != 0) {
            throw malformed();
        }
        ByteBuffer bytes = ByteBuffer.wrap(encoded);
        Position[] positions = new Position[encoded.length / ENTRY_BYTES];
        long before = -1;
        for (int i = 0; i < positions.length; i++) {
            long origin = (bytes.getShort() & 0xffffL) << 32 | bytes.getInt() & 0xffff_ffffL;
            long sequence = bytes.getLong();
            if (origin <= before || sequence < 1 || sequence > Position.MAX_SEQUENCE) {
                throw malformed();
            }
            before = origin;
            positions[i] = new Position(origin, sequence);
        }
        return PositionVector.of(positions);
    }

    private static ProtocolException malformed() {
        return new ProtocolException(FailureCode.MALFORMED, "not a vector of positions");
    }
}
