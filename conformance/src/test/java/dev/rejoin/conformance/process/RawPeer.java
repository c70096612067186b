package dev.rejoin.conformance.process;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.sync.wire.ClientMessage;
import dev.rejoin.sync.wire.Failure;
import dev.rejoin.sync.wire.Frames;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.ProtocolLimits;
import dev.rejoin.sync.wire.ServerMessage;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;

/** A connection made by hand: bytes go out as they are, and nothing is read but what is asked for. */
public final class RawPeer implements AutoCloseable {
    public static final int CONTINUATION = 0;
    public static final int TEXT = 1;
    public static final int BINARY = 2;
    public static final int CLOSE = 8;
    public static final int PING = 9;
    public static final int PONG = 10;

    private static final int FIN = 0x80;
    private static final int MASKED = 0x80;
    private static final int CONNECT_MILLIS = 10_000;

    private final Socket socket;
    private final OutputStream out;
    private final DataInputStream in;

    private RawPeer(Socket socket) throws IOException {
        this.socket = socket;
        this.out = socket.getOutputStream();
        this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    }

    /** How a connection ended. */
    public record Ending(String failure, int closeCode) {
        /** The socket was closed without a word. */
        public static final Ending SILENT = new Ending("", 0);
    }

    /** Connects to a port of loopback. */
    public static RawPeer connect(int port) throws IOException {
        return connect(port, 0);
    }

