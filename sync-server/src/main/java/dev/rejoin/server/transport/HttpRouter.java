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
import java.util.Optional;
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
    private final DocumentList list;
    private final Endpoints endpoints;
    private final @Nullable StaticFiles files;
    private final Executor workers;
    private final ConnectionGate gate;
    private final TransportObserver observer;
    private final ArrayDeque<FullHttpRequest> waiting = new ArrayDeque<>();
    private boolean busy;
    private volatile boolean draining;

    HttpRouter(
            DocumentEndpoint documents,
            DocumentList list,
            Endpoints endpoints,
            Executor workers,
            ConnectionGate gate,
            TransportObserver observer) {
        this.documents = documents;
        this.list = list;
        this.endpoints = endpoints;
        this.files = endpoints.web() == null ? null : new StaticFiles(endpoints.web());
        this.workers = workers;
        this.gate = gate;
        this.observer = observer;
    }

    /** The next answer is the last one on this connection. On any thread. */
    void drain() {
        draining = true;
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
        Optional<Route> route = Route.of(path, request.method().name());
        if (route.isPresent() && route.get().isForOperators()) {
            return answer(route.get(), request, Caller.of(ctx.channel()), ConnectionGate.now(ctx.channel()));
        }
        Caller caller = gate.caller(ctx.channel(), request.headers());
        if (!caller.account().mayRequest(request.content().readableBytes(), ConnectionGate.now(ctx.channel()))) {
            return CompletableFuture.completedFuture(
                    Doorkeeper.answer(Doorkeeper.tooMuch(Doorkeeper.TOO_MANY_REQUESTS)));
        }
        if (route.isPresent()) {
            return answer(route.get(), request, caller, ConnectionGate.now(ctx.channel()));
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

    private CompletionStage<Answer> answer(Route route, FullHttpRequest request, Caller caller, long nowNanos) {
        if (!route.methods().contains(request.method().name())) {
            String possible = String.join(", ", route.methods());
            return CompletableFuture.completedFuture(Answer.problem(
                            HttpResponseStatus.METHOD_NOT_ALLOWED, "method-not-allowed", "possible are " + possible)
                    .with(HttpHeaderNames.ALLOW, possible));
        }
        return switch (route) {
            case DOCUMENTS -> list.answer(request, caller);
            case DOCUMENT -> documents.answer(request, caller, nowNanos);
            case RESTORE -> documents.restore(request, caller, nowNanos);
            case STATS -> documents.stats(request, caller, nowNanos);
            case FLOWS -> CompletableFuture.supplyAsync(this::flows, workers);
            case DESCRIPTION -> operator(() -> Answer.of(HttpResponseStatus.OK, WriteBody.JSON_TYPE, OpenApi.bytes()));
            case HEALTH -> operator(() -> probe(endpoints.healthy().getAsBoolean()));
            case READINESS -> operator(() -> probe(endpoints.ready().getAsBoolean()));
            case METRICS ->
                operator(() -> Answer.text(
                        HttpResponseStatus.OK, METRICS_TYPE, endpoints.metrics().get()));
        };
    }

    private Answer flows() {
        return Answer.of(
                        HttpResponseStatus.OK,
                        WriteBody.JSON_TYPE,
                        endpoints.flows().get())
                .with(HttpHeaderNames.CACHE_CONTROL, "max-age=60");
    }

    private CompletionStage<Answer> operator(Supplier<Answer> page) {
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

    private void send(ChannelHandlerContext ctx, Answer answer, boolean head, boolean mayKeepAlive) {
        boolean keepAlive = mayKeepAlive && !draining;
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
