package dev.rejoin.benchmarks.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * One connection of the load: does what a stock editor does on the wire and keeps nothing of what it hears. Touched by the one
 * thread of its {@link Swarm}.
 */
final class Editor {
    /* Messages above this are not put together, only counted and summed up. */
    private static final int LARGE_BYTES = 160 << 10;
    private static final int PING = 9;
    private static final int CLOSE = 8;

    /** Who is told what an editor hears. Positions are valid during the call. */
    interface Listener {
        /** An update of the document. */
        default void update(Editor editor, Cursor update, long nanos) {}

        /** An update too large to look at has come. */
        default void largeUpdate(Editor editor) {}

        default void awareness(Editor editor, Cursor update, long nanos) {}

        /** One change is kept, as far as the server says so in words (Hocuspocus). */
        default void acknowledged(Editor editor, long nanos) {}
    }

    final int number;
    final Dialect dialect;
    final String document;
    private final Listener listener;
    private final SocketChannel channel;
    private final SelectionKey key;
    private final ArrayDeque<ByteBuffer> unwritten = new ArrayDeque<>();

    private byte[] carry = new byte[256];
    private int carried;
    private boolean upgraded;

    /* Of the large message that is being read. */
    private long largeLeft;
    private boolean largeIsAnswer;
    private final CRC32 largeSum = new CRC32();

    /** Answers to the question for the document that have come in whole. */
    int answers;

    /** When the last of them came, as {@link System#nanoTime}. */
    long answeredAt;

    /** Bytes of the last of them, and their checksum if they were many. */
    long answerBytes;

    long answerSum;

    private int statusesOwed;

    /** Why the connection has ended; null while it has not. */
    @Nullable
    String ended;

