package dev.rejoin.benchmarks.server;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** The updates of somebody who types one letter after the other, and what a received update holds of such typing. */
final class TypedText {
    private static final long FIRST_CLIENT = 1L << 30;
    private static final byte[] ROOT = "text".getBytes(StandardCharsets.UTF_8);

    private static final int STRING = 4;
    private static final int KIND = 0x1f;
    private static final int HAS_ORIGIN = 0x80;
    private static final int HAS_RIGHT_ORIGIN = 0x40;
    private static final int HAS_KEY = 0x20;

    private TypedText() {}

    /** Takes what an update holds. */
    interface Sink {
        void letters(int typist, int from, int count);
    }

    /** The client id of a typist, as long as those that editors draw. */
    static long client(int typist) {
        return FIRST_CLIENT + typist;
    }

    /** The update with letter number {@code clock} of a typist. */
    static byte[] letter(int typist, int clock) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(32);
        out.write(1);
        out.write(1);
        Dialect.varUint(out, client(typist));
        Dialect.varUint(out, clock);
        if (clock == 0) {
            out.write(STRING);
            out.write(1);
            out.write(ROOT.length);
            out.writeBytes(ROOT);
        } else {
            out.write(STRING | HAS_ORIGIN);
            Dialect.varUint(out, client(typist));
            Dialect.varUint(out, clock - 1);
        }
        out.write(1);
        out.write('a' + clock % 26);
        out.write(0);
        return out.toByteArray();
    }

    /**
     * Reads an update that holds nothing but such typing.
     *
     * @throws IllegalStateException if it holds something else
     */
    static void read(Cursor update, Sink sink) {
        long clients = update.varUint();
        for (long i = 0; i < clients; i++) {
            long structs = update.varUint();
            int typist = (int) (update.varUint() - FIRST_CLIENT);
            int clock = (int) update.varUint();
            int from = clock;
            for (long j = 0; j < structs; j++) {
                clock += struct(update);
            }
            sink.letters(typist, from, clock - from);
        }
    }

    private static int struct(Cursor in) {
        int info = in.octet();
        if ((info & KIND) != STRING) {
            throw new IllegalStateException("a struct of kind " + (info & KIND) + ", which nobody has typed");
        }
        if ((info & HAS_ORIGIN) != 0) {
            in.varUint();
            in.varUint();
        }
        if ((info & HAS_RIGHT_ORIGIN) != 0) {
            in.varUint();
            in.varUint();
        }
        if ((info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN)) == 0) {
            if (in.varUint() == 1) {
                in.skipBytes();
            } else {
                in.varUint();
                in.varUint();
            }
            if ((info & HAS_KEY) != 0) {
                in.skipBytes();
            }
        }
        return in.skipBytes();
    }
}
