package dev.rejoin.server.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A WebSocket between two servers, at either end of it: whole binary messages in both directions, and how much is on the way. */
public final class Wire extends SimpleChannelInboundHandler<WebSocketFrame> {
    /** Largest message, in bytes. */
    public static final int MAX_MESSAGE_BYTES = 8 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(Wire.class);
    private static final long CLOSE_LINGER_MILLIS = 1_000;

    private final Function<Wire, End> open;
    private @Nullable End end;

    @SuppressWarnings("NullAway.Init") // set when the handler is added, before anything else is called
    private ChannelHandlerContext ctx;

    /** Whoever is at this end. Called on the loop of the socket. */
    public interface End {
        /** A message has come. */
        void received(byte[] message);

        /** More may be sent again. */
        void drained();

        /** Nothing more comes. */
        void closed();
    }

    /** @param open takes the wire when its socket is open, and says who is at its end; on the loop of the socket */
    @SuppressWarnings("NullAway.Init") // as above
    Wire(Function<Wire, End> open) {
        this.open = open;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
        end = open.apply(this);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
        if (frame instanceof BinaryWebSocketFrame) {
            ByteBuf content = frame.content();
            byte[] message = new byte[content.readableBytes()];
            content.readBytes(message);
            if (end != null) {
                end.received(message);
            }
        } else if (frame instanceof PingWebSocketFrame) {
            context.writeAndFlush(new PongWebSocketFrame(frame.content().retain()));
        } else if (!(frame instanceof PongWebSocketFrame)) {
            context.close();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (context.channel().isWritable() && end != null) {
            end.drained();
        }
        context.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (end != null) {
            end.closed();
            end = null;
        }
        context.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        LOG.info("closing the connection with {}: {}", context.channel().remoteAddress(), cause.toString());
        context.close();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
        if (message instanceof WebSocketFrame) {
            super.channelRead(context, message);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    /** Sends one message; the array is not to be changed. On any thread. */
    public void send(byte[] message) {
        ctx.writeAndFlush(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(message)));
    }

    /** Whether little enough is on the way; after a no {@link End#drained} follows. On any thread. */
    public boolean hasRoom() {
        return ctx.channel().isWritable();
    }

    /** Whether messages are taken from the socket. On any thread. */
    public void read(boolean on) {
        ctx.channel().config().setAutoRead(on);
    }

    /** Closes it after what has been sent. On any thread. */
    public void close() {
        ctx.writeAndFlush(new CloseWebSocketFrame(1_000, ""));
        ctx.executor().schedule(() -> ctx.close(), CLOSE_LINGER_MILLIS, TimeUnit.MILLISECONDS);
    }
}
