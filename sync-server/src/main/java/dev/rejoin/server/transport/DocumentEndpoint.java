package dev.rejoin.server.transport;

import dev.rejoin.consistency.session.ReadLevel;
import dev.rejoin.crdt.yjs.RootKind;
import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.crdt.yjs.YDocView;
import dev.rejoin.crdt.yjs.YSnapshot;
import dev.rejoin.server.access.AccessRequest;
import dev.rejoin.server.access.Capability;
import dev.rejoin.server.access.Denied;
import dev.rejoin.server.access.Grant;
import dev.rejoin.server.room.ContentView;
import dev.rejoin.server.room.DocumentStats;
import dev.rejoin.server.room.DocumentUnavailableException;
import dev.rejoin.server.room.DocumentView;
import dev.rejoin.server.room.DocumentWrite;
import dev.rejoin.server.room.EntityTags;
import dev.rejoin.server.room.GuardRefusedException;
import dev.rejoin.server.room.GuardedRead;
import dev.rejoin.server.room.Rooms;
import dev.rejoin.server.room.WriteRefusedException;
import dev.rejoin.server.room.WriteResult;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.wire.FailureCode;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /v1/documents/{document}} and its statistics: documents for programs that speak HTTP (docs/reference/http.md). */
final class DocumentEndpoint {
    private static final Logger LOG = LoggerFactory.getLogger(DocumentEndpoint.class);

    /** Larger objects are not repeated in a 412; the reader fetches them by the tag that it says. */
    private static final int MAX_THEIRS_BYTES = 64 << 10;

    private final Rooms rooms;
    private final Doorkeeper doorkeeper;
    private final OriginPolicy origins;
    private final SessionDoor door;
    private final Executor workers;

    /**
     * Answers for rooms.
     *
     * @param workers does what is linear in a document, off the threads that own it
     */
    DocumentEndpoint(Rooms rooms, Doorkeeper doorkeeper, OriginPolicy origins, SessionDoor door, Executor workers) {
        this.rooms = rooms;
        this.doorkeeper = doorkeeper;
        this.origins = origins;
        this.door = door;
        this.workers = workers;
    }

