package dev.rejoin.server.transport;

import dev.rejoin.server.access.AccessRequest;
import dev.rejoin.server.access.Denied;
import dev.rejoin.server.access.Grant;
import dev.rejoin.sync.session.DocumentName;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketHandshakeException;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker13;
import io.netty.util.ReferenceCountUtil;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Turns a request for one of the WebSocket paths into a WebSocket with a {@link PeerConnection} of its protocol at its end;
 * other requests pass.
 */
final class WebSocketUpgrade extends ChannelInboundHandlerAdapter {
    static final String SYNC = "/sync";
    static final String Y_WEBSOCKET = "/yjs/";
    static final String HOCUSPOCUS = "/hocuspocus";
    static final String PEERS = "/peers";
    private static final String SYNC_SUBPROTOCOL = "rejoin.v1";
    private static final String VERSION = "13";
    private static final int PEER_LOW_BYTES = 256 << 10;
    private static final int PEER_HIGH_BYTES = 1 << 20;

    private final TransportOptions options;
    private final OriginPolicy origins;
    private final ConnectionGate gate;
    private final Doorkeeper doorkeeper;
    private final Connections connections;

    /** Makes the end of each connection. */
    interface Connections {
        PeerConnection<?> sync();

        PeerConnection<?> yWebsocket(DocumentName document, String token, Grant admission);

        PeerConnection<?> hocuspocus();

        /** Empty if there may be no other servers. */
        Optional<Wire> peers();
    }

    WebSocketUpgrade(
            TransportOptions options,
            OriginPolicy origins,
            ConnectionGate gate,
            Doorkeeper doorkeeper,
            Connections connections) {
        this.options = options;
        this.origins = origins;
        this.gate = gate;
        this.doorkeeper = doorkeeper;
        this.connections = connections;
    }

    /** Whether the path is for WebSockets. */
    static boolean serves(String path) {
        return path.equals(SYNC) || path.equals(HOCUSPOCUS) || path.equals(PEERS) || path.startsWith(Y_WEBSOCKET);
    }

