package dev.rejoin.server.transport;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The clock that runs while a peer owes us something: the head of its first request from accept on, handshake of TLS
 * included, then the body, then the next request. Deadlines are absolute, so a peer that sends a byte now and then gains nothing. A connection that is
 * upgraded keeps its first deadline until its session has said Hello and takes this handler out.
 */
final class PeerDeadline extends ChannelDuplexHandler {
    private final TransportOptions options;
    private final TransportObserver observer;
    private boolean upgrading;
    private @Nullable Future<?> alarm;

    PeerDeadline(TransportOptions options, TransportObserver observer) {
        this.options = options;
        this.observer = observer;
    }

    /** The peer of an upgraded connection has done what it owed, or its session holds it to a deadline of its own. */
    static void met(ChannelHandlerContext ctx) {
        if (ctx.pipeline().get(PeerDeadline.class) != null) {
            ctx.pipeline().remove(PeerDeadline.class);
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        arm(ctx, options.openingDeadlineMillis());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof HttpRequest request) {
            upgrading = WebSocketUpgrade.asksForUpgrade(request);
            if (!upgrading) {
                arm(ctx, options.requestBodyDeadlineMillis());
            }
        }
        if (message instanceof LastHttpContent && !upgrading) {
            disarm();
        }
        ctx.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof LastHttpContent && !upgrading) {
            ChannelPromise sent = promise.unvoid();
            sent.addListener(done -> {
                if (done.isSuccess() && ctx.channel().isActive() && !ctx.isRemoved()) {
                    arm(ctx, options.keepAliveMillis());
                }
            });
            ctx.write(message, sent);
        } else {
            ctx.write(message, promise);
        }
    }

    /** The upgrade was refused: this is an ordinary HTTP connection again. */
    void upgradeRefused() {
        upgrading = false;
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        disarm();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        disarm();
        ctx.fireChannelInactive();
    }

    private void arm(ChannelHandlerContext ctx, long millis) {
        disarm();
        alarm = ctx.executor()
                .schedule(
                        () -> {
                            observer.peerTimedOut();
                            ctx.close();
                        },
                        millis,
                        TimeUnit.MILLISECONDS);
    }

    private void disarm() {
        if (alarm != null) {
            alarm.cancel(false);
            alarm = null;
        }
    }
}
