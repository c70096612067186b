package dev.rejoin.server.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.FileDescriptor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What goes to many is encoded once, and what is large is not copied for each. */
class OutgoingTest {
    private static ByteBuf frame(byte[] message) {
        return Outgoing.here().frame(message, UnpooledByteBufAllocator.DEFAULT);
    }

    @Test
    void anArrayForManyIsPutIntoItsFrameOnce() {
        byte[] message = {1, 2, 3};
        ByteBuf first = frame(message);
        ByteBuf second = frame(message);
        ByteBuf equal = frame(message.clone());
        assertEquals("8203010203", ByteBufUtil.hexDump(first));
        assertEquals("8203010203", ByteBufUtil.hexDump(second));
        assertEquals("8203010203", ByteBufUtil.hexDump(equal));
        assertTrue(first.isDirect());
        first.setByte(4, 9);
        assertEquals(9, second.getByte(4), "the same memory");
        assertNotEquals(9, equal.getByte(4), "arrays are told apart by what they are, not by what is in them");
        second.release();
        first.release();
        equal.release();
    }

    @Test
    void aFrameForSocketsThatTakeItAtOnceIsWrittenOnce() throws IOException {
        assumeTrue(Epoll.isAvailable());
        byte[] message = {1, 2, 3};
        assertEquals("8203010203", taken(message));
        message[0] = 9;
        assertEquals("8203010203", taken(message), "not once more");
        assertEquals("827e8000" + "00".repeat(Outgoing.LARGE_BYTES), taken(new byte[Outgoing.LARGE_BYTES]));
        assertEquals("8203090203", taken(message), "as long as the message, whatever was before");
    }

    /** What the kernel takes for the frame of a message. */
    private static String taken(byte[] message) throws IOException {
        Outgoing outgoing = Outgoing.here();
        int size = outgoing.framed(message);
        FileDescriptor[] pipe = FileDescriptor.pipe();
        try {
            assertEquals(size, pipe[1].writeAddress(outgoing.address(), 0, size));
            ByteBuffer read = ByteBuffer.allocateDirect(size);
            assertEquals(size, pipe[0].read(read, 0, size));
            return ByteBufUtil.hexDump(Unpooled.wrappedBuffer(read));
        } finally {
            pipe[0].close();
            pipe[1].close();
        }
    }

    @Test
    void lengthsAreWrittenInTheShortestForm() {
        assertEquals("827d", start(125));
        assertEquals("827e007e", start(126));
        assertEquals("827effff", start(65_535));
        assertEquals("827f0000000000010000", start(65_536));
    }

    private static String start(long length) {
        ByteBuf head = Outgoing.head(length, 0, UnpooledByteBufAllocator.DEFAULT);
        try {
            return ByteBufUtil.hexDump(head);
        } finally {
            head.release();
        }
    }

    /** A socket that takes some of what it is given, and sometimes nothing. */
    private static final class Reluctant implements WritableByteChannel {
        private final Random random = new Random(7);
        private final ByteArrayOutputStream taken = new ByteArrayOutputStream();

        @Override
        public int write(ByteBuffer bytes) {
            int count = random.nextInt(4) == 0 ? 0 : random.nextInt(bytes.remaining() + 1);
            byte[] some = new byte[count];
            bytes.get(some);
            taken.writeBytes(some);
            return count;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    @Test
    void aLargeArrayArrivesWholeHoweverLittleTheSocketTakesAtATime() throws IOException {
        byte[] bytes = new byte[300_001];
        new Random(8).nextBytes(bytes);
        for (int reader = 0; reader < 3; reader++) {
            SharedBytes region = new SharedBytes(bytes);
            Reluctant socket = new Reluctant();
            while (region.transferred() < region.count()) {
                long before = region.transferred();
                assertEquals(region.transferTo(socket, before), region.transferred() - before);
            }
            assertArrayEquals(bytes, socket.taken.toByteArray());
        }
    }
}
