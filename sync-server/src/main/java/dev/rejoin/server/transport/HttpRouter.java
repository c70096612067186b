package dev.rejoin.server.transport;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends each complete HTTP request to the one who answers it, one at a time. A peer that pipelines is not read from while an
 * answer is due, so what waits here is at most what one read from its socket brought. Requests for WebSockets pass on.
 */
final class HttpRouter extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(HttpRouter.class);
    static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final DocumentEndpoint documents;
    private final Endpoints endpoints;
    private final @Nullable StaticFiles files;
    private final Executor workers;
    private final ConnectionGate gate;
    private final TransportObserver observer;
    private final ArrayDeque<FullHttpRequest> waiting = new ArrayDeque<>();
    private boolean busy;

    HttpRouter(
            DocumentEndpoint documents,
            Endpoints endpoints,
            Executor workers,
            ConnectionGate gate,
            TransportObserver observer) {
        this.documents = documents;
        this.endpoints = endpoints;
        this.files = endpoints.web() == null ? null : new StaticFiles(endpoints.web());
        this.workers = workers;
        this.gate = gate;
        this.observer = observer;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof FullHttpRequest request)) {
            ReferenceCountUtil.release(message);
        } else if (busy) {
            waiting.add(request);
            ctx.channel().config().setAutoRead(false);
        } else {
            take(ctx, request);
        }
    }

    private void take(ChannelHandlerContext ctx, FullHttpRequest request) {
        if (request.decoderResult().isSuccess() && WebSocketUpgrade.serves(Paths.path(request.uri()))) {
            ctx.fireChannelRead(request);
            return;
        }
        busy = true;
        try {
            answer(ctx, request);
        } finally {
            request.release();
        }
    }

    private void answer(ChannelHandlerContext ctx, FullHttpRequest request) {
        boolean head = request.method().equals(HttpMethod.HEAD);
        if (request.decoderResult().isFailure()) {
            send(ctx, undecodable(request.decoderResult().cause()), head, false);
            return;
        }
        boolean keepAlive = HttpUtil.isKeepAlive(request);
        CompletionStage<Answer> answer;
        try {
            answer = route(ctx, request);
        } catch (RuntimeException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        answer.whenComplete((done, failure) -> {
            Answer out = failure == null ? done : failed(failure);
            if (ctx.executor().inEventLoop()) {
                send(ctx, out, head, keepAlive);
            } else {
                ctx.executor().execute(() -> send(ctx, out, head, keepAlive));
            }
        });
    }

    private CompletionStage<Answer> route(ChannelHandlerContext ctx, FullHttpRequest request) {
        String path = Paths.path(request.uri());
        switch (path) {
            case "/healthz":
                return operator(request, () -> probe(endpoints.healthy().getAsBoolean()));
            case "/readyz":
                return operator(request, () -> probe(endpoints.ready().getAsBoolean()));
            case "/metrics":
                return operator(
                        request,
                        () -> Answer.text(
                                HttpResponseStatus.OK,
                                METRICS_TYPE,
                                endpoints.metrics().get()));
            default:
                break;
        }
        Caller caller = gate.caller(ctx.channel(), request.headers());
        if (!caller.account().mayRequest(request.content().readableBytes(), ConnectionGate.now(ctx.channel()))) {
            return CompletableFuture.completedFuture(
                    Doorkeeper.answer(Doorkeeper.tooMuch(Doorkeeper.TOO_MANY_REQUESTS)));
        }
        if (path.startsWith(DocumentEndpoint.PREFIX)) {
            return documents.answer(request, caller, ConnectionGate.now(ctx.channel()));
        }
        if (files == null) {
            return CompletableFuture.completedFuture(
                    Answer.problem(HttpResponseStatus.NOT_FOUND, "not-found", "nothing is served here"));
        }
        StaticFiles served = files;
        HttpMethod method = request.method();
        HttpHeaders headers = request.headers();
        return CompletableFuture.supplyAsync(() -> served.answer(method, headers, path), workers);
    }

    private CompletionStage<Answer> operator(FullHttpRequest request, Supplier<Answer> page) {
        HttpMethod method = request.method();
        if (!method.equals(HttpMethod.GET) && !method.equals(HttpMethod.HEAD)) {
            return CompletableFuture.completedFuture(Answer.problem(
                            HttpResponseStatus.METHOD_NOT_ALLOWED, "method-not-allowed", "only GET and HEAD here")
                    .with(HttpHeaderNames.ALLOW, "GET, HEAD"));
        }
        return CompletableFuture.supplyAsync(() -> page.get().with(HttpHeaderNames.CACHE_CONTROL, "no-store"), workers);
    }

    private static Answer probe(boolean good) {
        return good
                ? Answer.text(HttpResponseStatus.OK, "text/plain; charset=utf-8", "ok\n")
                : Answer.text(HttpResponseStatus.SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", "unavailable\n");
    }

    private static Answer undecodable(Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            return Answer.problem(HttpResponseStatus.REQUEST_URI_TOO_LONG, "too-large", "the request line is too long");
        }
        if (cause instanceof TooLongHttpHeaderException) {
            return Answer.problem(
                    HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                    "too-large",
                    "the request headers are too large");
        }
        if (cause instanceof TooLongFrameException) {
            return Answer.problem(HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "the request is too large");
        }
        return Answer.problem(HttpResponseStatus.BAD_REQUEST, "malformed", "not an HTTP request");
    }

    private static Answer failed(Throwable failure) {
        log.error("an HTTP request failed", failure);
        return Answer.problem(HttpResponseStatus.INTERNAL_SERVER_ERROR, "internal", "the request failed on the server");
    }

    private void send(ChannelHandlerContext ctx, Answer answer, boolean head, boolean keepAlive) {
        observer.httpRequest(answer.status());
        var written = ctx.writeAndFlush(answer.toResponse(head, keepAlive));
        if (keepAlive) {
            written.addListener(sent -> next(ctx));
        } else {
            written.addListener(ChannelFutureListener.CLOSE);
        }
    }

    private void next(ChannelHandlerContext ctx) {
        busy = false;
        while (!busy && !waiting.isEmpty() && !ctx.isRemoved()) {
            take(ctx, waiting.remove());
        }
        if (!busy && waiting.isEmpty()) {
            ctx.channel().config().setAutoRead(true);
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        waiting.forEach(FullHttpRequest::release);
        waiting.clear();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        log.debug("closing {}: {}", ctx.channel().remoteAddress(), cause.toString());
        ctx.close();
    }
}