    /** A request for the document, of one of the methods of its route. */
    CompletionStage<Answer> answer(FullHttpRequest request, Caller caller, long nowNanos) {
        HttpMethod method = request.method();
        if (method.equals(HttpMethod.DELETE)) {
            return admitted(
                    request,
                    caller,
                    nowNanos,
                    Route.DOCUMENT,
                    Capability.ADMIN,
                    (document, grant) -> delete(request, document));
        }
        boolean reads = method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD);
        return admitted(
                request,
                caller,
                nowNanos,
                Route.DOCUMENT,
                reads ? Capability.READ : Capability.WRITE,
                (document, grant) -> {
                    BooleanSupplier mayCreate = () -> doorkeeper.mayCreate(caller, grant.principal(), nowNanos);
                    return reads
                            ? read(request, document, mayCreate)
                            : write(request, document, grant.principal().id(), mayCreate);
                });
    }

    /** A request to bring it back. */
    CompletionStage<Answer> restore(FullHttpRequest request, Caller caller, long nowNanos) {
        return admitted(
                request,
                caller,
                nowNanos,
                Route.RESTORE,
                Capability.ADMIN,
                (document, grant) -> restore(request, document));
    }

    /** A request for its statistics. */
    CompletionStage<Answer> stats(FullHttpRequest request, Caller caller, long nowNanos) {
        return admitted(
                request,
                caller,
                nowNanos,
                Route.STATS,
                Capability.READ,
                (document, grant) -> rooms.stats(document)
                        .thenApplyAsync(
                                found -> found.map(DocumentEndpoint::page).orElseGet(DocumentEndpoint::notFound),
                                workers)
                        .exceptionally(DocumentEndpoint::failed));
    }

    /** Runs the request if its bearer may do that with the document; the request is held until then. */
    private CompletionStage<Answer> admitted(
            FullHttpRequest request,
            Caller caller,
            long nowNanos,
            Route route,
            Capability needed,
            BiFunction<DocumentName, Grant, CompletionStage<Answer>> then) {
        String name = Paths.decode(route.encodedName(Paths.path(request.uri())));
        Optional<String> flaw =
                name == null ? Optional.of("the name is not percent-encoded UTF-8") : DocumentName.flaw(name);
        if (name == null || flaw.isPresent()) {
            return now(Answer.problem(HttpResponseStatus.BAD_REQUEST, "bad-document-name", flaw.orElse("no name")));
        }
        DocumentName document = DocumentName.of(name);
        request.retain();
        return doorkeeper
                .ask(
                        new AccessRequest(document.value(), Doorkeeper.token(request), caller.address()),
                        request.content().readableBytes(),
                        nowNanos)
                .thenCompose(access -> {
                    if (access instanceof Grant grant && grant.capability().includes(needed)) {
                        return then.apply(document, grant);
                    }
                    return now(Doorkeeper.answer(access instanceof Denied no ? no : Denied.of(Denied.FORBIDDEN)));
                })
                .whenComplete((answer, failure) -> request.release());
    }

    private CompletionStage<Answer> read(FullHttpRequest request, DocumentName document, BooleanSupplier mayCreate) {
        String asked = Paths.parameter(request.uri(), "format");
        Optional<DocumentFormat> negotiated = asked == null
                ? Accept.best(request.headers().get(HttpHeaderNames.ACCEPT))
                : DocumentFormat.ofLabel(asked);
        if (negotiated.isEmpty()) {
            return now(
                    asked == null
                            ? Answer.problem(
                                    HttpResponseStatus.NOT_ACCEPTABLE, "not-acceptable", "documents come as " + types())
                            : badFormat("format is json, state, content, text, update, update-v2 or snapshot"));
        }
        DocumentFormat format = negotiated.get();
        SessionDoor.Wish wish;
        try {
            wish = door.wish(request.headers());
        } catch (SessionDoor.BadWishException e) {
            return now(e.answer());
        }
        Known known =
                new Known(request.headers().get(HttpHeaderNames.IF_NONE_MATCH), Paths.parameter(request.uri(), "v"));
        String uri = request.uri();
        if (!format.isOfContent()) {
            return door.run(
                    wish,
                    () -> rooms.read(document, wish.token(), wish.level(), wish.policy(), mayCreate)
                            .thenApply(found -> shown(found, document, wish, uri, view -> page(view, format, known)))
                            .exceptionally(DocumentEndpoint::failed));
        }
        Function<ContentView, byte[]> body;
        try {
            body = body(uri, format);
        } catch (IllegalArgumentException e) {
            return now(badFormat(String.valueOf(e.getMessage())));
        }
        return door.run(
                wish,
                () -> rooms.readContent(document, wish.token(), wish.level(), wish.policy(), mayCreate)
                        .thenApplyAsync(
                                found -> shown(
                                        found,
                                        document,
                                        wish,
                                        uri,
                                        view -> page(format, view.etag(), known, () -> body.apply(view))),
                                workers)
                        .exceptionally(DocumentEndpoint::failed));
    }

    private <V> Answer shown(
            Optional<GuardedRead<V>> found,
            DocumentName document,
            SessionDoor.Wish wish,
            String uri,
            Function<V, Answer> page) {
        if (found.isEmpty()) {
            return notFound();
        }
        GuardedRead<V> read = found.get();
        if (read.view().isEmpty()) {
            return SessionDoor.refused(read.outcome(), uri);
        }
        if (wish.level() instanceof ReadLevel.AtSnapshot pinned
                && !pinned.version().includes(read.shown())) {
            return notKept();
        }
        return door.shown(page.apply(read.view().get()), document.value(), wish, read);
    }

    private static Answer notKept() {
        return Answer.problem(
                HttpResponseStatus.NOT_FOUND, "version-not-kept", "the document has gone on from this version");
    }

    /**
     * What a reader has, or wants, of a document.
     *
     * @param ifNoneMatch the tags that it has
     * @param version the tag, without its quotes, of the only state that it wants
     */
    private record Known(
            @Nullable String ifNoneMatch, @Nullable String version) {}

    private static String types() {
        return String.join(
                ", ",
                DocumentFormat.BY_TYPE.stream().map(DocumentFormat::mediaType).toList());
    }

    private static Answer badFormat(String detail) {
        return Answer.problem(HttpResponseStatus.BAD_REQUEST, "bad-format", detail);
    }

    /** What makes the body of a format of the content; {@link IllegalArgumentException} if the query does not say enough. */
    private static Function<ContentView, byte[]> body(String uri, DocumentFormat format) {
        if (format == DocumentFormat.CONTENT) {
            Map<String, RootKind> asked = roots(uri);
            return view -> {
                Map<String, RootKind> roots = new LinkedHashMap<>(asked);
                view.roots().forEach(roots::putIfAbsent);
                Map<String, Object> values = new LinkedHashMap<>();
                roots.forEach((name, kind) -> values.put(name, view.content().toJson(name, kind)));
                return Json.write(values);
            };
        }
        if (format == DocumentFormat.TEXT) {
            List<String> names = Paths.parameters(uri, "text");
            String name = names.size() == 1 ? Paths.decode(names.get(0)) : null;
            if (name == null) {
                throw new IllegalArgumentException("which text? name one, percent-encoded, as in text=code");
            }
            return view -> view.content().text(name).getBytes(StandardCharsets.UTF_8);
        }
        if (format == DocumentFormat.SNAPSHOT) {
            return view ->
                    new YSnapshot(view.content().stateVector(), view.content().deleteSet()).encode();
        }
        StateVector known = known(Paths.parameter(uri, "since"));
        return view -> {
            YDocView content = view.content();
            return format == DocumentFormat.UPDATE
                    ? content.encodeStateAsUpdate(known)
                    : content.encodeStateAsUpdateV2(known);
        };
    }

    private static StateVector known(@Nullable String since) {
        try {
            return since == null
                    ? StateVector.EMPTY
                    : StateVector.decode(Base64.getUrlDecoder().decode(since));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("since is a state vector in base64url: " + e.getMessage(), e);
        }
    }

    private static Map<String, RootKind> roots(String uri) {
        Map<String, RootKind> asked = new LinkedHashMap<>();
        for (RootKind kind : RootKind.values()) {
            for (String encoded : Paths.parameters(uri, kind.name().toLowerCase(Locale.ROOT))) {
                String root = Paths.decode(encoded);
                if (root == null || asked.put(root, kind) != null) {
                    throw new IllegalArgumentException("a root is named once, in percent-encoded UTF-8: " + encoded);
                }
            }
        }
        return asked;
    }

    private static Answer notFound() {
        return Answer.problem(HttpResponseStatus.NOT_FOUND, "not-found", "there is no such document");
    }

    private static Answer page(DocumentView view, DocumentFormat format, Known known) {
        return page(
                format,
                view.etag(),
                known,
                () -> format == DocumentFormat.STATE
                        ? view.snapshot().state().encode()
                        : Json.write(view.snapshot().toMap()));
    }

    private static Answer page(DocumentFormat format, String anyEtag, Known known, Supplier<byte[]> body) {
        String etag = format.tag(anyEtag);
        if (known.version() != null && !etag.equals('"' + known.version() + '"')) {
            return notKept();
        }
        Answer answer = known.ifNoneMatch() != null && ETags.anyMatches(known.ifNoneMatch(), etag)
                ? Answer.notModified()
                : Answer.of(HttpResponseStatus.OK, format.contentType(), body.get());
        return answer.with(HttpHeaderNames.ETAG, etag)
                .with(
                        HttpHeaderNames.CACHE_CONTROL,
                        known.version() == null ? "no-cache" : "private, max-age=31536000, immutable")
                .with(HttpHeaderNames.VARY, "accept");
    }

    private static Answer page(DocumentStats stats) {
        Map<String, Object> body = identity(stats.view());
        body.put(
                "stored",
                Map.of(
                        "snapshotBytes", stats.stored().snapshotBytes(),
                        "logBytes", stats.stored().logBytes(),
                        "logEntries", (long) stats.stored().logEntries()));
        body.put("objects", Map.of("cells", (long) stats.cells(), "replicas", (long)
                stats.visitors().replicas()));
        DocumentStats.Content content = stats.content();
        body.put(
                "content",
                Map.of(
                        "bytes", (long) content.bytes(),
                        "structs", (long) content.structs(),
                        "clients", (long) content.clients(),
                        "tier", stats.contentHot() ? "hot" : "cold"));
        body.put("connections", Map.of("sessions", (long) stats.visitors().sessions(), "editors", (long)
                stats.visitors().editors()));
        return Answer.of(HttpResponseStatus.OK, WriteBody.JSON_TYPE, Json.write(body))
                .with(HttpHeaderNames.CACHE_CONTROL, "no-store");
    }

    /** Which life of the document, and how far. */
    private static Map<String, Object> identity(DocumentView view) {
        Map<String, Object> position = new LinkedHashMap<>();
        position.put("incarnation", hex(view.position().incarnation()));
        position.put("sequence", view.position().sequence());
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("epoch", hex(view.epoch()));
        body.put("position", position);
        return body;
    }

    static String hex(long bits) {
        return String.format("%016x", bits);
    }

    private CompletionStage<Answer> write(
            FullHttpRequest request, DocumentName document, String user, BooleanSupplier mayCreate) {
        if (!origins.allows(request)) {
            return now(foreignOrigin());
        }
        CharSequence said = HttpUtil.getMimeType(request);
        String type = said == null ? "" : said.toString().toLowerCase(Locale.ROOT);
        if (!WriteBody.understands(type)) {
            return now(Answer.problem(
                            HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE,
                            "unsupported-media-type",
                            "send one of " + WriteBody.TYPES)
                    .with("accept-patch", WriteBody.TYPES));
        }
        DocumentWrite write;
        try {
            write = WriteBody.parse(type, bytes(request.content())).by(user);
        } catch (IllegalArgumentException e) {
            return now(Answer.problem(HttpResponseStatus.BAD_REQUEST, "malformed", String.valueOf(e.getMessage())));
        }
        SessionDoor.Wish wish;
        try {
            wish = door.wish(request.headers());
        } catch (SessionDoor.BadWishException e) {
            return now(e.answer());
        }
        Predicate<EntityTags> precondition = ifMatch(request);
        String uri = request.uri();
        return door.run(
                wish,
                () -> rooms.apply(document, write, precondition, mayCreate, wish.token(), wish.policy())
                        .thenApplyAsync(
                                result -> door.written(written(result), document.value(), wish, result), workers)
                        .handleAsync(
                                (answer, failure) -> failure == null
                                        ? answer
                                        : failed(failure, uri, request.headers().get(HttpHeaderNames.IF_MATCH)),
                                workers));
    }

    private static Predicate<EntityTags> ifMatch(FullHttpRequest request) {
        String header = request.headers().get(HttpHeaderNames.IF_MATCH);
        return header == null ? present -> true : present -> ETags.anyHolds(header, present);
    }

    private static Answer foreignOrigin() {
        return Answer.problem(HttpResponseStatus.FORBIDDEN, "forbidden", "pages of this origin may not write");
    }

    private CompletionStage<Answer> delete(FullHttpRequest request, DocumentName document) {
        if (!origins.allows(request)) {
            return now(foreignOrigin());
        }
        return rooms.delete(document, ifMatch(request))
                .thenApply(deleted -> deleted ? Answer.noContent() : notFound())
                .exceptionally(DocumentEndpoint::failed);
    }

    private CompletionStage<Answer> restore(FullHttpRequest request, DocumentName document) {
        if (!origins.allows(request)) {
            return now(foreignOrigin());
        }
        String empty = Paths.parameter(request.uri(), "empty");
        if (empty != null && !empty.equals("true") && !empty.equals("false")) {
            return now(Answer.problem(HttpResponseStatus.BAD_REQUEST, "malformed", "empty is true or false"));
        }
        return ("true".equals(empty) ? rooms.beginAnew(document) : rooms.restore(document))
                .thenCompose(found ->
                        found.isPresent() ? now(written(found.get(), Optional.empty(), false)) : notDeleted(document))
                .exceptionally(DocumentEndpoint::failed);
    }

    private CompletionStage<Answer> notDeleted(DocumentName document) {
        return rooms.read(document)
                .thenApply(found -> found.isEmpty()
                        ? notFound()
                        : Answer.problem(HttpResponseStatus.CONFLICT, "not-deleted", "the document is not deleted"));
    }

    private static Answer written(WriteResult result) {
        return written(result.view(), result.contentEtag(), result.waiting());
    }

    private static Answer written(DocumentView view, Optional<String> contentEtag, boolean waiting) {
        String etag = view.etag();
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("etag", etag);
        contentEtag.ifPresent(content -> body.put("contentEtag", content));
        body.putAll(identity(view));
        if (waiting) {
            body.put("waiting", true);
        }
        return Answer.of(HttpResponseStatus.OK, WriteBody.JSON_TYPE, Json.write(body))
                .with(HttpHeaderNames.ETAG, etag)
                .with(HttpHeaderNames.CACHE_CONTROL, "no-store");
    }

    private static Answer failed(Throwable failure, String uri, @Nullable String base) {
        Throwable cause = cause(failure);
        if (cause instanceof GuardRefusedException refused) {
            return SessionDoor.refused(refused.outcome(), uri);
        }
        if (cause instanceof WriteRefusedException refused && refused.present().isPresent() && base != null) {
            return changedSince(refused, refused.present().get(), base);
        }
        return failed(failure);
    }

    /** What the author needs to merge: what it began with, by its tag, and what is there now. What it wanted it has. */
    private static Answer changedSince(WriteRefusedException refused, DocumentView theirs, String base) {
        HttpResponseStatus status = HttpResponseStatus.PRECONDITION_FAILED;
        Map<String, Object> problem = new LinkedHashMap<>();
        problem.put("type", "about:blank");
        problem.put("title", status.reasonPhrase());
        problem.put("status", (long) status.code());
        problem.put("code", refused.code());
        problem.put("detail", String.valueOf(refused.getMessage()));
        problem.put("base", base);
        problem.put("theirs", theirs(theirs));
        return Answer.of(status, "application/problem+json", Json.write(problem))
                .with(HttpHeaderNames.CACHE_CONTROL, "no-store");
    }

    private static Map<String, Object> theirs(DocumentView view) {
        Map<String, Object> theirs = identity(view);
        theirs.put("etag", view.etag());
        byte[] objects = Json.write(view.snapshot().toMap());
        if (objects.length <= MAX_THEIRS_BYTES) {
            theirs.put("objects", view.snapshot().toMap());
        }
        return theirs;
    }

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    static Answer failed(Throwable failure) {
        Throwable cause = cause(failure);
        if (cause instanceof WriteRefusedException refused) {
            return Answer.problem(status(refused), refused.code(), String.valueOf(refused.getMessage()));
        }
        if (cause instanceof DocumentUnavailableException unavailable) {
            if (unavailable.code() == FailureCode.TOO_MANY_IN_FLIGHT) {
                return Doorkeeper.answer(Doorkeeper.tooMuch(String.valueOf(unavailable.getMessage())));
            }
            HttpResponseStatus status = switch (unavailable.code()) {
                case DOCUMENT_DELETED -> HttpResponseStatus.GONE;
                case DOCUMENT_CORRUPT -> HttpResponseStatus.INTERNAL_SERVER_ERROR;
                default -> HttpResponseStatus.SERVICE_UNAVAILABLE;
            };
            return Answer.problem(status, unavailable.code().label(), String.valueOf(unavailable.getMessage()));
        }
        if (cause instanceof IllegalArgumentException || cause instanceof ArithmeticException) {
            return Answer.problem(HttpResponseStatus.BAD_REQUEST, "malformed", String.valueOf(cause.getMessage()));
        }
        LOG.error("a request for a document failed", cause);
        return Answer.problem(HttpResponseStatus.INTERNAL_SERVER_ERROR, "internal", "the request failed on the server");
    }

    private static HttpResponseStatus status(WriteRefusedException refused) {
        if (refused.code().equals(WriteRefusedException.PRECONDITION_FAILED)) {
            return HttpResponseStatus.PRECONDITION_FAILED;
        }
        return refused.code().equals(FailureCode.LINEAGE.label())
                ? HttpResponseStatus.CONFLICT
                : HttpResponseStatus.UNPROCESSABLE_ENTITY;
    }

    private static byte[] bytes(ByteBuf content) {
        byte[] bytes = new byte[content.readableBytes()];
        content.getBytes(content.readerIndex(), bytes);
        return bytes;
    }

    private static CompletionStage<Answer> now(Answer answer) {
        return CompletableFuture.completedFuture(answer);
    }
}
