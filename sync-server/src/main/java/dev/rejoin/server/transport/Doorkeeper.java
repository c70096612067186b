package dev.rejoin.server.transport;

import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.server.access.Access;
import dev.rejoin.server.access.AccessChange;
import dev.rejoin.server.access.AccessPolicy;
import dev.rejoin.server.access.AccessRequest;
import dev.rejoin.server.access.Denied;
import dev.rejoin.server.access.Grant;
import dev.rejoin.server.access.Principal;
import dev.rejoin.sync.wire.FailureCode;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Asks the access policy for everybody who comes in, and again for those who are in: when their grant ends, when the policy
 * says that something about it changed, and when they show another token. For any thread.
 */
final class Doorkeeper implements AutoCloseable {
    private static final String BEARER = "bearer ";
    private static final String SUBPROTOCOL_TOKEN = "yauth-";
    /** The code of an answer to somebody who has used up a rate. */
    static final String RATE_LIMITED = "rate-limited";

    static final String TOO_MANY_REQUESTS = "too many requests; come again later";

    private static final long LONGEST_WAIT_MILLIS = TimeUnit.DAYS.toMillis(1);

    /** Between once and twice this before a grant ends its bearer is asked for another token, if it lasts that long. */
    static final long NOTICE_MILLIS = 20_000;

    /** How often it is asked for one before the same end: who shows the old one again has nothing better, or a cache that needs another moment. */
    static final int MAX_NOTICES = 2;

    /** Prime, so that consecutive permits are far from each other within the notice. */
    private static final long SCATTER = 7_919;

    /** Longest time that one loop checks sessions again without doing anything else. */
    static final long SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    /** Most questions in such a time. */
    static final int MAX_QUESTIONS_AT_ONCE = 64;

    private final AccessPolicy policy;
    private final TimeSource time;
    private final ConnectionGate gate;
    private final AtomicLong numbers = new AtomicLong();
    private final Set<Permit> permits = ConcurrentHashMap.newKeySet();
    private final AccessPolicy.Subscription subscription;

    Doorkeeper(AccessPolicy policy, TimeSource time, ConnectionGate gate) {
        this.policy = policy;
        this.time = time;
        this.gate = gate;
        this.subscription = policy.onChange(this::changed);
    }

    /** One who wants in, or is in. Called on its own loop; after a denial it hears nothing more until it renews. */
    interface Visitor {
        /** May come in; or stays in, perhaps with less or more leave than before. */
        void granted(Grant grant);

        /** May not; or must leave. */
        void denied(Denied denied);

        /** The leave ends soon: a good moment to ask for another token. */
        default void expiring() {}
    }

    /** One question without consequences, for a single request of so many bytes, which counts for whoever it turns out to be. */
    CompletionStage<Access> ask(AccessRequest request, int bytes, long nowNanos) {
        return policy.authorise(request)
                .thenApply(access -> access instanceof Grant grant
                                && !gate.account(grant.principal(), nowNanos).mayRequest(bytes, nowNanos)
                        ? tooMuch(TOO_MANY_REQUESTS)
                        : access);
    }

    /** One of several questions of a request that has been counted already. */
    CompletionStage<Access> ask(AccessRequest request) {
        return policy.authorise(request);
    }

    /** Whether somebody may bring one more document into being by a request. */
    boolean mayCreate(Caller caller, Principal principal, long nowNanos) {
        return caller.account().mayCreate(nowNanos)
                && gate.account(principal, nowNanos).mayCreate(nowNanos);
    }

    /** The answer to somebody who has used up a rate. */
    static Denied tooMuch(String message) {
        return new Denied(RATE_LIMITED, message, true);
    }

    /**
     * Asks for one who stays.
     *
     * @param loop the visitor's
     */
    Permit open(AccessRequest request, EventExecutor loop, Visitor visitor) {
        Permit permit = new Permit(request, loop, visitor);
        permits.add(permit);
        permit.ask();
        return permit;
    }

    /** As {@link #open}, for one who was just asked for; the visitor is told all the same. */
    Permit open(AccessRequest request, Grant grant, EventExecutor loop, Visitor visitor) {
        Permit permit = new Permit(request, loop, visitor);
        permits.add(permit);
        loop.execute(() -> permit.answered(0, grant));
        return permit;
    }

    /** Each loop asks again for its own, with pauses: checking thousands of signatures at once would keep everybody waiting. */
    private void changed(AccessChange change) {
        Map<EventExecutor, Deque<Permit>> concerned = new IdentityHashMap<>();
        for (Permit permit : permits) {
            Grant grant = permit.grant;
            if (grant == null || change.concerns(permit.request.document(), grant)) {
                concerned
                        .computeIfAbsent(permit.loop, loop -> new ArrayDeque<>())
                        .add(permit);
            }
        }
        concerned.forEach((loop, line) -> loop.execute(() -> askAgain(loop, line)));
    }

    private static void askAgain(EventExecutor loop, Deque<Permit> line) {
        long begun = loop.ticker().nanoTime();
        for (int asked = 0; asked < MAX_QUESTIONS_AT_ONCE && !line.isEmpty(); asked++) {
            line.remove().ask();
            if (loop.ticker().nanoTime() - begun >= SLICE_NANOS) {
                break;
            }
        }
        if (!line.isEmpty()) {
            long used = Math.max(loop.ticker().nanoTime() - begun, SLICE_NANOS);
            loop.schedule(() -> askAgain(loop, line), used, TimeUnit.NANOSECONDS);
        }
    }

