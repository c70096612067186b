package dev.rejoin.server.transport;

import dev.rejoin.server.access.AccessRequest;
import dev.rejoin.server.access.Capability;
import dev.rejoin.server.access.Denied;
import dev.rejoin.server.access.Grant;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /v1/export} and {@code /v1/import}: a whole store over HTTP (docs/reference/http.md). Bodies pass through in parts, however
 * large they are. After either the connection is closed.
 */
final class StoreEndpoint extends ChannelInboundHandlerAdapter {
    static final String EXPORT = "/v1/export";
    static final String IMPORT = "/v1/import";
    static final String ARCHIVE_TYPE = "application/vnd.rejoin.archive";

    /** The name under which a policy is asked about the whole store; no document has it. */
    static final String WHOLE_STORE = "";

    private static final Logger LOG = LoggerFactory.getLogger(StoreEndpoint.class);
    private static final long FAREWELL_MILLIS = 2_000;

    private final StoreExchange exchange;
    private final Doorkeeper doorkeeper;
    private final OriginPolicy origins;
    private final ConnectionGate gate;
    private final TransportOptions options;
    private final TransportObserver observer;
    private boolean taken;
    private boolean head;
    private boolean answered;
    private @Nullable BodyPipe body;
    private @Nullable ResponseBody response;
    private @Nullable Future<?> alarm;
    private boolean heard;

