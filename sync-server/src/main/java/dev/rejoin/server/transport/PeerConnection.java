package dev.rejoin.server.transport;

import dev.rejoin.server.access.Principal;
import dev.rejoin.sync.session.PeerSession;
import dev.rejoin.sync.wire.FailureCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One WebSocket, whatever is spoken on it: puts messages together, answers pings, counts what is not yet sent, reads no faster than
 * its peer may send, and closes a peer that does not read. What messages mean is decided by its session, and what comes of
 * them by those who extend it.
 */
abstract class PeerConnection<S extends PeerSession> extends SimpleChannelInboundHandler<WebSocketFrame> {
    /* Two loops
     * ---------
     * The socket and the session live on the channel's loop, each room on its own. What a room says crosses over, see Crossing;
     * `unsent` counts the bytes that are on the way, from the moment the room hands them over until the socket has taken
     * them, so that a room sees at once, from its own thread, that a peer has stopped reading. What is relayed is counted
     * on its Lane until it is here, for all of the loop together; from there it is on the way only if the socket does not
     * take it.
     *
     * `asked` says that a room was told "no" and waits for drained(). It is set before the counts are looked at a second
     * time, and the other side looks at it after each decrement, so one of the two always notices.
     *
     * Past the pipeline
     * -----------------
     * A small message to a socket that nothing waits for is written there and then. Nearly all are of this kind, and for these the
     * buffer of the channel, a promise, and a second visit for the flush were most of what a delivery took in the program. Once
     * a socket has not taken all, the rest and what follows go through the pipeline until nothing waits any more.
     */
    private static final Logger LOG = LoggerFactory.getLogger(PeerConnection.class);
    private static final int FRAME_OVERHEAD_BYTES = 64;

    private static final byte[] NOTHING = {};

    /** Instead of a number of bytes. */
    private static final int ALL = -1;

    private static final int MAX_FRAGMENTS_PER_MESSAGE = 64;
    private static final int MAX_PINGS_PER_SECOND = 10;
    private static final long CLOSE_LINGER_MILLIS = 1_000;
    private static final long DRAIN_PATIENCE_MILLIS = 1_000;
    private static final long DRAIN_LOOK_MILLIS = 10;

    /* Why nothing is read from the peer at the moment. */
    private static final int BEHIND = 1;
    private static final int TOO_FAST = 2;
    private static final int DRAINING = 4;

    final TransportOptions options;
    final TransportObserver observer;

    private final AtomicLong unsent = new AtomicLong();
    private volatile boolean asked;
    private final Runnable lookAgain = () -> left(0);

    private final ByteArrayOutputStream partial = new ByteArrayOutputStream();
    private int partialFragments;
    private boolean partialIsText;
    private int pings;
    private long pingsSince;
    private boolean full;
    private boolean closing;
    private boolean draining;
    private boolean flushDue;
    private long tickAt = Long.MAX_VALUE;
    private @Nullable Future<?> tick;
    private @Nullable Future<?> stall;
    private Account address = Account.UNBOUNDED;
    private volatile @Nullable Account principal;
    private int pauses;
    private long pausedUntilNanos;
    private S session;
    private ChannelHandlerContext ctx;

    /* What each delivery needs, without a way over the context and the channel. */
    private EventExecutor loop;
    private Lane lane;
    private Outgoing outgoing;
    private ChannelOutboundBuffer waiting;

    /** Where whole frames go in, past what would write them once more for each peer. */
    private ChannelHandlerContext frames;

    /** Null if what is sent has to be encrypted, or the socket is one of Java's. */
    private @Nullable Socket socket;

    @SuppressWarnings("NullAway.Init") // set when the handler is added, before anything else is called
    PeerConnection(TransportOptions options, TransportObserver observer) {
        this.options = options;
        this.observer = observer;
    }

    /** The socket is open: make the session. */
    abstract S open(long nowMillis);

    /** A room was told that the peer does not keep up, and it does now. */
    abstract void drained();

    /** The socket is closed or about to be: leave the rooms. */
    abstract void left();

    final S session() {
        return session;
    }

    /** Whether something that the peer sent has not been answered yet with what became of it. */
    abstract boolean awaitsVerdicts();

    final ChannelHandlerContext context() {
        return ctx;
    }

