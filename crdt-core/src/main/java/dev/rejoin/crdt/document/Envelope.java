package dev.rejoin.crdt.document;

import dev.rejoin.crdt.clock.MalformedDeltaException;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/** The bytes of two parts after one another: a letter, the parts that say how long they are, and a rest that does not. */
final class Envelope {
    private final byte[] bytes;
    private int at = 1;

    private Envelope(byte[] bytes) {
        this.bytes = bytes;
    }

    static Envelope of(byte[] bytes) {
        return new Envelope(bytes);
    }

    static boolean has(byte[] bytes, byte letter) {
        return bytes.length > 0 && bytes[0] == letter;
    }

    static byte[] write(byte letter, byte[] rest, byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(letter);
        for (byte[] part : parts) {
            int length = part.length;
            for (; length > 0x7F; length >>>= 7) {
                out.write(length & 0x7F | 0x80);
            }
            out.write(length);
            out.writeBytes(part);
        }
        out.writeBytes(rest);
        return out.toByteArray();
    }

    /** Where the next part begins, in bytes from the start. */
    int offset() {
        return at;
    }

    byte[] part() {
        long length = 0;
        int shift = 0;
        byte next;
        do {
            if (at == bytes.length || shift > 28) {
                throw malformed(at == bytes.length ? "length cut off" : "length out of range");
            }
            next = bytes[at++];
            length |= (long) (next & 0x7F) << shift;
            shift += 7;
        } while (next < 0);
        if (next == 0 && shift > 7) {
            throw malformed("length is not in its shortest form");
        }
        if (length > bytes.length - at) {
            throw malformed("part cut off");
        }
        at += (int) length;
        return Arrays.copyOfRange(bytes, at - (int) length, at);
    }

    byte[] rest() {
        return Arrays.copyOfRange(bytes, at, bytes.length);
    }

    MalformedDeltaException malformed(String what) {
        return new MalformedDeltaException(what, at);
    }
}
