package dev.rejoin.server.transport;

import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.server.room.Outlet;
import dev.rejoin.server.room.Rooms;
import dev.rejoin.server.room.Seat;
import dev.rejoin.sync.session.Admission;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.session.ServerEffects;
import dev.rejoin.sync.session.ServerSession;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.Position;
import dev.rejoin.sync.wire.Progress;
import dev.rejoin.sync.wire.ProtocolLimits;
import dev.rejoin.sync.wire.Update;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.concurrent.Future;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One WebSocket on {@code /sync}: carries bytes between the socket, the {@link ServerSession} that decides what they mean, and
 * the {@link Seat} in the room. Decides nothing itself but when to stop reading and when to stop queueing.
 */
final class SyncConnection extends SimpleChannelInboundHandler<WebSocketFrame> implements ServerEffects {
    /* Two loops
     * ---------
     * The socket and the session live on the channel's loop, the room on its own. What the room says crosses over as a task;
     * `unsent` counts the bytes that are on the way, from the moment the room hands them over until the socket has taken
     * them, so that a room sees at once, from its own thread, that a peer has stopped reading.
     *
     * `asked` says that the room was told "no" and waits for drained(). It is set before the count is looked at a second
     * time, and the other side looks at it after each decrement, so one of the two always notices.
     */
    private static final Logger LOG = LoggerFactory.getLogger(SyncConnection.class);
    private static final int FRAME_OVERHEAD_BYTES = 64;
    private static final int MAX_FRAGMENTS_PER_MESSAGE = 64;
    private static final int MAX_PINGS_PER_SECOND = 10;
    private static final long CLOSE_LINGER_MILLIS = 1_000;

    private final Rooms rooms;
    private final TransportOptions options;
    private final ProtocolLimits limits;
    private final TransportObserver observer;
    private final java.util.function.LongSupplier wallClockMillis;

    private final AtomicLong unsent = new AtomicLong();
    private volatile boolean asked;

    private final ArrayDeque<Integer> unjudgedBytes = new ArrayDeque<>();
    private final ByteArrayOutputStream partial = new ByteArrayOutputStream();
    private int partialFragments;
    private boolean partialIsText;
    private long unjudged;
    private int pings;
    private long pingsSince;
    private boolean full;
    private boolean closing;
    private long tickAt = Long.MAX_VALUE;
    private @Nullable Future<?> tick;
    private @Nullable Future<?> stall;
    private @Nullable Seat seat;
    private ChannelHandlerContext ctx;
    private ServerSession session;

    @SuppressWarnings("NullAway.Init") // set when the handler is added, before anything else is called
    SyncConnection(
            Rooms rooms,
            TransportOptions options,
            ProtocolLimits limits,
            TransportObserver observer,
            java.util.function.LongSupplier wallClockMillis) {
        this.rooms = rooms;
        this.options = options;
        this.limits = limits;
        this.observer = observer;
        this.wallClockMillis = wallClockMillis;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
        session = new ServerSession(limits, this, wallClockMillis, now());
        observer.sessionOpened();
        rearm();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
        if (frame instanceof CloseWebSocketFrame) {
            ctx.close();
        } else if (closing) {
            return;
        } else if (frame instanceof PingWebSocketFrame ping) {
            pinged(ping.content());
        } else if (!(frame instanceof PongWebSocketFrame)) {
            data(frame);
        }
        rearm();
    }

    private void data(WebSocketFrame frame) {
        boolean continues = frame instanceof ContinuationWebSocketFrame;
        if (frame.isFinalFragment() && !continues) {
            message(bytes(frame.content()), !(frame instanceof BinaryWebSocketFrame));
            return;
        }
        if (!continues) {
            partialIsText = !(frame instanceof BinaryWebSocketFrame);
        }
        if (++partialFragments > MAX_FRAGMENTS_PER_MESSAGE
                || partial.size() + frame.content().readableBytes() > limits.maxFrameBytes()) {
            session.fail(FailureCode.TOO_LARGE, "the message is too large or in too many fragments", now());
            return;
        }
        try {
            frame.content()
                    .getBytes(
                            frame.content().readerIndex(),
                            partial,
                            frame.content().readableBytes());
        } catch (IOException e) {
            throw new AssertionError("memory does not fail", e);
        }
        if (frame.isFinalFragment()) {
            byte[] whole = partial.toByteArray();
            partial.reset();
            partialFragments = 0;
            message(whole, partialIsText);
        }
    }

    private void message(byte[] message, boolean text) {
        if (text) {
            session.receivedText(now());
        } else {
            session.received(message, now());
        }
    }

    private void pinged(ByteBuf payload) {
        long now = now();
        if (now - pingsSince >= 1_000) {
            pingsSince = now;
            pings = 0;
        }
        if (++pings > MAX_PINGS_PER_SECOND) {
            session.fail(FailureCode.PROTOCOL_ERROR, "too many pings", now);
        } else if (!full) {
            write(new PongWebSocketFrame(payload.retain()), payload.readableBytes());
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof CorruptedWebSocketFrameException || cause instanceof TooLongFrameException) {
            boolean large = cause instanceof TooLongFrameException
                    || String.valueOf(cause.getMessage()).startsWith("Max frame length");
            session.fail(
                    large ? FailureCode.TOO_LARGE : FailureCode.PROTOCOL_ERROR,
                    large ? "the frame is too large" : "not a WebSocket frame",
                    now());
        } else if (cause instanceof IOException) {
            ctx.close();
        } else {
            LOG.error("closing {}: it failed here", ctx.channel().remoteAddress(), cause);
            ctx.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        session.disconnected();
        cancel(tick);
        cancel(stall);
        if (seat != null) {
            seat.leave();
        }
        observer.sessionClosed();
        context.fireChannelInactive();
    }

    @Override
    public void send(byte[] frame) {
        write(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(frame)), frame.length);
    }

