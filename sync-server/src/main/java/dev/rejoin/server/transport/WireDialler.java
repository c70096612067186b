package dev.rejoin.server.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketClientProtocolHandler;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketVersion;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/** Opens WebSockets to other servers, with TLS to addresses that begin with {@code wss}. */
public final class WireDialler {
    private static final int CONNECT_MILLIS = 3_000;
    private static final int MAX_ANSWER_BYTES = 8_192;
    private static final int LOW_BYTES = 256 << 10;
    private static final int HIGH_BYTES = 1 << 20;

    private final EventLoops loops;
    private final SslContext tls;

    /**
     * Uses these threads, which stay the caller's.
     *
     * @param trusted certificates (PEM) of which one must have issued that of a peer; null for those that Java knows
     * @throws IllegalArgumentException if there is no certificate in the file
     * @throws SSLException if Java knows none
     */
    public WireDialler(EventLoops loops, @Nullable Path trusted) throws SSLException {
        this.loops = loops;
        SslContextBuilder builder = SslContextBuilder.forClient();
        this.tls = (trusted == null ? builder : builder.trustManager(trusted.toFile())).build();
    }

    /**
     * Dials; calls one of the two, once, on some loop.
     *
     * @param failed hears why there is no connection
     */
    public void dial(URI peer, Function<Wire, Wire.End> opened, Consumer<String> failed) {
        AtomicBoolean told = new AtomicBoolean();
        Consumer<String> once = why -> {
            if (told.compareAndSet(false, true)) {
                failed.accept(why);
            }
        };
        boolean secure = "wss".equals(peer.getScheme());
        int port = peer.getPort() > 0 ? peer.getPort() : secure ? 443 : 80;
        ChannelFuture connecting;
        try {
            connecting = new Bootstrap()
                    .group(loops.group())
                    .channel(loops.clientChannel())
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
                    .option(ChannelOption.TCP_NODELAY, true)
                    .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(LOW_BYTES, HIGH_BYTES))
                    .handler(new ChannelInitializer<SocketChannel>() {
                        @Override
                        protected void initChannel(SocketChannel channel) {
                            ChannelPipeline pipeline = channel.pipeline();
                            if (secure) {
                                pipeline.addLast(verifying(channel, peer.getHost(), port));
                            }
                            pipeline.addLast(new HttpClientCodec());
                            pipeline.addLast(new HttpObjectAggregator(MAX_ANSWER_BYTES));
                            pipeline.addLast(new WebSocketClientProtocolHandler(handshake(peer)));
                            pipeline.addLast(new WebSocketFrameAggregator(Wire.MAX_MESSAGE_BYTES));
                            pipeline.addLast(new Upgraded(opened, told, once));
                        }
                    })
                    .connect(peer.getHost(), port);
        } catch (RuntimeException e) {
            once.accept(e.toString());
            return;
        }
        connecting.addListener(done -> {
            if (!done.isSuccess()) {
                once.accept(String.valueOf(done.cause().getMessage()));
            }
        });
    }

    private SslHandler verifying(Channel channel, String host, int port) {
        SslHandler handler = tls.newHandler(channel.alloc(), host, port);
        SSLParameters parameters = handler.engine().getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        handler.engine().setSSLParameters(parameters);
        return handler;
    }

    private static WebSocketClientProtocolConfig handshake(URI peer) {
        return WebSocketClientProtocolConfig.newBuilder()
                .webSocketUri(peer)
                .version(WebSocketVersion.V13)
                .allowExtensions(false)
                .customHeaders(new DefaultHttpHeaders())
                .maxFramePayloadLength(Wire.MAX_MESSAGE_BYTES)
                .handshakeTimeoutMillis(CONNECT_MILLIS)
                .generateOriginHeader(false)
                .build();
    }

    /** Puts the wire in when the other side has agreed to speak WebSocket. */
    private static final class Upgraded extends ChannelInboundHandlerAdapter {
        private final Function<Wire, Wire.End> opened;
        private final AtomicBoolean told;
        private final Consumer<String> failed;

        Upgraded(Function<Wire, Wire.End> opened, AtomicBoolean told, Consumer<String> failed) {
            this.opened = opened;
            this.told = told;
            this.failed = failed;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event == WebSocketClientProtocolHandler.ClientHandshakeStateEvent.HANDSHAKE_COMPLETE
                    && told.compareAndSet(false, true)) {
                ctx.pipeline().addLast("connection", new Wire(opened));
                ctx.pipeline().remove(this);
            }
            ctx.fireUserEventTriggered(event);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            failed.accept(String.valueOf(cause.getMessage()));
            ctx.close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            failed.accept("the connection was closed before it was one of WebSocket");
            ctx.fireChannelInactive();
        }
    }
}
