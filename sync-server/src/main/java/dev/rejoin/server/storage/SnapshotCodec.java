package dev.rejoin.server.storage;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The bytes of a snapshot: format, position, leases, state, content, former lives if there were some, positions if they are known; cut into sealed chunks that no database finds too large. */
final class SnapshotCodec {
    /** A stored chunk is at most this long, its envelope included. */
    static final int CHUNK_BYTES = 1 << 20;

    private static final int FORMAT = 4;
    private static final int FORMAT_WITHOUT_POSITIONS = 3;
    private static final int FORMAT_OF_A_FIRST_LIFE = 2;
    private static final int FORMAT_WITHOUT_CONTENT = 1;
    private static final int VERDICT_BYTES = 8 + 8 + 4 + 4 + 4;
    private static final int LEASE_BYTES = 8 + 4 + 8 + 4 + 8 + 4;

    private SnapshotCodec() {}

    static List<ChunkRow> encode(long document, long seal, StoredSnapshot snapshot) {
        byte[] payload = payload(snapshot);
        int most = CHUNK_BYTES - Envelope.OVERHEAD_BYTES;
        int chunks = (payload.length + most - 1) / most;
        List<ChunkRow> rows = new ArrayList<>(chunks);
        for (int i = 0; i < chunks; i++) {
            int from = i * most;
            byte[] value = Envelope.chunk(document, seal, snapshot.sequence(), i, chunks)
                    .seal(payload, from, Math.min(most, payload.length - from));
            rows.add(new ChunkRow(document, snapshot.sequence(), i, value));
        }
        return rows;
    }

    private static byte[] payload(StoredSnapshot snapshot) {
        Fields out = new Fields(snapshot.state().length
                + snapshot.content().length
                + snapshot.former().length
                + snapshot.held().length
                + 64 * snapshot.leases().size()
                + 64);
        boolean placed = snapshot.held().length > 0;
        boolean first = !placed && snapshot.former().length == 0;
        out.u8(placed ? FORMAT : first ? FORMAT_OF_A_FIRST_LIFE : FORMAT_WITHOUT_POSITIONS)
                .i64(snapshot.sequence());
        write(out, snapshot.leases());
        out.bytes(snapshot.state()).bytes(snapshot.content());
        if (!first) {
            out.bytes(snapshot.former());
        }
        return placed ? out.bytes(snapshot.held()).toByteArray() : out.toByteArray();
    }

    /** The leases alone, as a snapshot has them. */
    static byte[] leases(List<StoredLease> leases) {
        Fields out = new Fields(64 * leases.size() + 8);
        write(out, leases);
        return out.toByteArray();
    }

    /**
     * Reads what {@link #leases(List)} has written.
     *
     * @throws DamagedValueException for anything else
     */
    static List<StoredLease> leases(ByteBuffer in) {
        try {
            List<StoredLease> table = table(in);
            if (in.hasRemaining()) {
                throw new DamagedValueException(in.remaining() + " bytes too many");
            }
            return table;
        } catch (BufferUnderflowException failure) {
            throw new DamagedValueException("the leases end early");
        }
    }

    private static void write(Fields out, List<StoredLease> leases) {
        out.i32(leases.size());
        for (StoredLease lease : leases) {
            out.i64(lease.replica()).bytes(lease.keyHash()).i64(lease.judgedThrough());
            out.i32(lease.chain())
                    .i64(lease.verdictsKnown())
                    .i32(lease.verdicts().size());
            for (StoredVerdict verdict : lease.verdicts()) {
                out.i64(verdict.first()).i64(verdict.last()).i32(verdict.chain());
                out.text(verdict.code()).text(verdict.message());
            }
        }
    }

    private static List<StoredLease> table(ByteBuffer in) {
        int leases = Fields.count(in, LEASE_BYTES);
        List<StoredLease> table = new ArrayList<>(leases);
        for (int i = 0; i < leases; i++) {
            table.add(lease(in));
        }
        return table;
    }

    /** Whether reading gives exactly these rows. */
    static boolean isStored(LogRows log, List<ChunkRow> rows) {
        List<ChunkRow> expected = new ArrayList<>(rows);
        boolean[] equal = {true};
        log.chunks(rows.get(0).document(), rows.get(0).sequence(), row -> {
            equal[0] &= !expected.isEmpty()
                    && expected.get(0).chunk() == row.chunk()
                    && Arrays.equals(expected.remove(0).value(), row.value());
        });
        return equal[0] && expected.isEmpty();
    }

    /** @throws DamagedValueException if the snapshot that the head names is not there, whole */
    static StoredSnapshot read(LogRows log, Head head) {
        List<ByteBuffer> parts = new ArrayList<>();
        log.chunks(head.id(), head.snapshot(), row -> {
            if (row.chunk() != parts.size()) {
                throw new DamagedValueException(
                        "chunk " + parts.size() + " is missing; the next one stored is " + row.chunk());
            }
            parts.add(Envelope.chunk(head.id(), head.seal(), head.snapshot(), row.chunk(), head.chunks())
                    .open(row.value()));
        });
        if (parts.size() != head.chunks()) {
            throw new DamagedValueException(parts.size() + " chunks are stored; the head says " + head.chunks());
        }
        ByteBuffer payload = ByteBuffer.allocate(
                parts.stream().mapToInt(ByteBuffer::remaining).sum());
        parts.forEach(payload::put);
        try {
            return decode(payload.flip());
        } catch (BufferUnderflowException failure) {
            throw new DamagedValueException("it ends early");
        }
    }

    private static StoredSnapshot decode(ByteBuffer in) {
        int format = in.get();
        if (format < FORMAT_WITHOUT_CONTENT || format > FORMAT) {
            throw new DamagedValueException("format " + format + "; this server reads " + FORMAT);
        }
        long sequence = in.getLong();
        List<StoredLease> table = table(in);
        byte[] state = Fields.bytes(in);
        byte[] content = format >= FORMAT_OF_A_FIRST_LIFE ? Fields.bytes(in) : new byte[0];
        byte[] former = format >= FORMAT_WITHOUT_POSITIONS ? Fields.bytes(in) : new byte[0];
        byte[] held = format == FORMAT ? Fields.bytes(in) : new byte[0];
        if (in.hasRemaining()) {
            throw new DamagedValueException(in.remaining() + " bytes too many");
        }
        return new StoredSnapshot(sequence, state, content, former, held, table);
    }

    private static StoredLease lease(ByteBuffer in) {
        long replica = in.getLong();
        byte[] keyHash = Fields.bytes(in);
        long judgedThrough = in.getLong();
        int chain = in.getInt();
        long verdictsKnown = in.getLong();
        int verdicts = Fields.count(in, VERDICT_BYTES);
        List<StoredVerdict> list = new ArrayList<>(verdicts);
        for (int i = 0; i < verdicts; i++) {
            list.add(new StoredVerdict(in.getLong(), in.getLong(), in.getInt(), Fields.text(in), Fields.text(in)));
        }
        return new StoredLease(replica, keyHash, judgedThrough, chain, verdictsKnown, list);
    }
}
