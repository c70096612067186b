package dev.rejoin.client.outbox;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.sync.wire.Hello;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The bytes of the records in an outbox file: a kind, then fields of fixed width and length-prefixed byte strings. */
final class OutboxCodec {
    private static final int STATE = 1;
    private static final int WRITTEN = 2;
    private static final int CONFIRMED = 3;
    private static final int EPOCH_LEARNED = 4;
    private static final int REJECTION_DROPPED = 5;
    private static final int JUDGE_LEARNED = 6;
    private static final int WRITTEN_WITH_ORDER = 7;

    private OutboxCodec() {}

    /** What a payload holds: a state that replaces all before it, or a step. */
    sealed interface Entry {
        record State(SavedClient client) implements Entry {}

        record Step(OutboxRecord record) implements Entry {}
    }

    static byte[] encode(SavedClient client) {
        return bytes(out -> {
            out.writeByte(STATE);
            out.writeLong(client.replica().bits());
            out.write(client.leaseKey());
            out.writeLong(client.epoch());
            out.writeLong(client.issuedThrough());
            out.writeLong(client.verdictsKnown());
            out.writeInt(client.knownChain());
            writeBytes(out, client.confirmed().encode());
            out.writeInt(client.pending().size());
            for (SavedWrite write : client.pending()) {
                writeWrite(out, write);
            }
            writeRejections(out, client.rejections());
            out.writeLong(client.nextRejection());
            out.writeUTF(client.judge());
            out.writeInt(client.doubts().size());
            for (SavedDoubt doubt : client.doubts()) {
                out.writeLong(doubt.rejection());
                out.writeLong(doubt.replica().bits());
                out.writeLong(doubt.first());
                out.writeLong(doubt.last());
                writeBytes(out, doubt.fragment());
                out.writeBoolean(doubt.absenceTells());
            }
            List<SavedWrite> ordered =
                    client.pending().stream().filter(OutboxCodec::hasOrder).toList();
            out.writeInt(ordered.size());
            for (SavedWrite write : ordered) {
                out.writeLong(write.first());
                writeOrder(out, write);
            }
            out.writeLong(client.lessor());
            out.writeInt(client.formers().size());
            for (SavedFormer former : client.formers()) {
                out.writeLong(former.replica().bits());
                out.writeLong(former.first());
                out.writeLong(former.last());
                writeBytes(out, former.cells().encode());
                writeBytes(out, former.unwanted().encode());
                out.writeLong(former.before());
                out.writeBoolean(former.isAgain());
            }
        });
    }

    static byte[] encode(OutboxRecord record) {
        return bytes(out -> {
            if (record instanceof OutboxRecord.Written written) {
                out.writeByte(hasOrder(written.write()) ? WRITTEN_WITH_ORDER : WRITTEN);
                writeWrite(out, written.write());
                if (hasOrder(written.write())) {
                    writeOrder(out, written.write());
                }
            } else if (record instanceof OutboxRecord.Confirmed confirmed) {
                out.writeByte(CONFIRMED);
                writeBytes(out, confirmed.fragment());
                out.writeLong(confirmed.ackedThrough());
                out.writeInt(confirmed.voided().size());
                for (long first : confirmed.voided()) {
                    out.writeLong(first);
                }
                writeRejections(out, confirmed.rejections());
            } else if (record instanceof OutboxRecord.EpochLearned learned) {
                out.writeByte(EPOCH_LEARNED);
                out.writeLong(learned.epoch());
            } else if (record instanceof OutboxRecord.JudgeLearned learned) {
                out.writeByte(JUDGE_LEARNED);
                out.writeUTF(learned.judge());
                out.writeLong(learned.lessor());
            } else if (record instanceof OutboxRecord.RejectionDropped dropped) {
                out.writeByte(REJECTION_DROPPED);
                out.writeLong(dropped.id());
            }
        });
    }

