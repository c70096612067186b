package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.Delta;
import dev.rejoin.sync.wire.Frames;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.ProtocolLimits;
import dev.rejoin.sync.wire.ServerMessage;
import dev.rejoin.sync.wire.Update;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of peers that read slowly or not at all, with raw sockets that the kernel does not drain for them. */
@Timeout(120)
class SlowPeerIT {
    private static final int SMALL_BYTES = 20_000;
    private static final int LARGE_BYTES = 100_000;

    /** Small messages are written at once until the socket takes a part of one; large ones are handed over in pieces. */
    @ParameterizedTest
    @ValueSource(ints = {SMALL_BYTES, LARGE_BYTES})
    void aPeerThatCatchesUpGetsOneJoinedUpdate(int valueBytes) throws Exception {
        TestServer.Setup setup = new TestServer.Setup();
        // the slow one sends no sign of life either, which is not what this is about
        setup.limits = setup.limits.withHeartbeatMillis(60_000);
        try (TestServer server = new TestServer(setup);
                TestPeer writer = TestPeer.random().connect(server);
                RawPeer slow = new RawPeer(server, "d")) {
            writer.hello("d");
            int writes = flood(server, writer, valueBytes);
            Delta state = Delta.EMPTY;
            int updates = 0;
            while (state.cellCount() < writes) {
                if (slow.read() instanceof Update update) {
                    updates++;
                    if (update.fragment().length > 0) {
                        state = state.join(Delta.decode(update.fragment()));
                    }
                }
            }
            assertEquals(writer.state, state);
            assertEquals(1, server.resynced.get());
            assertTrue(updates < writes, updates + " updates for " + writes + " writes");
        }
    }

    @Test
    void aPeerThatNeverReadsIsClosedAndOthersGoOn() throws Exception {
        TestServer.Setup setup = new TestServer.Setup();
        setup.transport = setup.transport.withDeadlines(5_000, 5_000, 5_000, 800);
        try (TestServer server = new TestServer(setup);
                TestPeer writer = TestPeer.random().connect(server);
                RawPeer deaf = new RawPeer(server, "d")) {
            writer.hello("d");
            flood(server, writer, LARGE_BYTES);
            until(() -> server.timedOut.get() == 1);
        }
    }

    /** Writes until the room has noticed that somebody is behind, or who does not read was closed before that, and then a little more. */
    private static int flood(TestServer server, TestPeer writer, int valueBytes) throws Exception {
        int writes = 0;
        for (int more = 20; more > 0; ) {
            writes++;
            writer.submit(Fragments.add(writer.replica, writes, "tags", writes + "x".repeat(valueBytes)));
            while (writer.update().ackedThrough() < writes) {}
            more -= server.fellBehind.get() + server.timedOut.get() > 0 ? 1 : 0;
            assertTrue(writes < 1_000, "nobody fell behind");
        }
        return writes;
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + 60_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "waited in vain");
            Thread.sleep(10);
        }
    }

    /** A WebSocket by hand, with small kernel buffers, that reads only when told to. */
    private static final class RawPeer implements AutoCloseable {
        private final Socket socket = new Socket();
        private final DataInputStream in;

        RawPeer(TestServer server, String document) throws IOException {
            socket.setReceiveBufferSize(8_192);
            socket.setSoTimeout(60_000);
            socket.connect(new InetSocketAddress("127.0.0.1", server.port()));
            in = new DataInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            out.write(("GET /sync HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                            + "sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) in.readUnsignedByte());
            }
            assertTrue(head.toString().startsWith("HTTP/1.1 101"), head.toString());
            byte[] hello =
                    Frames.encode(new Hello(document, 77, new byte[Hello.LEASE_KEY_BYTES], 0, new byte[0], 0, "", ""));
            out.write(new byte[] {(byte) 0x82, (byte) (0x80 | hello.length), 0, 0, 0, 0});
            out.write(hello);
        }

        ServerMessage read() throws IOException {
            in.readUnsignedByte();
            long length = in.readUnsignedByte();
            if (length == 126) {
                length = in.readUnsignedShort();
            } else if (length == 127) {
                length = in.readLong();
            }
            return Frames.decodeServer(in.readNBytes((int) length), ProtocolLimits.DEFAULT);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