    static boolean asksForUpgrade(HttpRequest request) {
        return request.decoderResult().isSuccess()
                && request.method().equals(HttpMethod.GET)
                && serves(Paths.path(request.uri()))
                && request.headers().containsValue(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof FullHttpRequest request) || !serves(Paths.path(request.uri()))) {
            ctx.fireChannelRead(message);
            return;
        }
        try {
            if (!asksForUpgrade(request)) {
                refuse(
                        ctx,
                        Answer.problem(
                                        HttpResponseStatus.UPGRADE_REQUIRED,
                                        "upgrade-required",
                                        "this path speaks WebSocket")
                                .with(HttpHeaderNames.UPGRADE, "websocket"));
            } else if (!origins.allows(request)) {
                refuse(
                        ctx,
                        Answer.problem(
                                HttpResponseStatus.FORBIDDEN, "forbidden", "pages of this origin may not connect"));
            } else if (!gate.admitUpgrade(ctx.channel(), request.headers())) {
                refuse(ctx, Doorkeeper.answer(Doorkeeper.tooMuch(ConnectionGate.TOO_MANY)));
            } else {
                route(ctx, request);
            }
        } finally {
            ReferenceCountUtil.release(request);
        }
    }

    private void route(ChannelHandlerContext ctx, FullHttpRequest request) {
        String path = Paths.path(request.uri());
        if (path.equals(SYNC)) {
            upgrade(ctx, request, SYNC_SUBPROTOCOL, connections::sync);
        } else if (path.equals(HOCUSPOCUS)) {
            upgrade(ctx, request, offered(request), connections::hocuspocus);
        } else if (path.equals(PEERS)) {
            Optional<Wire> peers = connections.peers();
            if (peers.isEmpty()) {
                refuse(ctx, Answer.problem(HttpResponseStatus.NOT_FOUND, "not-found", "this server has no peers"));
            } else {
                ctx.channel()
                        .config()
                        .setWriteBufferWaterMark(new WriteBufferWaterMark(PEER_LOW_BYTES, PEER_HIGH_BYTES));
                upgrade(ctx, request, null, Wire.MAX_MESSAGE_BYTES, peers::get);
                // their greetings have a deadline of their own
                PeerDeadline.met(ctx);
            }
        } else {
            String name = Paths.decode(path.substring(Y_WEBSOCKET.length()));
            Optional<String> flaw = name == null
                    ? Optional.of("the document name is not percent-encoded UTF-8")
                    : DocumentName.flaw(name);
            if (name == null || flaw.isPresent()) {
                refuse(
                        ctx,
                        Answer.problem(
                                HttpResponseStatus.BAD_REQUEST, "bad-document-name", flaw.orElse("no document name")));
                return;
            }
            admit(ctx, request, DocumentName.of(name));
        }
    }

    /**
     * Decides before the upgrade: a y-websocket client that is refused then waits longer each time, one whose socket opens and
     * closes again does not.
     */
    private void admit(ChannelHandlerContext ctx, FullHttpRequest request, DocumentName document) {
        String token = Doorkeeper.token(request);
        request.retain();
        ctx.channel().config().setAutoRead(false);
        doorkeeper
                .ask(
                        new AccessRequest(
                                document.value(),
                                token,
                                Caller.of(ctx.channel()).address()),
                        0,
                        ConnectionGate.now(ctx.channel()))
                .whenComplete((access, failure) -> ctx.executor().execute(() -> {
                    try {
                        if (!ctx.channel().isActive()) {
                            return;
                        }
                        if (access instanceof Grant grant) {
                            upgrade(
                                    ctx,
                                    request,
                                    offered(request),
                                    () -> connections.yWebsocket(document, token, grant));
                        } else {
                            refuse(
                                    ctx,
                                    Doorkeeper.answer(
                                            access instanceof Denied denied ? denied : Denied.of(Denied.UNAVAILABLE)));
                        }
                    } finally {
                        request.release();
                    }
                }));
    }

    /** A browser that offers subprotocols fails unless one of them is taken; stock providers mean nothing by theirs. */
    private static @Nullable String offered(FullHttpRequest request) {
        String offer = request.headers().get(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL);
        return offer == null ? null : offer.split(",", 2)[0].trim();
    }

    private void upgrade(
            ChannelHandlerContext ctx,
            FullHttpRequest request,
            @Nullable String subprotocol,
            Supplier<? extends ChannelHandler> connection) {
        upgrade(ctx, request, subprotocol, options.maxFrameBytes(), connection);
    }

    private void upgrade(
            ChannelHandlerContext ctx,
            FullHttpRequest request,
            @Nullable String subprotocol,
            int maxFrameBytes,
            Supplier<? extends ChannelHandler> connection) {
        WebSocketDecoderConfig frames = WebSocketDecoderConfig.newBuilder()
                .maxFramePayloadLength(maxFrameBytes)
                .allowExtensions(false)
                .expectMaskedFrames(true)
                .closeOnProtocolViolation(false)
                .build();
        if (!VERSION.equals(request.headers().get(HttpHeaderNames.SEC_WEBSOCKET_VERSION))) {
            refuse(
                    ctx,
                    Answer.problem(
                                    HttpResponseStatus.UPGRADE_REQUIRED,
                                    "upgrade-required",
                                    "WebSocket version 13 is spoken here")
                            .with(HttpHeaderNames.SEC_WEBSOCKET_VERSION, VERSION));
            return;
        }
        WebSocketServerHandshaker handshaker = new WebSocketServerHandshaker13(request.uri(), subprotocol, frames);
        ChannelPipeline pipeline = ctx.pipeline();
        ChannelFuture answered;
        try {
            answered = handshaker.handshake(ctx.channel(), request);
        } catch (WebSocketHandshakeException e) {
            refuse(ctx, Answer.problem(HttpResponseStatus.BAD_REQUEST, "malformed", "not a WebSocket handshake"));
            return;
        }
        pipeline.remove(Transport.WRITE_TIMEOUT);
        if (pipeline.get(StoreEndpoint.class) != null) {
            pipeline.remove(StoreEndpoint.class);
        }
        pipeline.remove(Transport.ROUTER);
        pipeline.addLast("connection", connection.get());
        pipeline.remove(this);
        answered.addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        ctx.channel().config().setAutoRead(true);
    }

    private static void refuse(ChannelHandlerContext ctx, Answer answer) {
        ctx.pipeline().get(PeerDeadline.class).upgradeRefused();
        ctx.writeAndFlush(answer.toResponse(false, false)).addListener(ChannelFutureListener.CLOSE);
    }
}
