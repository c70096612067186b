package dev.rejoin.server;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Values;
import dev.rejoin.crdt.clock.ReplicaId;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Fragments written byte by byte from binary-format.md, so that tests do not depend on the engine they test. */
public final class Fragments {
    private static final int SET = 5;
    private static final int REGISTER = 3;
    private static final int COUNTER = 2;

    private Fragments() {}

    /** One live cell in an add-wins set at the root. */
    public static byte[] add(ReplicaId replica, long counter, String set, Object value) {
        ByteArrayOutputStream out = begin(replica);
        varint(out, counter << 3 | 1);
        object(out, 1, SET, set);
        out.writeBytes(Values.encode(Values.canonical(value)));
        return out.toByteArray();
    }

    /** One live cell in a last-writer-wins register at the root. */
    public static byte[] set(ReplicaId replica, long counter, String register, long millis, Object value) {
        ByteArrayOutputStream out = begin(replica);
        varint(out, counter << 3 | 1);
        object(out, 2, REGISTER, register);
        varint(out, millis << 1);
        varint(out, 0);
        out.writeBytes(Values.encode(Values.canonical(value)));
        return out.toByteArray();
    }

    /** A running total, which no judged replica may write. */
    public static byte[] tally(ReplicaId replica, long counter, String name) {
        ByteArrayOutputStream out = begin(replica);
        varint(out, counter << 3 | 1);
        object(out, 4, COUNTER, name);
        varint(out, 1);
        varint(out, 0);
        return out.toByteArray();
    }

    /** A transaction that only removes: claims its own new dot, dead, and the dot it removes. */
    public static byte[] remove(ReplicaId replica, long counter, ReplicaId other, long removed) {
        return Delta.voided(replica, counter, counter)
                .join(Delta.voided(other, removed, removed))
                .encode();
    }

    private static ByteArrayOutputStream begin(ReplicaId replica) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write('R');
        for (int shift = 56; shift >= 0; shift -= 8) {
            out.write((int) (replica.bits() >>> shift));
        }
        return out;
    }

    private static void object(ByteArrayOutputStream out, int kind, int type, String key) {
        byte[] name = key.getBytes(StandardCharsets.UTF_8);
        varint(out, kind);
        varint(out, 0);
        varint(out, type);
        varint(out, name.length);
        out.writeBytes(name);
    }

    private static void varint(ByteArrayOutputStream out, long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }
}
