package dev.rejoin.server.transport;

import dev.rejoin.server.access.Access;
import dev.rejoin.server.access.AccessRequest;
import dev.rejoin.server.access.Capability;
import dev.rejoin.server.access.Denied;
import dev.rejoin.server.access.Grant;
import dev.rejoin.server.room.DocumentEntry;
import dev.rejoin.server.room.Rooms;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * {@code /v1/documents}: the names of documents, page by page, of which a page has those only that whoever asks may read. So the policy is asked about each
 * name on the way; one request looks at a bounded number of them, and a page may have fewer than asked for, or none, and yet go on.
 */
final class DocumentList {
    private static final int MOST = 1_000;
    private static final int STANDARD = 100;
    private static final int MAX_PREFIX_BYTES = 255;

    /** Names that one request looks at. */
    private static final int MAX_LOOKED_AT = 2_000;

    private static final int CHUNK = 250;

    /** The policy is asked about this name where no prefix says more, to tell a bad token from a right to read nothing. */
    private static final String ANY = "documents";

    private final Rooms rooms;
    private final Doorkeeper doorkeeper;
    private final Executor workers;
    private final ListCursor cursors = new ListCursor();

    DocumentList(Rooms rooms, Doorkeeper doorkeeper, Executor workers) {
        this.rooms = rooms;
        this.doorkeeper = doorkeeper;
        this.workers = workers;
    }

    CompletionStage<Answer> answer(FullHttpRequest request, Caller caller) {
        String prefix = decoded(request, "prefix");
        if (prefix == null || prefix.getBytes(StandardCharsets.UTF_8).length > MAX_PREFIX_BYTES) {
            return bad("bad-format", "prefix is at most 255 bytes of percent-encoded UTF-8");
        }
        String limit = Paths.parameter(request.uri(), "limit");
        if (limit != null && !limit.matches("[1-9][0-9]{0,3}") || limit != null && Integer.parseInt(limit) > MOST) {
            return bad("bad-format", "limit is a number from 1 to " + MOST);
        }
        String cursor = Paths.parameter(request.uri(), "cursor");
        String after = cursor == null ? "" : cursors.open(prefix, cursor).orElse(null);
        if (after == null) {
            return bad("bad-cursor", "this cursor is not of this list, or from before the server was started");
        }
        Page page = new Page(
                prefix,
                limit == null ? STANDARD : Integer.parseInt(limit),
                after,
                Doorkeeper.token(request),
                caller.address());
        return doorkeeper
                .ask(page.about(prefix.isEmpty() ? ANY : prefix))
                .thenCompose(access -> access instanceof Denied denied
                                && (denied.retryable() || denied.code().equals(Denied.NEEDS_AUTH))
                        ? CompletableFuture.completedFuture(Doorkeeper.answer(denied))
                        : page.read())
                .exceptionally(DocumentEndpoint::failed);
    }

    private static @Nullable String decoded(FullHttpRequest request, String name) {
        String value = Paths.parameter(request.uri(), name);
        return value == null ? "" : Paths.decode(value);
    }

    private static CompletionStage<Answer> bad(String code, String detail) {
        return CompletableFuture.completedFuture(Answer.problem(HttpResponseStatus.BAD_REQUEST, code, detail));
    }

    /** One page in the making; touched by one thread at a time. */
    private final class Page {
        private final String prefix;
        private final int limit;
        private final String token;
        private final String remoteAddress;
        private final List<Object> lines = new ArrayList<>();
        private String lookedAt;
        private int looks;

        Page(String prefix, int limit, String after, String token, String remoteAddress) {
            this.prefix = prefix;
            this.limit = limit;
            this.lookedAt = after;
            this.token = token;
            this.remoteAddress = remoteAddress;
        }

        AccessRequest about(String document) {
            return new AccessRequest(document, token, remoteAddress);
        }

        CompletionStage<Answer> read() {
            return rooms.list(prefix, lookedAt, CHUNK).thenComposeAsync(chunk -> look(chunk, 0), workers);
        }

        private CompletionStage<Answer> look(List<DocumentEntry> chunk, int from) {
            for (int i = from; i < chunk.size(); i++) {
                if (lines.size() == limit || looks == MAX_LOOKED_AT) {
                    return done(true);
                }
                DocumentEntry entry = chunk.get(i);
                CompletableFuture<Access> asked =
                        doorkeeper.ask(about(entry.document())).toCompletableFuture();
                int next = i + 1;
                if (!asked.isDone()) {
                    return asked.thenComposeAsync(
                            access -> take(entry, access) ? look(chunk, next) : unavailable(access), workers);
                }
                Access access = asked.join();
                if (!take(entry, access)) {
                    return unavailable(access);
                }
            }
            return chunk.size() == CHUNK ? read() : done(false);
        }

        /** False if the policy cannot say at the moment. */
        private boolean take(DocumentEntry entry, Access access) {
            if (access instanceof Denied denied && denied.retryable()) {
                return false;
            }
            if (!entry.deleted()
                    && access instanceof Grant grant
                    && grant.capability().includes(Capability.READ)) {
                lines.add(line(entry));
            }
            lookedAt = entry.document();
            looks++;
            return true;
        }

        private CompletionStage<Answer> unavailable(Access access) {
            return CompletableFuture.completedFuture(
                    Doorkeeper.answer(access instanceof Denied denied ? denied : Denied.of(Denied.UNAVAILABLE)));
        }

        private CompletionStage<Answer> done(boolean goesOn) {
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("documents", lines);
            if (goesOn) {
                body.put("next", cursors.seal(prefix, lookedAt));
            }
            return CompletableFuture.completedFuture(
                    Answer.of(HttpResponseStatus.OK, WriteBody.JSON_TYPE, Json.write(body))
                            .with(HttpHeaderNames.CACHE_CONTROL, "no-store"));
        }
    }

    private static Map<String, Object> line(DocumentEntry entry) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("document", entry.document());
        if (entry.damaged()) {
            line.put("code", "document-corrupt");
        } else {
            line.put("epoch", DocumentEndpoint.hex(entry.epoch()));
            line.put("sequence", entry.sequence());
            line.put("created", Instant.ofEpochMilli(entry.createdMillis()).toString());
        }
        return line;
    }
}
