package dev.rejoin.server.transport;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.ObjectType;
import dev.rejoin.crdt.Values;
import dev.rejoin.crdt.yjs.RootKind;
import dev.rejoin.server.access.AccessRequest;
import dev.rejoin.server.access.Capability;
import dev.rejoin.server.access.Denied;
import dev.rejoin.server.access.Grant;
import dev.rejoin.server.room.ContentView;
import dev.rejoin.server.room.DocumentUnavailableException;
import dev.rejoin.server.room.DocumentView;
import dev.rejoin.server.room.Rooms;
import dev.rejoin.server.room.WriteRefusedException;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.wire.FailureCode;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /v1/documents/{document}}: documents as JSON for programs that speak HTTP (docs/reference/http.md). */
final class DocumentEndpoint {
    static final String PREFIX = "/v1/documents/";
    static final String STATE_TYPE = "application/vnd.rejoin.state";

    private static final Logger LOG = LoggerFactory.getLogger(DocumentEndpoint.class);
    private static final int MAX_MUTATIONS = 4_096;

    private final Rooms rooms;
    private final Doorkeeper doorkeeper;
    private final OriginPolicy origins;

    DocumentEndpoint(Rooms rooms, Doorkeeper doorkeeper, OriginPolicy origins) {
        this.rooms = rooms;
        this.doorkeeper = doorkeeper;
        this.origins = origins;
    }

