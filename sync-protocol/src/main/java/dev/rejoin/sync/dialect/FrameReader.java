package dev.rejoin.sync.dialect;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Reads the fields of one frame in the encoding of lib0: variable-length integers, strings and byte arrays. */
final class FrameReader {
    private static final long SAFE = (1L << 53) - 1;

    private final byte[] frame;
    private int at;

    FrameReader(byte[] frame) {
        this.frame = frame;
    }

    boolean isDone() {
        return at == frame.length;
    }

    /** Seven bits in a byte, the lowest first; below 2^53. */
    long varUint() {
        long value = 0;
        for (int shift = 0; shift < 63; shift += 7) {
            if (at == frame.length) {
                throw new MalformedFrameException("the frame ends within a number");
            }
            byte next = frame[at++];
            value |= (next & 0x7fL) << shift;
            if (value > SAFE) {
                break;
            }
            if (next >= 0) {
                return value;
            }
        }
        throw new MalformedFrameException("a number exceeds 2^53-1");
    }

    byte[] bytes() {
        int length = length();
        byte[] bytes = Arrays.copyOfRange(frame, at, at + length);
        at += length;
        return bytes;
    }

    String string() {
        int length = length();
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(frame, at, length))
                    .toString();
            at += length;
            return text;
        } catch (CharacterCodingException e) {
            throw new MalformedFrameException("a text is not UTF-8");
        }
    }

    private int length() {
        long length = varUint();
        if (length > frame.length - at) {
            throw new MalformedFrameException(
                    "a field of " + length + " bytes where " + (frame.length - at) + " are left");
        }
        return (int) length;
    }

    /** The dialect says nothing of what may follow here; it is passed over. */
    void skipRest() {
        at = frame.length;
    }
}
