package dev.rejoin.server;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.sync.wire.ClientMessage;
import dev.rejoin.sync.wire.Failure;
import dev.rejoin.sync.wire.Frames;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.ProtocolLimits;
import dev.rejoin.sync.wire.ServerMessage;
import dev.rejoin.sync.wire.Submit;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Watermark;
import dev.rejoin.sync.wire.Welcome;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A client of the native protocol that does exactly what a test tells it to. */
final class TestPeer implements WebSocket.Listener, AutoCloseable {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final int PATIENCE_SECONDS = 60;

    final ReplicaId replica;
    final byte[] key = new byte[Hello.LEASE_KEY_BYTES];
    final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final BlockingQueue<ServerMessage> messages = new LinkedBlockingQueue<>();
    private final ByteArrayOutputStream partial = new ByteArrayOutputStream();
    private final Queue<byte[]> pending = new ArrayDeque<>();
    private volatile WebSocket socket;

    /** Everything this peer was told of the document. */
    Delta state = Delta.EMPTY;

    TestPeer(ReplicaId replica, byte[] key) {
        this.replica = replica;
        System.arraycopy(key, 0, this.key, 0, key.length);
    }

    static TestPeer random() {
        Random random = new Random();
        byte[] key = new byte[Hello.LEASE_KEY_BYTES];
        random.nextBytes(key);
        return new TestPeer(ReplicaId.random(random), key);
    }

    TestPeer connect(TestServer server) throws Exception {
        return connect(server.sync());
    }

    TestPeer connect(URI sync) throws Exception {
        socket = HTTP.newWebSocketBuilder()
                .subprotocols("rejoin.v1")
                .buildAsync(sync, this)
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return this;
    }

    Welcome hello(String document) throws Exception {
        return hello(document, "");
    }

    Welcome hello(String document, String token) throws Exception {
        send(new Hello(document, replica.bits(), key, 0, new byte[0], 0, "test", token));
        Welcome welcome = next(Welcome.class);
        absorb(next(Update.class));
        return welcome;
    }

    void send(ClientMessage message) throws Exception {
        sendBytes(Frames.encode(message));
    }

    /** Offers a transaction; once it is accepted it becomes part of {@link #state}. */
    void submit(byte[] fragment) throws Exception {
        pending.add(fragment);
        send(new Submit(fragment));
    }

    void sendBytes(byte[] frame) throws Exception {
        socket.sendBinary(ByteBuffer.wrap(frame), true).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    WebSocket socket() {
        return socket;
    }

    /** The next message, which must be of this type; watermarks are passed over. */
    <T extends ServerMessage> T next(Class<T> type) throws Exception {
        while (true) {
            ServerMessage message = messages.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (message instanceof Watermark && type != Watermark.class) {
                continue;
            }
            if (!type.isInstance(message)) {
                throw new AssertionError("expected " + type.getSimpleName() + ", got " + message);
            }
            return type.cast(message);
        }
    }

    /** The next message of any type; an update is joined to {@link #state}. */
    ServerMessage any() throws Exception {
        ServerMessage message = messages.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (message == null) {
            throw new AssertionError("nothing came");
        }
        return message instanceof Update update ? absorb(update) : message;
    }

    /** The next update, joined to {@link #state}. */
    Update update() throws Exception {
        return absorb(next(Update.class));
    }

    private Update absorb(Update update) {
        while (!pending.isEmpty() && lastDot(pending.peek()) <= update.ackedThrough()) {
            byte[] judged = pending.remove();
            long last = lastDot(judged);
            if (update.rejections().stream().noneMatch(rejection -> rejection.last() == last)) {
                state = state.join(Delta.decode(judged));
            }
        }
        if (update.fragment().length > 0) {
            state = state.join(Delta.decode(update.fragment()));
        }
        return update;
    }

    private long lastDot(byte[] fragment) {
        return Delta.decode(fragment).context().highest(replica);
    }

    int waiting() {
        return messages.size();
    }

    String failureCode() throws Exception {
        return next(Failure.class).code();
    }

    int closeCode() throws Exception {
        return closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket webSocket, ByteBuffer data, boolean last) {
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        partial.writeBytes(bytes);
        if (last) {
            messages.add(Frames.decodeServer(partial.toByteArray(), ProtocolLimits.DEFAULT));
            partial.reset();
        }
        webSocket.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
        closed.complete(statusCode);
        return null;
    }

    @Override
    public void onError(WebSocket webSocket, Throwable error) {
        closed.completeExceptionally(error);
    }

    @Override
    public void close() {
        if (socket != null) {
            socket.abort();
        }
    }
}