    /** Connects with a receive buffer of this size, so that the kernel takes little for a peer that does not read. */
    public static RawPeer connect(int port, int receiveBufferBytes) throws IOException {
        Socket socket = new Socket();
        try {
            if (receiveBufferBytes > 0) {
                socket.setReceiveBufferSize(receiveBufferBytes);
            }
            socket.setTcpNoDelay(true);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECT_MILLIS);
            return new RawPeer(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** Connects and becomes a WebSocket of the native protocol. */
    public static RawPeer upgraded(int port) throws IOException {
        return connect(port).upgrade();
    }

    /** Becomes a WebSocket of the native protocol. */
    public RawPeer upgrade() throws IOException {
        return upgrade("/sync", "sec-websocket-protocol: rejoin.v1\r\n");
    }

    /** Becomes a WebSocket at that path, asked for with these headers besides, each with the end of its line. */
    public RawPeer upgrade(String path, String headers) throws IOException {
        write("GET " + path + " HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                + "sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" + headers + "\r\n");
        String head = head(Duration.ofSeconds(20));
        assertTrue(head.startsWith("HTTP/1.1 101 "), head);
        return this;
    }

    /** A Hello of a replica that nobody knows. */
    public static Hello hello(String document, Random random) {
        byte[] key = new byte[Hello.LEASE_KEY_BYTES];
        random.nextBytes(key);
        return new Hello(document, ReplicaId.random(random).bits(), key, 0, new byte[0], 0, "raw", "");
    }

    public void write(byte[] bytes) throws IOException {
        out.write(bytes);
    }

    public void write(String text) throws IOException {
        write(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends one message in one frame. */
    public void send(ClientMessage message) throws IOException {
        send(Frames.encode(message));
    }

    /** Sends these bytes as one binary message in one frame. */
    public void send(byte[] payload) throws IOException {
        write(frame(FIN | BINARY, true, payload));
    }

    /** The bytes of a frame: opcode with the FIN bit or without, masked (with zeros) or not. */
    public static byte[] frame(int first, boolean masked, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(payload.length + 14);
        int mask = masked ? MASKED : 0;
        frame.put((byte) first);
        if (payload.length < 126) {
            frame.put((byte) (mask | payload.length));
        } else if (payload.length < 1 << 16) {
            frame.put((byte) (mask | 126)).putShort((short) payload.length);
        } else {
            frame.put((byte) (mask | 127)).putLong(payload.length);
        }
        if (masked) {
            frame.putInt(0);
        }
        frame.put(payload).flip();
        byte[] bytes = new byte[frame.remaining()];
        frame.get(bytes);
        return bytes;
    }

    /** The bytes of a frame that ends its message. */
    public static byte[] last(int opcode, byte[] payload) {
        return frame(FIN | opcode, true, payload);
    }

    /** The head of an HTTP answer. */
    public String head(Duration patience) throws IOException {
        socket.setSoTimeout(Math.toIntExact(patience.toMillis()));
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                break;
            }
            head.append((char) next);
        }
        return head.toString();
    }

    /** All that comes until the other side closes. */
    public byte[] rest(Duration patience) throws IOException {
        long end = System.nanoTime() + patience.toNanos();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] part = new byte[8_192];
        try {
            for (int size = read(part, end); size >= 0; size = read(part, end)) {
                all.write(part, 0, size);
            }
        } catch (SocketTimeoutException e) {
            throw e;
        } catch (IOException reset) {
            // closed as well, with something of ours unread
        }
        return all.toByteArray();
    }

    private int read(byte[] part, long end) throws IOException {
        long left = (end - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
            throw new SocketTimeoutException("the other side did not close");
        }
        socket.setSoTimeout(Math.toIntExact(left));
        return in.read(part);
    }

    /** The next message of the server. */
    public ServerMessage next(Duration patience) throws IOException {
        byte[] payload = nextFrame(patience, BINARY);
        return Frames.decodeServer(payload, ProtocolLimits.DEFAULT);
    }

    /**
     * The payload of the next binary message; pings and the like are passed over.
     *
     * @throws EOFException if the other side closes instead
     */
    public byte[] nextBinary(Duration patience) throws IOException {
        socket.setSoTimeout(Math.toIntExact(patience.toMillis()));
        while (true) {
            int opcode = in.readUnsignedByte() & 0x0f;
            byte[] payload = payload();
            if (opcode == CLOSE) {
                throw new EOFException("closed with "
                        + (payload.length < 2 ? 1005 : ByteBuffer.wrap(payload).getShort()));
            } else if (opcode == BINARY) {
                return payload;
            }
        }
    }

    /** Whether something has come that was not read. */
    public boolean hasUnread() throws IOException {
        return in.available() > 0;
    }

    private byte[] nextFrame(Duration patience, int opcode) throws IOException {
        socket.setSoTimeout(Math.toIntExact(patience.toMillis()));
        int first = in.readUnsignedByte();
        byte[] payload = payload();
        if ((first & 0x0f) != opcode) {
            throw new IOException("frame of kind " + (first & 0x0f));
        }
        return payload;
    }

    private byte[] payload() throws IOException {
        long length = in.readUnsignedByte();
        if (length == 126) {
            length = in.readUnsignedShort();
        } else if (length == 127) {
            length = in.readLong();
        }
        byte[] payload = in.readNBytes(Math.toIntExact(length));
        if (payload.length < length) {
            throw new EOFException();
        }
        return payload;
    }

    /**
     * Reads on as a WebSocket until the other side ends it.
     *
     * @throws SocketTimeoutException if it does not within {@code patience}
     */
    public Ending ending(Duration patience) throws IOException {
        return ending(patience, true);
    }

    /** The same for a protocol without a message for failures. */
    public Ending close(Duration patience) throws IOException {
        return ending(patience, false);
    }

    private Ending ending(Duration patience, boolean isNative) throws IOException {
        long end = System.nanoTime() + patience.toNanos();
        String failure = "";
        try {
            while (true) {
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    throw new SocketTimeoutException("still open after " + patience);
                }
                socket.setSoTimeout(Math.toIntExact(left));
                int opcode = in.readUnsignedByte() & 0x0f;
                byte[] payload = payload();
                if (opcode == CLOSE) {
                    return new Ending(
                            failure,
                            payload.length < 2 ? 1005 : ByteBuffer.wrap(payload).getShort());
                }
                if (isNative
                        && opcode == BINARY
                        && Frames.decodeServer(payload, ProtocolLimits.DEFAULT) instanceof Failure told) {
                    failure = told.code();
                }
            }
        } catch (SocketTimeoutException e) {
            throw e;
        } catch (IOException closed) {
            return new Ending(failure, 0);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
