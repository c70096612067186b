package dev.rejoin.server.transport;

import dev.rejoin.consistency.session.GuardPolicy;
import dev.rejoin.consistency.session.MalformedTokenException;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.ReadFailure;
import dev.rejoin.consistency.session.ReadLevel;
import dev.rejoin.consistency.session.ReadOutcome;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.consistency.session.TokenSeal;
import dev.rejoin.server.room.GuardedRead;
import dev.rejoin.server.room.WriteResult;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sessions over HTTP: what a request asks for with {@code Session-Token}, {@code Consistency} and {@code Prefer}, and how the answer says what came of
 * that (docs/reference/http.md). One for all connections of a server; for any thread.
 */
final class SessionDoor {
    /** How many requests that asked for a wait may be under way; more are answered with 503 {@code overloaded}. */
    static final int MAX_PARKED_REQUESTS = 1_000;

    /** The longest wait that a request is granted. */
    static final Duration MAX_WAIT = Duration.ofSeconds(30);

    /** How a cut or refused answer says when to come back, in seconds. */
    private static final String RETRY_AFTER_SECONDS = "1";

    private static final String OUTCOME = "consistency-outcome";
    private static final String STALENESS = "staleness-ms";

    private final @Nullable TokenSeal seal;
    private final AtomicInteger parked = new AtomicInteger();

    SessionDoor(@Nullable TokenSeal seal) {
        this.seal = seal;
    }

    /**
     * What a request asks for.
     *
     * @param waitSeconds what of the wait that it prefers is granted; -1 if it says nothing of one
     */
    record Wish(SessionToken token, ReadLevel level, GuardPolicy policy, int waitSeconds) {}

    /** A request asks for what cannot be. */
    static final class BadWishException extends Exception {
        private static final long serialVersionUID = 1;

        private final String code;

        BadWishException(String code, String message) {
            super(message);
            this.code = code;
        }

        Answer answer() {
            return Answer.problem(HttpResponseStatus.BAD_REQUEST, code, String.valueOf(getMessage()));
        }
    }

    /** How many requests that asked for a wait are under way. */
    int parked() {
        return parked.get();
    }

    Wish wish(HttpHeaders headers) throws BadWishException {
        SessionToken token;
        ReadLevel level;
        try {
            String text = headers.get(SessionToken.HEADER, "").strip();
            token = text.isEmpty() ? SessionToken.EMPTY : seal == null ? SessionToken.parse(text) : seal.open(text);
        } catch (MalformedTokenException e) {
            throw new BadWishException(MalformedTokenException.CODE, String.valueOf(e.getMessage()));
        }
        try {
            String text = headers.get(ReadLevel.HEADER);
            level = text == null ? ReadLevel.SESSION : ReadLevel.parse(text);
        } catch (IllegalArgumentException e) {
            throw new BadWishException("bad-consistency", String.valueOf(e.getMessage()));
        }
        GuardPolicy policy = GuardPolicy.DEFAULT;
        int wait = -1;
        for (String line : headers.getAll("prefer")) {
            for (String preference : line.split(",", -1)) {
                String[] parts = preference.split(";", 2)[0].split("=", 2);
                String name = parts[0].strip();
                String value = parts.length < 2 ? "" : parts[1].strip().replace("\"", "");
                // a preference that is not understood is not one, RFC 7240
                if (name.equalsIgnoreCase("wait") && wait < 0 && value.matches("[0-9]{1,9}")) {
                    wait = (int) Math.min(MAX_WAIT.toSeconds(), Integer.parseInt(value));
                    policy = policy.withWaitBudget(Duration.ofSeconds(wait));
                } else if (name.equalsIgnoreCase("handling") && value.equalsIgnoreCase("lenient")) {
                    policy = policy.withStaleAllowed(true);
                }
            }
        }
        return new Wish(token, level, policy, wait);
    }

    /** Runs a request, unless it asked for a wait and as many as may do so already. */
    CompletionStage<Answer> run(Wish wish, Supplier<CompletionStage<Answer>> request) {
        if (wish.waitSeconds() <= 0) {
            return request.get();
        }
        if (parked.incrementAndGet() > MAX_PARKED_REQUESTS) {
            parked.decrementAndGet();
            return CompletableFuture.completedFuture(Answer.problem(
                            HttpResponseStatus.SERVICE_UNAVAILABLE, "overloaded", "too many requests wait already")
                    .with(HttpHeaderNames.RETRY_AFTER, RETRY_AFTER_SECONDS));
        }
        return request.get().whenComplete((answer, failure) -> parked.decrementAndGet());
    }

