package dev.rejoin.benchmarks.server;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The least that any server has to do: takes frames and writes them to the sockets that they are for. It keeps nothing on disk,
 * understands no document, knows no slow peer and checks nobody. What it spends is what the kernel wants for the bytes.
 */
public final class Floor {
    private static final int READ_BYTES = 64 << 10;

    /** Longer messages are parts of a document, not typing. */
    private static final int LARGE_BYTES = 32 << 10;

    /** An update about nothing, in its frame. */
    private static final byte[] TAKEN = {(byte) 0x82, 5, Dialect.SYNC, Dialect.UPDATE, 2, 0, 0};

    private static final byte[] MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11".getBytes(StandardCharsets.US_ASCII);

    private final Selector selector = Selector.open();
    private final ServerSocketChannel listener = ServerSocketChannel.open();
    private final ByteBuffer in = ByteBuffer.allocateDirect(READ_BYTES);
    private final ByteBuffer out = ByteBuffer.allocateDirect(READ_BYTES);
    private final Map<String, Room> rooms = new HashMap<>();

    private Floor(int port) throws IOException {
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_024);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
    }

    /** Serves y-websocket on a port of the loopback address until it is killed. */
    public static void main(String[] args) throws IOException {
        Floor floor = new Floor(Integer.parseInt(args[0]));
        while (true) {
            floor.selector.select(key -> {
                try {
                    floor.ready(key);
                } catch (IOException gone) {
                    floor.leave(key);
                }
            });
        }
    }

    private static final class Room {
        private final Set<Peer> peers = new LinkedHashSet<>();
        private final ByteArrayOutputStream content = new ByteArrayOutputStream();
        private @Nullable ByteBuffer answer;

        /** All bytes that were ever sent, as one message; shared by whoever asks. */
        ByteBuffer answer() {
            ByteBuffer shared = answer;
            if (shared == null) {
                byte[] all = content.size() == 0 ? new byte[2] : content.toByteArray();
                ByteArrayOutputStream message = new ByteArrayOutputStream(all.length + 16);
                message.write(Dialect.SYNC);
                message.write(Dialect.STEP_2);
                Dialect.varUint(message, all.length);
                message.writeBytes(all);
                byte[] payload = message.toByteArray();
                shared = frame(ByteBuffer.allocateDirect(payload.length + 10), payload, 0, payload.length);
                answer = shared;
            }
            return shared;
        }
    }

    private static ByteBuffer frame(ByteBuffer into, byte[] bytes, int at, int length) {
        into.put((byte) 0x82);
        if (length < 126) {
            into.put((byte) length);
        } else if (length < 1 << 16) {
            into.put((byte) 126).putShort((short) length);
        } else {
            into.put((byte) 127).putLong(length);
        }
        return into.put(bytes, at, length).flip();
    }

    private void ready(SelectionKey key) throws IOException {
        if (key.isAcceptable()) {
            SocketChannel channel = listener.accept();
            if (channel != null) {
                channel.configureBlocking(false);
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                channel.register(selector, SelectionKey.OP_READ).attach(new Peer(channel));
            }
            return;
        }
        Peer peer = (Peer) key.attachment();
        if (key.isWritable()) {
            peer.flush(key);
        }
        if (key.isReadable()) {
            in.clear();
            if (peer.channel.read(in) < 0) {
                leave(key);
                return;
            }
            peer.received(key, in.flip());
        }
    }

    private void leave(SelectionKey key) {
        Peer peer = (Peer) key.attachment();
        if (peer.room != null) {
            peer.room.peers.remove(peer);
        }
        key.cancel();
        try {
            peer.channel.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private final class Peer {
        private final SocketChannel channel;
        private final ArrayDeque<ByteBuffer> unwritten = new ArrayDeque<>();
        private byte[] bytes = new byte[1 << 10];
        private int size;
        private @Nullable Room room;

        Peer(SocketChannel channel) {
            this.channel = channel;
        }

        void received(SelectionKey key, ByteBuffer more) throws IOException {
            if (size + more.remaining() > bytes.length) {
                bytes = java.util.Arrays.copyOf(bytes, Math.max(size + more.remaining(), 2 * bytes.length));
            }
            int count = more.remaining();
            more.get(bytes, size, count);
            size += count;
            int at = room == null ? upgrade(key) : 0;
            Room entered = room;
            while (entered != null && size - at >= 6) {
                int length = bytes[at + 1] & 0x7f;
                int head = (length == 127 ? 10 : length == 126 ? 4 : 2) + 4;
                if (size - at < head) {
                    break;
                }
                long payload = length;
                if (length > 125) {
                    payload = 0;
                    for (int i = 2; i < head - 4; i++) {
                        payload = payload << 8 | bytes[at + i] & 0xff;
                    }
                }
                if (size - at < head + payload) {
                    break;
                }
                message(entered, key, bytes[at] & 0x0f, at + head, (int) payload);
                at += head + (int) payload;
            }
            size -= at;
            System.arraycopy(bytes, at, bytes, 0, size);
        }

        private int upgrade(SelectionKey key) throws IOException {
            String request = new String(bytes, 0, size, StandardCharsets.US_ASCII);
            if (!request.endsWith("\r\n\r\n")) {
                return 0;
            }
            Room entered = rooms.computeIfAbsent(request.split(" ")[1], name -> new Room());
            entered.peers.add(this);
            room = entered;
            String asked = request.lines()
                    .filter(line -> line.startsWith("Sec-WebSocket-Key: "))
                    .findFirst()
                    .orElseThrow(() -> new IOException("not a WebSocket"))
                    .substring("Sec-WebSocket-Key: ".length());
            write(
                    key,
                    ByteBuffer.wrap(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                    + "Sec-WebSocket-Accept: " + accepted(asked) + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII)));
            return size;
        }

        private void message(Room entered, SelectionKey key, int kind, int at, int length) throws IOException {
            if (kind != 2) {
                return;
            }
            if (bytes[at] == Dialect.SYNC && bytes[at + 1] == Dialect.STEP_1) {
                write(key, entered.answer().duplicate());
            } else if (bytes[at] != Dialect.SYNC || bytes[at + 1] == Dialect.UPDATE) {
                if (length > LARGE_BYTES) {
                    entered.content.write(bytes, at, length);
                    entered.answer = null;
                    write(key, ByteBuffer.wrap(TAKEN));
                } else {
                    relay(entered, at, length);
                }
            }
        }

        private void relay(Room entered, int at, int length) {
            frame(out.clear(), bytes, at, length);
            for (Peer peer : entered.peers) {
                try {
                    ByteBuffer frame = out.duplicate();
                    if (peer.unwritten.isEmpty()) {
                        peer.channel.write(frame);
                    }
                    if (frame.hasRemaining()) {
                        peer.unwritten.add(ByteBuffer.allocate(frame.remaining())
                                .put(frame)
                                .flip());
                        peer.channel.keyFor(selector).interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
                    }
                } catch (IOException gone) {
                    // its own key says so too
                    peer.unwritten.clear();
                }
            }
        }

        private void write(SelectionKey key, ByteBuffer frame) throws IOException {
            if (unwritten.isEmpty()) {
                channel.write(frame);
            }
            if (frame.hasRemaining()) {
                unwritten.add(frame);
                key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
            }
        }

        void flush(SelectionKey key) throws IOException {
            while (!unwritten.isEmpty()) {
                ByteBuffer next = unwritten.element();
                channel.write(next);
                if (next.hasRemaining()) {
                    return;
                }
                unwritten.remove();
            }
            key.interestOps(SelectionKey.OP_READ);
        }
    }

    private static String accepted(String asked) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-1");
            sha.update(asked.getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(sha.digest(MAGIC));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-1", e);
        }
    }
}