    /** What lets one visitor into one document. Its methods are for the visitor's loop. */
    final class Permit {
        private final EventExecutor loop;
        private final Visitor visitor;
        private final long number = numbers.incrementAndGet();
        private volatile AccessRequest request;
        private volatile @Nullable Grant grant;
        private @Nullable Future<?> end;
        private int questions;
        private boolean closed;

        /* The end that the visitor has heard of, and how often. */
        private long noticedEnd;
        private int notices;

        private Permit(AccessRequest request, EventExecutor loop, Visitor visitor) {
            this.request = request;
            this.loop = loop;
            this.visitor = visitor;
        }

        /** Asks again with another token; whatever the old one was good for holds until the answer is there. */
        void renew(String token) {
            request = new AccessRequest(request.document(), token, request.remoteAddress());
            ask();
        }

        /** Whether the grant that holds is still good. */
        boolean isGood() {
            Grant held = grant;
            return held != null && !held.isExpired(time.millis());
        }

        void close() {
            closed = true;
            permits.remove(this);
            cancel();
        }

        private void ask() {
            if (closed) {
                return;
            }
            int question = ++questions;
            policy.authorise(request)
                    .whenComplete((access, failure) -> loop.execute(() -> answered(
                            question, failure == null && access != null ? access : Denied.of(Denied.UNAVAILABLE))));
        }

        private void answered(int question, Access access) {
            if (closed || question != questions) {
                return;
            }
            cancel();
            if (access instanceof Grant now) {
                grant = now;
                visitor.granted(now);
                await(now);
            } else if (access instanceof Denied denied) {
                if (grant != null && denied.retryable() && isGood()) {
                    // the policy cannot say at the moment; what it said before is still good
                    end = loop.schedule(this::ask, 1, TimeUnit.SECONDS);
                    return;
                }
                grant = null;
                visitor.denied(denied);
            }
        }

        /** Until it ends; before that the visitor hears of it, one sooner and another later, so that not all come at once. */
        private void await(Grant held) {
            if (closed || held.expiresAtMillis() == Grant.NEVER) {
                return;
            }
            long left = Math.max(0, held.expiresAtMillis() - time.millis());
            if (held.expiresAtMillis() != noticedEnd) {
                noticedEnd = held.expiresAtMillis();
                notices = 0;
            }
            long notice = Math.min(NOTICE_MILLIS + Math.floorMod(number * SCATTER, NOTICE_MILLIS), left / 2);
            if (left - notice > LONGEST_WAIT_MILLIS) {
                end = loop.schedule(() -> await(held), LONGEST_WAIT_MILLIS, TimeUnit.MILLISECONDS);
            } else if (notices == MAX_NOTICES) {
                end = loop.schedule(this::ask, left, TimeUnit.MILLISECONDS);
            } else {
                end = loop.schedule(
                        () -> {
                            notices++;
                            end = loop.schedule(this::ask, notice, TimeUnit.MILLISECONDS);
                            visitor.expiring();
                        },
                        left - notice,
                        TimeUnit.MILLISECONDS);
            }
        }

        private void cancel() {
            if (end != null) {
                end.cancel(false);
                end = null;
            }
        }
    }

    /** The token that a request carries: as a bearer, as {@code ?token=}, or as the subprotocol {@code yauth-…}. */
    static String token(FullHttpRequest request) {
        return token(request.headers(), request.uri());
    }

    /** As {@link #token(FullHttpRequest)}, of a request whose body is not there yet. */
    static String token(HttpHeaders headers, String uri) {
        String authorization = headers.get(HttpHeaderNames.AUTHORIZATION);
        if (authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            return authorization.substring(BEARER.length()).trim();
        }
        String parameter = Paths.parameter(uri, "token");
        if (parameter != null) {
            String plain = Paths.decode(parameter);
            return plain == null ? "" : plain;
        }
        String offered = headers.get(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL);
        if (offered != null) {
            for (String protocol : offered.split(",", -1)) {
                if (protocol.trim().startsWith(SUBPROTOCOL_TOKEN)) {
                    return protocol.trim().substring(SUBPROTOCOL_TOKEN.length());
                }
            }
        }
        return "";
    }

    /** What a session is ended with. */
    static FailureCode code(Denied denied) {
        if (denied.retryable()) {
            return FailureCode.OVERLOADED;
        }
        return denied.code().equals(Denied.NEEDS_AUTH) ? FailureCode.NEEDS_AUTH : FailureCode.FORBIDDEN;
    }

    /** What a request is answered with. */
    static Answer answer(Denied denied) {
        if (denied.code().equals(RATE_LIMITED)) {
            return Answer.problem(HttpResponseStatus.TOO_MANY_REQUESTS, denied.code(), denied.message())
                    .with(HttpHeaderNames.RETRY_AFTER, "1");
        }
        if (denied.retryable()) {
            return Answer.problem(HttpResponseStatus.SERVICE_UNAVAILABLE, denied.code(), denied.message())
                    .with(HttpHeaderNames.RETRY_AFTER, "1");
        }
        if (denied.code().equals(Denied.NEEDS_AUTH)) {
            return Answer.problem(HttpResponseStatus.UNAUTHORIZED, denied.code(), denied.message())
                    .with(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
        }
        return Answer.problem(HttpResponseStatus.FORBIDDEN, denied.code(), denied.message());
    }

    @Override
    public void close() {
        subscription.close();
    }
}