    StoreEndpoint(
            StoreExchange exchange,
            Doorkeeper doorkeeper,
            OriginPolicy origins,
            ConnectionGate gate,
            TransportOptions options,
            TransportObserver observer) {
        this.exchange = exchange;
        this.doorkeeper = doorkeeper;
        this.origins = origins;
        this.gate = gate;
        this.options = options;
        this.observer = observer;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!taken && message instanceof HttpRequest request && isOurs(request)) {
            taken = true;
            begin(ctx, request);
        }
        if (!taken) {
            ctx.fireChannelRead(message);
            return;
        }
        try {
            if (message instanceof HttpContent part) {
                take(ctx, part);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private static boolean isOurs(HttpRequest request) {
        if (request.decoderResult().isFailure()) {
            return false;
        }
        String path = Paths.path(request.uri());
        return path.equals(EXPORT) || path.equals(IMPORT);
    }

    private void begin(ChannelHandlerContext ctx, HttpRequest request) {
        head = request.method().equals(HttpMethod.HEAD);
        boolean export = Paths.path(request.uri()).equals(EXPORT);
        HttpMethod method = export ? HttpMethod.GET : HttpMethod.POST;
        if (!request.method().equals(method)) {
            answer(
                    ctx,
                    Answer.problem(
                                    HttpResponseStatus.METHOD_NOT_ALLOWED,
                                    "method-not-allowed",
                                    "only " + method + " here")
                            .with(HttpHeaderNames.ALLOW, method.name()));
            return;
        }
        if (!export && !origins.allows(request)) {
            answer(
                    ctx,
                    Answer.problem(HttpResponseStatus.FORBIDDEN, "forbidden", "pages of this origin may not write"));
            return;
        }
        String existing = Paths.parameter(request.uri(), "existing");
        boolean keepEpochs = "true".equals(Paths.parameter(request.uri(), "keep-epochs"));
        boolean salvage = "true".equals(Paths.parameter(request.uri(), "salvage"));
        boolean continues = HttpUtil.is100ContinueExpected(request);
        // what came with the head waits in it; nothing more is read until the answer of the policy is there
        BodyPipe pipe = new BodyPipe(
                () -> ctx.executor().execute(() -> ctx.channel().config().setAutoRead(true)));
        body = export ? null : pipe;
        ctx.channel().config().setAutoRead(false);
        doorkeeper
                .ask(
                        new AccessRequest(
                                WHOLE_STORE,
                                Doorkeeper.token(request.headers(), request.uri()),
                                gate.caller(ctx.channel(), request.headers()).address()),
                        0,
                        ConnectionGate.now(ctx.channel()))
                .whenComplete((access, failure) -> ctx.executor().execute(() -> {
                    if (!ctx.channel().isActive()) {
                        return;
                    }
                    if (!(access instanceof Grant grant) || !grant.capability().includes(Capability.ADMIN)) {
                        answer(ctx, Doorkeeper.answer(access instanceof Denied no ? no : Denied.of(Denied.FORBIDDEN)));
                        return;
                    }
                    if (export) {
                        export(ctx, salvage);
                    } else {
                        intake(ctx, pipe, existing == null ? "refuse" : existing, keepEpochs, continues);
                    }
                }));
    }

    private void export(ChannelHandlerContext ctx, boolean salvage) {
        ResponseBody out = new ResponseBody(ctx);
        response = out;
        ctx.channel().config().setAutoRead(true);
        run(ctx, () -> {
            exchange.exportTo(out, salvage);
            out.close();
            return null;
        });
    }

    private void intake(
            ChannelHandlerContext ctx, BodyPipe pipe, String existing, boolean keepEpochs, boolean continues) {
        // its deadline is for small bodies; from here on it is enough that something keeps coming
        PeerDeadline.met(ctx);
        heard = true;
        watch(ctx);
        if (continues) {
            ctx.writeAndFlush(new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
        }
        ctx.channel().config().setAutoRead(true);
        run(
                ctx,
                () -> Answer.of(
                        HttpResponseStatus.OK,
                        "application/json",
                        Json.write(exchange.importFrom(pipe, existing, keepEpochs))));
    }

    private interface Work {
        @Nullable
        Answer run() throws IOException;
    }

    private void run(ChannelHandlerContext ctx, Work work) {
        try {
            exchange.threads().execute(() -> {
                Answer answer;
                try {
                    answer = work.run();
                } catch (StoreExchange.Failure refused) {
                    answer = Answer.problem(
                            HttpResponseStatus.valueOf(refused.status()),
                            refused.code(),
                            String.valueOf(refused.getMessage()));
                } catch (BodyPipe.BrokenOffException broken) {
                    LOG.info("an import from {} was broken off", ctx.channel().remoteAddress());
                    answer = Answer.problem(
                            HttpResponseStatus.BAD_REQUEST, "malformed", String.valueOf(broken.getMessage()));
                } catch (IOException | RuntimeException failure) {
                    LOG.error(
                            "a store could not be exchanged with {}",
                            ctx.channel().remoteAddress(),
                            failure);
                    answer = Answer.problem(
                            HttpResponseStatus.INTERNAL_SERVER_ERROR, "internal", "the request failed on the server");
                }
                Answer done = answer;
                if (done != null) {
                    ctx.executor().execute(() -> answer(ctx, done));
                }
            });
        } catch (RejectedExecutionException busy) {
            answer(
                    ctx,
                    Answer.problem(
                            HttpResponseStatus.SERVICE_UNAVAILABLE,
                            "overloaded",
                            "another export or import is under way; try again later"));
        }
    }

    private void take(ChannelHandlerContext ctx, HttpContent part) {
        heard = true;
        BodyPipe pipe = body;
        if (pipe == null) {
            return;
        }
        ByteBuf content = part.content();
        byte[] bytes = new byte[content.readableBytes()];
        content.readBytes(bytes);
        if (!pipe.put(bytes)) {
            ctx.channel().config().setAutoRead(false);
        }
        if (part instanceof LastHttpContent) {
            if (part.decoderResult().isFailure()) {
                pipe.breakOff("the body is not what HTTP says");
            } else {
                pipe.end();
            }
        }
    }

    /** Closes a peer that sends nothing for as long as one may that reads nothing. */
    private void watch(ChannelHandlerContext ctx) {
        alarm = ctx.executor()
                .schedule(
                        () -> {
                            if (!heard && ctx.channel().config().isAutoRead() && !answered) {
                                observer.peerTimedOut();
                                ctx.close();
                            } else {
                                heard = false;
                                watch(ctx);
                            }
                        },
                        options.stallMillis(),
                        TimeUnit.MILLISECONDS);
    }

    /** The whole answer, unless part of another one is on the way; whoever is still sending is listened to for a moment, to hear it. */
    private void answer(ChannelHandlerContext ctx, Answer answer) {
        if (answered) {
            return;
        }
        answered = true;
        body = null;
        if (response != null && response.begun) {
            ctx.close();
            return;
        }
        observer.httpRequest(answer.status());
        ctx.channel().config().setAutoRead(true);
        ctx.writeAndFlush(answer.toResponse(head, false));
        ctx.executor().schedule(() -> ctx.close(), FAREWELL_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        wake();
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        wake();
        BodyPipe pipe = body;
        if (pipe != null) {
            pipe.breakOff("the connection broke before the archive was there");
        }
        if (alarm != null) {
            alarm.cancel(false);
        }
        ctx.fireChannelInactive();
    }

    private void wake() {
        ResponseBody out = response;
        if (out != null) {
            out.wake();
        }
    }

    /** What a thread writes as the body of a response; it waits while the socket takes nothing. */
    private final class ResponseBody extends OutputStream {
        private final ChannelHandlerContext ctx;
        private volatile boolean begun;

        ResponseBody(ChannelHandlerContext ctx) {
            this.ctx = ctx;
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            begin();
            ctx.writeAndFlush(new DefaultHttpContent(Unpooled.copiedBuffer(bytes, offset, length)));
            synchronized (this) {
                while (ctx.channel().isActive() && !ctx.channel().isWritable()) {
                    try {
                        wait();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        throw new IOException("interrupted", e);
                    }
                }
            }
            if (!ctx.channel().isActive()) {
                throw new StoreExchange.Failure(499, "gone", "the peer is gone");
            }
        }

        private void begin() {
            if (begun) {
                return;
            }
            begun = true;
            observer.httpRequest(HttpResponseStatus.OK.code());
            HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
            head.headers()
                    .set(HttpHeaderNames.CONTENT_TYPE, ARCHIVE_TYPE)
                    .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
                    .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE)
                    .set("x-content-type-options", "nosniff");
            HttpUtil.setTransferEncodingChunked(head, true);
            ctx.write(head);
        }

        synchronized void wake() {
            notifyAll();
        }

        @Override
        public void close() {
            ctx.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).addListener(ChannelFutureListener.CLOSE);
        }
    }
}