    @Override
    public void close(int closeCode, String reason) {
        closing = true;
        if (seat != null) {
            seat.leave();
        }
        ctx.channel().config().setAutoRead(true);
        ctx.writeAndFlush(new CloseWebSocketFrame(closeCode, reason));
        ctx.executor().schedule(() -> ctx.close(), CLOSE_LINGER_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void hello(Hello hello, DocumentName document) {
        Version version;
        try {
            version = hello.version().length == 0 ? Version.EMPTY : Version.decode(hello.version());
        } catch (MalformedDeltaException e) {
            session.fail(FailureCode.MALFORMED, "the version does not decode: " + e.getMessage(), now());
            return;
        }
        if (ctx.pipeline().get(PeerDeadline.class) != null) {
            ctx.pipeline().remove(PeerDeadline.class);
        }
        Seat.Join join = new Seat.Join(
                ReplicaId.of(hello.replica()), hello.leaseKey(), hello.epoch(), version, hello.verdictsKnown());
        seat = rooms.join(document, join, new Room());
    }

    @Override
    public void submit(byte[] fragment) {
        unjudgedBytes.add(fragment.length);
        unjudged += fragment.length;
        if (unjudged > options.inboundBudgetBytes()) {
            ctx.channel().config().setAutoRead(false);
        }
        if (seat != null) {
            seat.submit(fragment);
        }
    }

    @Override
    public void progress(Progress progress) {
        if (seat != null) {
            seat.progress(progress.verdictsKnown());
        }
    }

    @Override
    public void presence(byte[] payload) {
        if (seat != null) {
            seat.presence(payload);
        }
    }

    private void judged(int transactions) {
        for (int i = 0; i < transactions; i++) {
            Integer bytes = unjudgedBytes.poll();
            unjudged -= bytes == null ? 0 : bytes;
        }
        if (unjudged <= options.inboundBudgetBytes() / 2
                && !ctx.channel().config().isAutoRead()) {
            ctx.channel().config().setAutoRead(true);
        }
    }

    private void write(WebSocketFrame frame, int size) {
        int counted = size + FRAME_OVERHEAD_BYTES;
        unsent.addAndGet(counted);
        if (!full && unsent.get() >= options.writeHighMarkBytes()) {
            full = true;
            session.writable(false, now());
            stall = ctx.executor().schedule(this::stalled, options.stallMillis(), TimeUnit.MILLISECONDS);
        }
        ctx.writeAndFlush(frame).addListener(done -> left(counted));
    }

    private void left(int bytes) {
        long rest = unsent.addAndGet(-bytes);
        if (rest > options.writeLowMarkBytes()) {
            return;
        }
        if (full) {
            full = false;
            cancel(stall);
            session.writable(true, now());
        }
        if (asked) {
            asked = false;
            if (seat != null) {
                seat.drained();
            }
        }
    }

    private void stalled() {
        observer.peerTimedOut();
        LOG.info("closing {}: it has not read for {} ms", ctx.channel().remoteAddress(), options.stallMillis());
        ctx.close();
    }

    private long now() {
        return TimeUnit.NANOSECONDS.toMillis(ctx.executor().ticker().nanoTime());
    }

    private void rearm() {
        long due = session.nextDeadline();
        if (due >= tickAt || due == Long.MAX_VALUE) {
            return;
        }
        cancel(tick);
        tickAt = due;
        tick = ctx.executor().schedule(this::tick, Math.max(1, due - now()), TimeUnit.MILLISECONDS);
    }

    private void tick() {
        tickAt = Long.MAX_VALUE;
        if (ctx.channel().isActive()) {
            session.tick(now());
            rearm();
        }
    }

    private static void cancel(@Nullable Future<?> future) {
        if (future != null) {
            future.cancel(false);
        }
    }

    /** What the room says; called on the room's loop. */
    private final class Room implements Outlet {
        @Override
        public boolean hasRoom() {
            if (unsent.get() < options.writeHighMarkBytes()) {
                return true;
            }
            asked = true;
            return unsent.get() <= options.writeLowMarkBytes();
        }

        @Override
        public void welcome(Admission admission, Update first) {
            cross(first.fragment().length, session -> session.welcome(admission, first, now()));
        }

        @Override
        public void update(Update update, int judged) {
            cross(update.fragment().length, session -> {
                judged(judged);
                session.update(update, judged, now());
            });
        }

        @Override
        public void relay(byte[] updateFrame, Position position) {
            cross(updateFrame.length, session -> session.relay(updateFrame, position, now()));
        }

        @Override
        public void presence(long from, byte[] payload) {
            cross(payload.length, session -> session.presence(from, payload, now()));
        }

        @Override
        public void fail(FailureCode code, String message) {
            cross(0, session -> session.fail(code, message, now()));
        }

        private void cross(int bytes, Consumer<ServerSession> call) {
            unsent.addAndGet(bytes);
            try {
                ctx.executor().execute(() -> {
                    if (!session.isClosed()) {
                        call.accept(session);
                    }
                    left(bytes);
                    rearm();
                });
            } catch (RejectedExecutionException e) {
                LOG.debug("a session is told nothing more: its loop has ended", e);
            }
        }
    }

    private static byte[] bytes(ByteBuf content) {
        byte[] bytes = new byte[content.readableBytes()];
        content.getBytes(content.readerIndex(), bytes);
        return bytes;
    }
}