    @Override
    public final void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
        loop = context.executor();
        lane = Lane.here(loop);
        outgoing = Outgoing.here();
        waiting = context.channel().unsafe().outboundBuffer();
        frames = context.pipeline().context(WebSocket13FrameEncoder.class);
        // a socket under TLS takes nothing but what its handler has encrypted
        if (context.channel() instanceof UnixChannel plain
                && plain.fd() instanceof Socket own
                && context.pipeline().get(SslHandler.class) == null) {
            socket = own;
        }
        address = Caller.of(context.channel()).account();
        session = open(now());
        observer.sessionOpened();
        rearm();
    }

    @Override
    protected final void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
        if (frame instanceof CloseWebSocketFrame farewell) {
            answer(farewell);
        } else if (closing) {
            return;
        } else {
            charge(frame.content().readableBytes());
            if (frame instanceof PingWebSocketFrame ping) {
                pinged(ping.content());
            } else if (frame instanceof PongWebSocketFrame) {
                session.heard(now());
            } else {
                data(frame);
            }
        }
        rearm();
    }

    /** Whoever has sent too much is not read from until it would have been in order. */
    private void charge(int bytes) {
        long now = ConnectionGate.now(ctx.channel());
        long wait = address.received(bytes, now);
        if (principal != null) {
            wait = Math.max(wait, principal.received(bytes, now));
        }
        if (wait > 0) {
            boolean waiting = (pauses & TOO_FAST) != 0;
            pausedUntilNanos = now + wait;
            pause(TOO_FAST, true);
            if (!waiting) {
                ctx.executor().schedule(this::goOn, wait, TimeUnit.NANOSECONDS);
            }
        }
    }

    private void goOn() {
        long wait = pausedUntilNanos - ConnectionGate.now(ctx.channel());
        if (wait > 0) {
            ctx.executor().schedule(this::goOn, wait, TimeUnit.NANOSECONDS);
        } else {
            // what it was kept from saying counts as said
            session.heard(now());
            pause(TOO_FAST, false);
        }
    }

    /** The connection is this one's from now on, if it may have one more. A connection counts for whoever it was opened by. */
    final boolean belongsTo(Principal who, ConnectionGate gate) {
        if (principal == null) {
            principal = gate.connect(ctx.channel(), who);
        }
        return principal != null;
    }

    /** Whether whoever has the connection may bring one more document into being. On any thread. */
    final boolean mayCreate() {
        Account owner = principal;
        long now = ConnectionGate.now(ctx.channel());
        return address.mayCreate(now) && (owner == null || owner.mayCreate(now));
    }

    /** Whoever closes first is told the same code back (RFC 6455, 5.5.1). */
    private void answer(CloseWebSocketFrame farewell) {
        if (closing) {
            ctx.close();
        } else {
            closing = true;
            ctx.writeAndFlush(farewell.retainedDuplicate()).addListener(ChannelFutureListener.CLOSE);
        }
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
                || partial.size() + frame.content().readableBytes() > options.maxFrameBytes()) {
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
            write(ctx, new PongWebSocketFrame(payload.retain()), payload.readableBytes());
        }
    }

    @Override
    public final void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof CorruptedWebSocketFrameException || cause instanceof TooLongFrameException) {
            boolean large = cause instanceof TooLongFrameException
                    || String.valueOf(cause.getMessage()).startsWith("Max frame length");
            session.fail(
                    large ? FailureCode.TOO_LARGE : FailureCode.PROTOCOL_ERROR,
                    large ? "the frame is too large" : "not a WebSocket frame",
                    now());
        } else if (cause instanceof IOException || cause.getCause() instanceof SSLException) {
            ctx.close();
        } else {
            LOG.error("closing {}: it failed here", ctx.channel().remoteAddress(), cause);
            ctx.close();
        }
    }

    @Override
    public final void channelInactive(ChannelHandlerContext context) {
        session.disconnected();
        cancel(tick);
        cancel(stall);
        left();
        observer.sessionClosed();
        context.fireChannelInactive();
    }

    /** Sends one binary message. The array may be shared with others and is not to be changed. */
    public final void send(byte[] frame) {
        if (frame.length > Outgoing.LARGE_BYTES) {
            send(NOTHING, frame);
            return;
        }
        int taken = writeAtOnce(frame);
        if (taken != ALL) {
            write(frames, outgoing.frame(frame, ctx.alloc()).skipBytes(taken), frame.length);
        }
    }

    /** @return how many bytes of the frame of a message that is not large the socket has taken, or {@link #ALL} */
    private int writeAtOnce(byte[] message) {
        // another file may have the number of one that is closed
        if (socket == null || !socket.isOpen() || waiting.totalPendingWriteBytes() > 0) {
            return 0;
        }
        int size = outgoing.framed(message);
        int taken;
        try {
            // not write, which goes through the kernel's layer of files before it comes to the socket
            taken = socket.sendAddress(outgoing.address(), 0, size);
        } catch (IOException gone) {
            // the pipeline finds that too, and closes
            return 0;
        }
        observer.bytesWritten(taken);
        return taken == size ? ALL : taken;
    }

    /** Sends one binary message of two parts, of which the second may be shared with others and is not to be changed. */
    public final void send(byte[] head, byte[] body) {
        boolean copied = body.length <= Outgoing.LARGE_BYTES;
        ByteBuf start = Outgoing.head(
                        (long) head.length + body.length, head.length + (copied ? body.length : 0), ctx.alloc())
                .writeBytes(head);
        if (copied) {
            write(frames, start.writeBytes(body), head.length + body.length);
        } else {
            write(frames, start, head.length);
            // a region cannot be encrypted
            boolean plain = ctx.pipeline().get(SslHandler.class) == null;
            write(frames, plain ? new SharedBytes(body) : Unpooled.wrappedBuffer(body), body.length);
        }
    }

    /** Asks the peer for a sign of life. */
    public final void ping() {
        if (!full) {
            write(ctx, new PingWebSocketFrame(Unpooled.EMPTY_BUFFER), 0);
        }
    }

    /** Closes the socket after what has been sent. */
    public final void close(int closeCode, String reason) {
        closing = true;
        left();
        ctx.channel().config().setAutoRead(true);
        ctx.writeAndFlush(new CloseWebSocketFrame(closeCode, reason));
        ctx.executor().schedule(() -> ctx.close(), CLOSE_LINGER_MILLIS, TimeUnit.MILLISECONDS);
    }

    /**
     * Ends the session because the server ends: reads nothing more, waits a moment for the verdicts on what was read, and says
     * {@code shutting-down}. On any thread.
     */
    final void drain() {
        ctx.executor().execute(() -> {
            if (!draining) {
                pause(DRAINING, true);
                draining = true;
                settle(now() + DRAIN_PATIENCE_MILLIS);
            }
        });
    }

    private void settle(long patientUntil) {
        if (closing || !ctx.channel().isActive()) {
            return;
        }
        if (awaitsVerdicts() && now() < patientUntil) {
            ctx.executor().schedule(() -> settle(patientUntil), DRAIN_LOOK_MILLIS, TimeUnit.MILLISECONDS);
        } else {
            session.fail(FailureCode.SHUTTING_DOWN, "the server is closing", now());
        }
    }

    private void write(ChannelHandlerContext from, Object frame, int size) {
        int counted = size + FRAME_OVERHEAD_BYTES;
        unsent.addAndGet(counted);
        if (!full && unsent.get() >= options.writeHighMarkBytes()) {
            full = true;
            session.writable(false, now());
            stall = ctx.executor().schedule(this::stalled, options.stallMillis(), TimeUnit.MILLISECONDS);
        }
        from.write(frame).addListener(done -> left(counted));
        if (!flushDue) {
            flushDue = true;
            outgoing.flushSoon(this);
        }
    }

    final void flush() {
        flushDue = false;
        ctx.flush();
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
            drained();
        }
    }

    /** Whether a room may queue more for the peer; once this has said no, {@link #drained} follows. On any thread. */
    final boolean hasRoom() {
        if (unsent.get() < options.writeHighMarkBytes() && lane.hasRoom()) {
            return true;
        }
        asked = true;
        return unsent.get() <= options.writeLowMarkBytes() && lane.drainedOr(lookAgain);
    }

    /** Takes what a room says, of about so many bytes, over to the socket's loop. On any thread. */
    final void cross(int bytes, Runnable call) {
        unsent.addAndGet(bytes);
        Crossing.cross(lane, () -> {
            if (!session.isClosed()) {
                call.run();
            }
            left(bytes);
            rearm();
        });
    }

    /** The same for a frame that may be for many: it makes nothing due, and is counted on its way only. On any thread. */
    final void relay(byte[] frame, Crossing.Listener listener) {
        Crossing.relay(lane, listener, frame);
    }

    /** Whether the rooms have so much of the peer before them that nothing more is read. */
    final void behind(boolean on) {
        pause(BEHIND, on);
    }

    private void pause(int why, boolean on) {
        pauses = on ? pauses | why : pauses & ~why;
        if (!closing && ctx.channel().config().isAutoRead() != (pauses == 0)) {
            ctx.channel().config().setAutoRead(pauses == 0);
        }
    }

    /** Where the peer comes from; empty if unknown. */
    final String remoteAddress() {
        return Caller.of(ctx.channel()).address();
    }

    private void stalled() {
        observer.peerTimedOut();
        LOG.info("closing {}: it has not read for {} ms", ctx.channel().remoteAddress(), options.stallMillis());
        ctx.close();
    }

    final long now() {
        return TimeUnit.NANOSECONDS.toMillis(loop.ticker().nanoTime());
    }

    final void rearm() {
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

    private static byte[] bytes(ByteBuf content) {
        byte[] bytes = new byte[content.readableBytes()];
        content.getBytes(content.readerIndex(), bytes);
        return bytes;
    }
}
