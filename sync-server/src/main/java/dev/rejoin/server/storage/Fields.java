package dev.rejoin.server.storage;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A growing row of big-endian fields, and the reading of them. */
final class Fields {
    private final ByteArrayOutputStream out;

    Fields(int expectedBytes) {
        out = new ByteArrayOutputStream(expectedBytes);
    }

    Fields u8(int value) {
        out.write(value);
        return this;
    }

    Fields i32(int value) {
        out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
        return this;
    }

    Fields i64(long value) {
        out.writeBytes(ByteBuffer.allocate(Long.BYTES).putLong(value).array());
        return this;
    }

    Fields bytes(byte[] value) {
        i32(value.length);
        out.writeBytes(value);
        return this;
    }

    Fields text(String value) {
        return bytes(value.getBytes(StandardCharsets.UTF_8));
    }

    byte[] toByteArray() {
        return out.toByteArray();
    }

    static byte[] bytes(ByteBuffer in) {
        int length = in.getInt();
        if (length < 0 || length > in.remaining()) {
            throw new BufferUnderflowException();
        }
        byte[] value = new byte[length];
        in.get(value);
        return value;
    }

    static String text(ByteBuffer in) {
        return new String(bytes(in), StandardCharsets.UTF_8);
    }

    /** Reads a count of items that take at least {@code itemBytes} each. */
    static int count(ByteBuffer in, int itemBytes) {
        int count = in.getInt();
        if (count < 0 || count > in.remaining() / itemBytes) {
            throw new BufferUnderflowException();
        }
        return count;
    }
}