    CompletionStage<Answer> answer(FullHttpRequest request, Caller caller, long nowNanos) {
        String name = Paths.decode(Paths.path(request.uri()).substring(PREFIX.length()));
        if (name == null) {
            return now(Answer.problem(
                    HttpResponseStatus.BAD_REQUEST, "bad-document-name", "the name is not percent-encoded UTF-8"));
        }
        String flaw = DocumentName.flaw(name).orElse(null);
        if (flaw != null) {
            return now(Answer.problem(HttpResponseStatus.BAD_REQUEST, "bad-document-name", flaw));
        }
        DocumentName document = DocumentName.of(name);
        HttpMethod method = request.method();
        if (method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD)) {
            return admitted(request, caller, nowNanos, document, Capability.READ, grant -> read(request, document));
        }
        if (method.equals(HttpMethod.POST)) {
            return admitted(
                    request,
                    caller,
                    nowNanos,
                    document,
                    Capability.WRITE,
                    grant -> write(request, document, () -> doorkeeper.mayCreate(caller, grant.principal(), nowNanos)));
        }
        return now(Answer.problem(
                        HttpResponseStatus.METHOD_NOT_ALLOWED, "method-not-allowed", "GET, HEAD and POST are possible")
                .with(HttpHeaderNames.ALLOW, "GET, HEAD, POST"));
    }

    /** Runs the request if its bearer may do that with the document; the request is held until then. */
    private CompletionStage<Answer> admitted(
            FullHttpRequest request,
            Caller caller,
            long nowNanos,
            DocumentName document,
            Capability needed,
            Function<Grant, CompletionStage<Answer>> then) {
        request.retain();
        return doorkeeper
                .ask(
                        new AccessRequest(document.value(), Doorkeeper.token(request), caller.address()),
                        request.content().readableBytes(),
                        nowNanos)
                .thenCompose(access -> {
                    if (access instanceof Grant grant && grant.capability().includes(needed)) {
                        return then.apply(grant);
                    }
                    return now(Doorkeeper.answer(access instanceof Denied no ? no : Denied.of(Denied.FORBIDDEN)));
                })
                .whenComplete((answer, failure) -> request.release());
    }

    private CompletionStage<Answer> read(FullHttpRequest request, DocumentName document) {
        String format = Paths.parameter(request.uri(), "format");
        if ("content".equals(format)) {
            return readContent(request, document);
        }
        if (format != null && !format.equals("json") && !format.equals("state")) {
            return now(
                    Answer.problem(HttpResponseStatus.BAD_REQUEST, "bad-format", "format is json, state or content"));
        }
        boolean state = "state".equals(format);
        String ifNoneMatch = request.headers().get(HttpHeaderNames.IF_NONE_MATCH);
        return rooms.read(document)
                .thenApply(found ->
                        found.map(view -> page(view, state, ifNoneMatch)).orElseGet(DocumentEndpoint::notFound))
                .exceptionally(DocumentEndpoint::failed);
    }

    private CompletionStage<Answer> readContent(FullHttpRequest request, DocumentName document) {
        Map<String, RootKind> asked = new LinkedHashMap<>();
        for (RootKind kind : RootKind.values()) {
            for (String encoded : Paths.parameters(request.uri(), kind.name().toLowerCase(Locale.ROOT))) {
                String root = Paths.decode(encoded);
                if (root == null || asked.put(root, kind) != null) {
                    return now(Answer.problem(
                            HttpResponseStatus.BAD_REQUEST,
                            "bad-format",
                            "a root is named once, in percent-encoded UTF-8: " + encoded));
                }
            }
        }
        String ifNoneMatch = request.headers().get(HttpHeaderNames.IF_NONE_MATCH);
        return rooms.readContent(document)
                .thenApply(found ->
                        found.map(view -> page(view, asked, ifNoneMatch)).orElseGet(DocumentEndpoint::notFound))
                .exceptionally(DocumentEndpoint::failed);
    }

    private static Answer page(ContentView view, Map<String, RootKind> asked, @Nullable String ifNoneMatch) {
        if (ifNoneMatch != null && ETags.anyMatches(ifNoneMatch, view.etag())) {
            return tagged(Answer.notModified(), view.etag());
        }
        Map<String, RootKind> roots = new LinkedHashMap<>(asked);
        view.roots().forEach(roots::putIfAbsent);
        Map<String, Object> values = new LinkedHashMap<>();
        roots.forEach((name, kind) -> values.put(name, view.content().toJson(name, kind)));
        return tagged(Answer.of(HttpResponseStatus.OK, "application/json", Json.write(values)), view.etag());
    }

    private static Answer tagged(Answer answer, String etag) {
        return answer.with(HttpHeaderNames.ETAG, etag).with(HttpHeaderNames.CACHE_CONTROL, "no-cache");
    }

    private static Answer notFound() {
        return Answer.problem(HttpResponseStatus.NOT_FOUND, "not-found", "there is no such document");
    }

    private static Answer page(DocumentView view, boolean state, @Nullable String ifNoneMatch) {
        String etag = state ? view.etag().replaceFirst("\"$", "-s\"") : view.etag();
        Answer answer;
        if (ifNoneMatch != null && ETags.anyMatches(ifNoneMatch, etag)) {
            answer = Answer.notModified();
        } else if (state) {
            answer = Answer.of(
                    HttpResponseStatus.OK, STATE_TYPE, view.snapshot().state().encode());
        } else {
            answer = Answer.of(
                    HttpResponseStatus.OK,
                    "application/json",
                    Json.write(view.snapshot().toMap()));
        }
        return tagged(answer, etag);
    }

    private CompletionStage<Answer> write(FullHttpRequest request, DocumentName document, BooleanSupplier mayCreate) {
        if (!origins.allows(request)) {
            return now(Answer.problem(HttpResponseStatus.FORBIDDEN, "forbidden", "pages of this origin may not write"));
        }
        CharSequence type = HttpUtil.getMimeType(request);
        if (type == null || !type.toString().toLowerCase(Locale.ROOT).equals("application/json")) {
            return now(Answer.problem(
                    HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "send application/json"));
        }
        List<Mutation> mutations;
        try {
            mutations = mutations(bytes(request.content()));
        } catch (IllegalArgumentException e) {
            return now(Answer.problem(HttpResponseStatus.BAD_REQUEST, "malformed", String.valueOf(e.getMessage())));
        }
        String ifMatch = request.headers().get(HttpHeaderNames.IF_MATCH);
        Predicate<String> precondition =
                ifMatch == null ? etag -> true : etag -> ETags.anyMatchesStrongly(ifMatch, etag);
        return rooms.apply(document, mutations, precondition, mayCreate)
                .thenApply(DocumentEndpoint::written)
                .exceptionally(DocumentEndpoint::failed);
    }

    private static Answer written(DocumentView view) {
        Map<String, Object> position = new LinkedHashMap<>();
        position.put("incarnation", String.format("%016x", view.position().incarnation()));
        position.put("sequence", view.position().sequence());
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("etag", view.etag());
        body.put("epoch", String.format("%016x", view.epoch()));
        body.put("position", position);
        return Answer.of(HttpResponseStatus.OK, "application/json", Json.write(body))
                .with(HttpHeaderNames.ETAG, view.etag())
                .with(HttpHeaderNames.CACHE_CONTROL, "no-store");
    }

    private static Answer failed(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof WriteRefusedException refused) {
            boolean precondition = refused.code().equals(WriteRefusedException.PRECONDITION_FAILED);
            return Answer.problem(
                    precondition ? HttpResponseStatus.PRECONDITION_FAILED : HttpResponseStatus.UNPROCESSABLE_ENTITY,
                    refused.code(),
                    String.valueOf(refused.getMessage()));
        }
        if (cause instanceof DocumentUnavailableException unavailable) {
            if (unavailable.code() == FailureCode.TOO_MANY_IN_FLIGHT) {
                return Doorkeeper.answer(Doorkeeper.tooMuch(String.valueOf(unavailable.getMessage())));
            }
            HttpResponseStatus status = unavailable.code() == FailureCode.DOCUMENT_CORRUPT
                    ? HttpResponseStatus.INTERNAL_SERVER_ERROR
                    : HttpResponseStatus.SERVICE_UNAVAILABLE;
            return Answer.problem(status, unavailable.code().label(), String.valueOf(unavailable.getMessage()));
        }
        if (cause instanceof IllegalArgumentException || cause instanceof ArithmeticException) {
            return Answer.problem(HttpResponseStatus.BAD_REQUEST, "malformed", String.valueOf(cause.getMessage()));
        }
        LOG.error("a request for a document failed", cause);
        return Answer.problem(HttpResponseStatus.INTERNAL_SERVER_ERROR, "internal", "the request failed on the server");
    }

    static List<Mutation> mutations(byte[] body) {
        JsonNode list = Json.parse(body).path("mutations");
        if (!list.isArray() || list.isEmpty() || list.size() > MAX_MUTATIONS) {
            throw new IllegalArgumentException("'mutations' must be a list of 1 to " + MAX_MUTATIONS);
        }
        List<Mutation> mutations = new ArrayList<>(list.size());
        for (JsonNode item : list) {
            mutations.add(mutation(item));
        }
        return mutations;
    }

    private static Mutation mutation(JsonNode item) {
        List<String> path = new ArrayList<>();
        for (JsonNode step : item.path("path")) {
            if (!step.isTextual()) {
                throw new IllegalArgumentException("'path' must be a list of strings");
            }
            path.add(step.textValue());
        }
        if (path.isEmpty()) {
            throw new IllegalArgumentException("'path' must name an object");
        }
        Object value = item.has("value") ? Json.value(item.path("value")) : Values.NULL;
        return new Mutation(
                path,
                ObjectType.ofLabel(item.path("type").asText()),
                Mutation.Op.ofLabel(item.path("op").asText()),
                value);
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
