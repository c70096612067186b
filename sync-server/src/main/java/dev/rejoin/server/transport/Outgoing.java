package dev.rejoin.server.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.unix.Buffer;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What leaves by the sockets of one loop. An array that goes to many of them is put into its WebSocket frame once, where the kernel
 * reads it; a socket that has things waiting is flushed once for all that it is sent in one go.
 */
final class Outgoing {
    private static final int BINARY = 0x82;
    private static final int MAX_HEAD_BYTES = 10;

    /** Larger messages are not copied but handed to the socket in pieces. */
    static final int LARGE_BYTES = 32 << 10;

    private static final FastThreadLocal<Outgoing> OF_LOOP = new FastThreadLocal<>() {
        @Override
        protected Outgoing initialValue() {
            return new Outgoing();
        }
    };

    private final List<PeerConnection> written = new ArrayList<>();

    /* The last message and its frame, for sockets that take it at once. */
    private final ByteBuffer space = ByteBuffer.allocateDirect(MAX_HEAD_BYTES + LARGE_BYTES);
    private final ByteBuf framing = Unpooled.wrappedBuffer(space);
    private byte @Nullable [] framed;
    private long address;

    /* The last message that has to wait and its frame, until the next flush. */
    private byte @Nullable [] message;
    private @Nullable ByteBuf frame;

    private Outgoing() {}

    /** That of the loop that calls. */
    static Outgoing here() {
        return OF_LOOP.get();
    }

    /** Puts a message that is not large into its frame, which begins at {@link #address} and stays there until the next call. */
    int framed(byte[] whole) {
        if (framed != whole) {
            head(framing.clear(), whole.length).writeBytes(whole);
            framed = whole;
        }
        return framing.writerIndex();
    }

    /** Where the kernel finds the frame. Only where Netty has its library for sockets of Unix. */
    long address() {
        if (address == 0) {
            address = Buffer.memoryAddress(space);
        }
        return address;
    }

    /** The same for a socket that does not take all of it now; the caller's to release. */
    ByteBuf frame(byte[] whole, ByteBufAllocator allocator) {
        ByteBuf shared = frame;
        if (shared == null || message != whole) {
            forget();
            shared = head(whole.length, whole.length, allocator).writeBytes(whole);
            message = whole;
            frame = shared;
        }
        return shared.retainedDuplicate();
    }

    /** The beginning of a binary message (RFC 6455, 5.2), with space for {@code room} bytes behind it. */
    static ByteBuf head(long length, int room, ByteBufAllocator allocator) {
        return head(allocator.directBuffer(MAX_HEAD_BYTES + room), length);
    }

    private static ByteBuf head(ByteBuf into, long length) {
        ByteBuf head = into.writeByte(BINARY);
        if (length < 126) {
            return head.writeByte((int) length);
        } else if (length < 1 << 16) {
            return head.writeByte(126).writeShort((int) length);
        }
        return head.writeByte(127).writeLong(length);
    }

    /** Has the connection flushed once the loop has done what it is at. */
    void flushSoon(PeerConnection connection) {
        if (written.isEmpty()) {
            connection.context().executor().execute(this::flush);
        }
        written.add(connection);
    }

    private void flush() {
        forget();
        // a flush may find that a peer keeps up again, and what is told to it then is the next go
        List<PeerConnection> now = List.copyOf(written);
        written.clear();
        now.forEach(PeerConnection::flush);
    }

    private void forget() {
        if (frame != null) {
            frame.release();
        }
        frame = null;
        message = null;
    }
}