    /** Says in the answer what it shows. */
    Answer shown(Answer answer, String document, Wish wish, GuardedRead<?> read) {
        SessionToken token = SessionToken.ofRead(document, read.epoch(), read.shown());
        long staleness =
                read.outcome() instanceof ReadOutcome.Stale stale ? stale.stalenessMillis() : read.stalenessMillis();
        if (staleness != Long.MAX_VALUE) {
            answer.with(STALENESS, Long.toString(staleness));
        }
        return applied(answer, wish)
                .with(SessionToken.HEADER, text(document, wish, token))
                .with(OUTCOME, read.outcome().label());
    }

    /** Says in the answer what was written. */
    Answer written(Answer answer, String document, Wish wish, WriteResult result) {
        SessionToken token = SessionToken.of(document, result.view().epoch(), PositionVector.EMPTY, result.held());
        return applied(answer, wish).with(SessionToken.HEADER, text(document, wish, token));
    }

    private static Answer applied(Answer answer, Wish wish) {
        return wish.waitSeconds() < 0 ? answer : answer.with("preference-applied", "wait=" + wish.waitSeconds());
    }

    private String text(String document, Wish wish, SessionToken answered) {
        SessionToken merged = wish.token().merge(answered);
        try {
            return text(merged);
        } catch (IllegalStateException tooLarge) {
            // the caller still has the token it sent, and merges by itself what it wants to keep
            return text(answered);
        }
    }

    private String text(SessionToken token) {
        return seal == null ? token.text() : seal.seal(token);
    }

    /** The answer where there is nothing to show: a redirect, or why not. */
    static Answer refused(ReadOutcome outcome, String uri) {
        if (outcome instanceof ReadOutcome.Redirected redirected) {
            return Answer.of(HttpResponseStatus.TEMPORARY_REDIRECT, "text/plain; charset=utf-8", new byte[0])
                    .with(HttpHeaderNames.LOCATION, redirected.server() + uri)
                    .with(HttpHeaderNames.CACHE_CONTROL, "no-store")
                    .with(OUTCOME, outcome.label());
        }
        ReadOutcome.Failed failed = (ReadOutcome.Failed) outcome;
        boolean retryable = failed.reason().isRetryable();
        HttpResponseStatus status = retryable ? HttpResponseStatus.SERVICE_UNAVAILABLE : HttpResponseStatus.CONFLICT;
        Map<String, Object> problem = new LinkedHashMap<>();
        problem.put("type", "about:blank");
        problem.put("title", status.reasonPhrase());
        problem.put("status", (long) status.code());
        problem.put("code", failed.reason().label());
        problem.put("detail", detail(failed.reason()));
        problem.put("missing", ranges(failed.missing()));
        if (failed.reason() == ReadFailure.SESSION_LOST_WRITES) {
            problem.put("surviving", ranges(failed.surviving()));
        }
        Answer answer = Answer.of(status, "application/problem+json", Json.write(problem))
                .with(HttpHeaderNames.CACHE_CONTROL, "no-store");
        return retryable ? answer.with(HttpHeaderNames.RETRY_AFTER, RETRY_AFTER_SECONDS) : answer;
    }

    private static String detail(ReadFailure reason) {
        return switch (reason) {
            case SESSION_NOT_SATISFIED -> "what the session has seen has not come here in time";
            case SESSION_LOST_WRITES -> "what the session has seen is lost; a session goes on with what survives";
            case EPOCH_CHANGED -> "the session speaks of another life of the document";
            case TOO_STALE -> "the document here is older than the bound, or nobody can tell";
            case ORIGINS_UNREACHABLE -> "not all servers could be asked";
            case OVERLOADED -> "too many reads of the document wait already";
        };
    }

    /** Through which entry of which opening of a log. */
    private static Map<String, Object> ranges(PositionVector vector) {
        Map<String, Object> ranges = new LinkedHashMap<>();
        vector.forEach((origin, sequence) -> ranges.put(String.format("%012x", origin), sequence));
        return ranges;
    }
}
