package dev.rejoin.server.transport;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketHandshakeException;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshakerFactory;
import io.netty.util.ReferenceCountUtil;
import java.util.function.Supplier;

/** Turns a request for {@code /sync} into a WebSocket with a {@link SyncConnection} at its end; other requests pass. */
final class SyncUpgrade extends ChannelInboundHandlerAdapter {
    static final String PATH = "/sync";
    private static final String SUBPROTOCOL = "rejoin.v1";

    private final TransportOptions options;
    private final OriginPolicy origins;
    private final Supplier<SyncConnection> connections;

    SyncUpgrade(TransportOptions options, OriginPolicy origins, Supplier<SyncConnection> connections) {
        this.options = options;
        this.origins = origins;
        this.connections = connections;
    }

    static boolean asksForUpgrade(HttpRequest request) {
        return request.decoderResult().isSuccess()
                && request.method().equals(HttpMethod.GET)
                && Paths.path(request.uri()).equals(PATH)
                && request.headers().containsValue(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof FullHttpRequest request)
                || !Paths.path(request.uri()).equals(PATH)) {
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
            } else {
                upgrade(ctx, request);
            }
        } finally {
            ReferenceCountUtil.release(request);
        }
    }

    private void upgrade(ChannelHandlerContext ctx, FullHttpRequest request) {
        WebSocketDecoderConfig frames = WebSocketDecoderConfig.newBuilder()
                .maxFramePayloadLength(options.maxFrameBytes())
                .allowExtensions(false)
                .expectMaskedFrames(true)
                .closeOnProtocolViolation(false)
                .build();
        WebSocketServerHandshaker handshaker =
                new WebSocketServerHandshakerFactory(PATH, SUBPROTOCOL, frames).newHandshaker(request);
        if (handshaker == null) {
            refuse(
                    ctx,
                    Answer.problem(
                                    HttpResponseStatus.UPGRADE_REQUIRED,
                                    "upgrade-required",
                                    "WebSocket version 13 is spoken here")
                            .with(HttpHeaderNames.SEC_WEBSOCKET_VERSION, "13"));
            return;
        }
        ChannelPipeline pipeline = ctx.pipeline();
        ChannelFuture answered;
        try {
            answered = handshaker.handshake(ctx.channel(), request);
        } catch (WebSocketHandshakeException e) {
            refuse(ctx, Answer.problem(HttpResponseStatus.BAD_REQUEST, "malformed", "not a WebSocket handshake"));
            return;
        }
        pipeline.remove(Transport.WRITE_TIMEOUT);
        pipeline.remove(Transport.ROUTER);
        pipeline.addLast("sync", connections.get());
        pipeline.remove(this);
        answered.addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        ctx.channel().config().setAutoRead(true);
    }

    private static void refuse(ChannelHandlerContext ctx, Answer answer) {
        ctx.pipeline().get(PeerDeadline.class).upgradeRefused();
        ctx.writeAndFlush(answer.toResponse(false, false)).addListener(ChannelFutureListener.CLOSE);
    }
}
