package dev.rejoin.server.transport;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.FullHttpMessage;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;

/** Collects the body of each request up to a bound; one beyond it is answered with a code, like every other refusal. */
final class BodyCollector extends HttpObjectAggregator {
    private final TransportObserver observer;

    BodyCollector(int maxBodyBytes, TransportObserver observer) {
        super(maxBodyBytes, true);
        this.observer = observer;
    }

    @Override
    protected void handleOversizedMessage(ChannelHandlerContext ctx, HttpMessage oversized) {
        // Whoever is still sending and wants to go on is read to the end of the body, else it would not hear the
        // answer.
        boolean goesOn = !(oversized instanceof FullHttpMessage)
                && (HttpUtil.is100ContinueExpected(oversized) || HttpUtil.isKeepAlive(oversized));
        Answer answer = Answer.problem(
                HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "the body is larger than max-body");
        observer.httpRequest(answer.status());
        ChannelFuture written = ctx.writeAndFlush(answer.toResponse(false, goesOn));
        if (!goesOn) {
            written.addListener(ChannelFutureListener.CLOSE);
        }
    }
}