    /** Reads a payload whose checksum was right; throws IOException if another version of this library wrote it. */
    static Entry decode(byte[] payload) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(payload));
        try {
            int kind = in.readUnsignedByte();
            return switch (kind) {
                case STATE -> new Entry.State(readClient(in));
                case WRITTEN -> new Entry.Step(new OutboxRecord.Written(readWrite(in)));
                case WRITTEN_WITH_ORDER -> new Entry.Step(new OutboxRecord.Written(readOrder(in, readWrite(in))));
                case CONFIRMED -> new Entry.Step(readConfirmed(in));
                case EPOCH_LEARNED -> new Entry.Step(new OutboxRecord.EpochLearned(in.readLong()));
                case REJECTION_DROPPED -> new Entry.Step(new OutboxRecord.RejectionDropped(in.readLong()));
                case JUDGE_LEARNED -> new Entry.Step(new OutboxRecord.JudgeLearned(in.readUTF(), readLessor(in)));
                default -> throw new IOException("unknown outbox record " + kind);
            };
        } catch (IllegalArgumentException e) {
            throw new IOException("outbox record does not decode: " + e.getMessage(), e);
        }
    }

    private static SavedClient readClient(DataInputStream in) throws IOException {
        ReplicaId replica = ReplicaId.of(in.readLong());
        byte[] leaseKey = in.readNBytes(Hello.LEASE_KEY_BYTES);
        long epoch = in.readLong();
        long issuedThrough = in.readLong();
        long verdictsKnown = in.readLong();
        int knownChain = in.readInt();
        Delta confirmed = Delta.decode(readBytes(in));
        List<SavedWrite> pending = new ArrayList<>();
        for (int n = in.readInt(); n > 0; n--) {
            pending.add(readWrite(in));
        }
        List<SavedRejection> rejections = readRejections(in);
        long nextRejection = in.readLong();
        // files from before there were several servers end here
        String judge = in.available() == 0 ? "" : in.readUTF();
        // and files from before state told the outcome of writes in doubt here
        List<SavedDoubt> doubts = new ArrayList<>();
        for (int n = in.available() == 0 ? 0 : in.readInt(); n > 0; n--) {
            doubts.add(new SavedDoubt(
                    in.readLong(),
                    ReplicaId.of(in.readLong()),
                    in.readLong(),
                    in.readLong(),
                    readBytes(in),
                    in.readBoolean()));
        }
        for (int n = in.available() == 0 ? 0 : in.readInt(); n > 0; n--) {
            readOrder(in, pending);
        }
        long lessor = readLessor(in);
        // files from before former writes were followed end here
        List<SavedFormer> formers = new ArrayList<>();
        for (int n = in.available() == 0 ? 0 : in.readInt(); n > 0; n--) {
            formers.add(new SavedFormer(
                    ReplicaId.of(in.readLong()),
                    in.readLong(),
                    in.readLong(),
                    Delta.decode(readBytes(in)),
                    Delta.decode(readBytes(in)),
                    in.readLong(),
                    in.readBoolean()));
        }
        return new SavedClient(
                replica,
                leaseKey,
                epoch,
                judge,
                lessor,
                issuedThrough,
                verdictsKnown,
                knownChain,
                confirmed,
                pending,
                rejections,
                nextRejection,
                doubts,
                formers);
    }

    /* A state or a step from before servers named their logs ends here. */
    private static long readLessor(DataInputStream in) throws IOException {
        return in.available() == 0 ? 0 : in.readLong();
    }

    private static OutboxRecord readConfirmed(DataInputStream in) throws IOException {
        byte[] fragment = readBytes(in);
        long ackedThrough = in.readLong();
        List<Long> voided = new ArrayList<>();
        for (int n = in.readInt(); n > 0; n--) {
            voided.add(in.readLong());
        }
        return new OutboxRecord.Confirmed(fragment, ackedThrough, voided, readRejections(in));
    }

    private static void writeWrite(DataOutputStream out, SavedWrite write) throws IOException {
        out.writeLong(write.first());
        out.writeLong(write.last());
        out.writeInt(write.chain());
        writeBytes(out, write.fragment());
        writeBytes(out, write.mutations());
        out.writeLong(write.retryOf());
    }

    private static SavedWrite readWrite(DataInputStream in) throws IOException {
        return new SavedWrite(
                in.readLong(),
                in.readLong(),
                in.readInt(),
                readBytes(in),
                readBytes(in),
                in.readLong(),
                List.of(),
                false);
    }

    /* What only some writes have stands behind the rest, where files from before it have nothing. */
    private static boolean hasOrder(SavedWrite write) {
        return write.isHidden() || !write.dependsOn().isEmpty();
    }

    private static void writeOrder(DataOutputStream out, SavedWrite write) throws IOException {
        out.writeBoolean(write.isHidden());
        out.writeInt(write.dependsOn().size());
        for (long first : write.dependsOn()) {
            out.writeLong(first);
        }
    }

    private static SavedWrite readOrder(DataInputStream in, SavedWrite write) throws IOException {
        boolean isHidden = in.readBoolean();
        List<Long> dependsOn = new ArrayList<>();
        for (int n = in.readInt(); n > 0; n--) {
            dependsOn.add(in.readLong());
        }
        return new SavedWrite(
                write.first(),
                write.last(),
                write.chain(),
                write.fragment(),
                write.mutations(),
                write.retryOf(),
                dependsOn,
                isHidden);
    }

    private static void readOrder(DataInputStream in, List<SavedWrite> pending) throws IOException {
        long first = in.readLong();
        for (int i = 0; i < pending.size(); i++) {
            if (pending.get(i).first() == first) {
                pending.set(i, readOrder(in, pending.get(i)));
                return;
            }
        }
        throw new IOException("no pending write at dot " + first);
    }

    private static void writeRejections(DataOutputStream out, List<SavedRejection> rejections) throws IOException {
        out.writeInt(rejections.size());
        for (SavedRejection rejection : rejections) {
            out.writeLong(rejection.id());
            out.writeUTF(rejection.code());
            out.writeUTF(rejection.message());
            writeBytes(out, rejection.mutations());
            out.writeLong(rejection.atMillis());
        }
    }

    private static List<SavedRejection> readRejections(DataInputStream in) throws IOException {
        List<SavedRejection> rejections = new ArrayList<>();
        for (int n = in.readInt(); n > 0; n--) {
            rejections.add(new SavedRejection(in.readLong(), in.readUTF(), in.readUTF(), readBytes(in), in.readLong()));
        }
        return rejections;
    }

    private static void writeBytes(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static byte[] readBytes(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > in.available()) {
            throw new IOException("byte string of " + length + " in an outbox record");
        }
        return in.readNBytes(length);
    }

    private interface Body {
        void write(DataOutputStream out) throws IOException;
    }

    private static byte[] bytes(Body body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            body.write(new DataOutputStream(bytes));
        } catch (IOException e) {
            throw new AssertionError("in memory", e);
        }
        return bytes.toByteArray();
    }
}