    Editor(
            int number,
            InetSocketAddress server,
            String path,
            Dialect dialect,
            String document,
            Selector selector,
            Listener listener)
            throws IOException {
        this.number = number;
        this.dialect = dialect;
        this.document = document;
        this.listener = listener;
        channel = SocketChannel.open();
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.connect(server);
        key = channel.register(selector, SelectionKey.OP_CONNECT, this);
        byte[] request = ("GET " + path + " HTTP/1.1\r\nHost: " + server.getHostString() + ":" + server.getPort()
                        + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        unwritten.add(ByteBuffer.wrap(request));
    }

    boolean isSynchronised() {
        return answers > 0 && statusesOwed == 0;
    }

    /** Writes a whole frame, or keeps it until the socket takes it. */
    void send(byte[] frame) {
        unwritten.add(ByteBuffer.wrap(frame));
        if (unwritten.size() == 1 && channel.isConnected()) {
            flush();
        }
    }

    void ready(ByteBuffer in, byte[] scratch) {
        try {
            if (key.isConnectable()) {
                channel.finishConnect();
                key.interestOps(SelectionKey.OP_READ);
                flush();
            } else {
                if (key.isWritable()) {
                    flush();
                }
                if (key.isReadable()) {
                    read(in, scratch);
                }
            }
        } catch (IOException e) {
            end(String.valueOf(e.getMessage()));
        }
    }

    private void flush() {
        try {
            while (!unwritten.isEmpty()) {
                ByteBuffer next = unwritten.element();
                channel.write(next);
                if (next.hasRemaining()) {
                    key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
                    return;
                }
                unwritten.remove();
            }
            if (key.isValid() && key.interestOps() != SelectionKey.OP_READ) {
                key.interestOps(SelectionKey.OP_READ);
            }
        } catch (IOException e) {
            end(String.valueOf(e.getMessage()));
        }
    }

    private void read(ByteBuffer in, byte[] scratch) throws IOException {
        in.clear();
        int read = channel.read(in);
        if (read < 0) {
            end("the server closed the connection");
            return;
        }
        in.flip();
        System.arraycopy(carry, 0, scratch, 0, carried);
        in.get(scratch, carried, read);
        int end = carried + read;
        int at = 0;
        if (!upgraded) {
            at = upgraded(scratch, end);
        }
        if (upgraded) {
            at = messages(scratch, at, end);
        }
        carried = ended == null ? end - at : 0;
        if (carried > carry.length) {
            carry = new byte[Math.max(carried, 2 * carry.length)];
        }
        System.arraycopy(scratch, at, carry, 0, carried);
    }

    private int upgraded(byte[] bytes, int end) {
        for (int i = 3; i < end; i++) {
            if (bytes[i] == '\n' && bytes[i - 2] == '\n') {
                String head = new String(bytes, 0, i, StandardCharsets.US_ASCII);
                if (!head.startsWith("HTTP/1.1 101 ")) {
                    end(head.lines().findFirst().orElse(""));
                    return end;
                }
                upgraded = true;
                dialect.opening(document).forEach(this::send);
                return i + 1;
            }
        }
        return 0;
    }

    /** Reads whole messages, and of large ones what is there; returns where the rest begins. */
    private int messages(byte[] bytes, int from, int end) {
        int at = from;
        while (at < end && ended == null) {
            if (largeLeft > 0) {
                int part = (int) Math.min(largeLeft, end - at);
                largeSum.update(bytes, at, part);
                at += part;
                largeLeft -= part;
                if (largeLeft == 0) {
                    largeEnded();
                }
                continue;
            }
            int length = bytes[at + 1 < end ? at + 1 : at] & 0x7f;
            int head = length == 127 ? 10 : length == 126 ? 4 : 2;
            if (end - at < head) {
                return at;
            }
            long payload = length;
            if (length > 125) {
                payload = 0;
                for (int i = 2; i < head; i++) {
                    payload = payload << 8 | bytes[at + i] & 0xff;
                }
            }
            if (payload > LARGE_BYTES) {
                if (end - at < head + LARGE_BYTES / 2) {
                    return at;
                }
                large(bytes, at + head, payload);
                at += head;
            } else if (end - at < head + payload) {
                return at;
            } else {
                message(bytes[at] & 0x0f, new Cursor(bytes, at + head, at + head + (int) payload));
                at += head + (int) payload;
            }
        }
        return at;
    }

    private void large(byte[] bytes, int at, long payload) {
        largeLeft = payload;
        largeSum.reset();
        Cursor start = new Cursor(bytes, at, at + LARGE_BYTES / 2);
        skipName(start);
        largeIsAnswer = start.varUint() == Dialect.SYNC && start.varUint() == Dialect.STEP_2;
        if (largeIsAnswer) {
            answerBytes = payload;
        }
    }

    private void largeEnded() {
        if (largeIsAnswer) {
            answered(largeSum.getValue());
        } else {
            listener.largeUpdate(this);
        }
    }

    private void skipName(Cursor message) {
        if (dialect == Dialect.HOCUSPOCUS) {
            message.skipBytes();
        }
    }

    private void message(int kind, Cursor message) {
        if (kind == PING) {
            send(Dialect.pong(Arrays.copyOfRange(message.bytes, message.at, message.end)));
        } else if (kind == CLOSE) {
            int code = message.end - message.at < 2 ? 0 : message.octet() << 8 | message.octet();
            end("the server closed with " + code + " "
                    + new String(message.bytes, message.at, message.end - message.at, StandardCharsets.UTF_8));
        } else if (kind == 2) {
            heard(message);
        }
    }

    private void heard(Cursor message) {
        long size = message.end - message.at;
        skipName(message);
        int type = (int) message.varUint();
        if (type == Dialect.SYNC) {
            sync((int) message.varUint(), message, size);
        } else if (type == Dialect.AWARENESS) {
            message.varUint();
            listener.awareness(this, message, System.nanoTime());
        } else if (type == Dialect.SYNC_STATUS) {
            if (statusesOwed > 0) {
                statusesOwed--;
            } else {
                listener.acknowledged(this, System.nanoTime());
            }
        }
    }

    private void sync(int step, Cursor message, long size) {
        if (step == Dialect.STEP_1) {
            statusesOwed += dialect == Dialect.HOCUSPOCUS ? 1 : 0;
            send(dialect.nothingToAdd(document));
            return;
        }
        if (step == Dialect.STEP_2) {
            answerBytes = size;
            answered(0);
        }
        message.varUint();
        listener.update(this, message, System.nanoTime());
    }

    private void answered(long sum) {
        answers++;
        answerSum = sum;
        answeredAt = System.nanoTime();
    }

    private void end(String why) {
        if (ended == null) {
            ended = why;
            close();
        }
    }

    void close() {
        key.cancel();
        try {
            channel.close();
        } catch (IOException e) {
            ended = String.valueOf(e.getMessage());
        }
    }
}
