package dev.rejoin.server.access;

import dev.rejoin.crdt.clock.TimeSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A policy that always answers: one that throws, answers nothing or takes too long becomes {@link Denied#UNAVAILABLE}, a
 * grant that has already ended {@link Denied#NEEDS_AUTH}. An answer that comes after the deadline is ignored. It does not
 * defend against a policy that blocks its caller. For any thread.
 */
public final class GuardedAccess implements AccessPolicy {
    /** How long a policy may take, in milliseconds; well below the deadline for opening a connection. */
    public static final long DEADLINE_MILLIS = 3_000;

    private static final Logger LOG = LoggerFactory.getLogger(GuardedAccess.class);

    private final AccessPolicy policy;
    private final TimeSource time;
    private final ScheduledExecutorService scheduler;
    private final long deadlineMillis;

    /**
     * Guards a policy.
     *
     * @param scheduler watches the deadline; stays the caller's
     */
    public GuardedAccess(AccessPolicy policy, TimeSource time, ScheduledExecutorService scheduler) {
        this(policy, time, scheduler, DEADLINE_MILLIS);
    }

    GuardedAccess(AccessPolicy policy, TimeSource time, ScheduledExecutorService scheduler, long deadlineMillis) {
        this.policy = policy;
        this.time = time;
        this.scheduler = scheduler;
        this.deadlineMillis = deadlineMillis;
    }

    @Override
    public CompletionStage<Access> authorise(AccessRequest request) {
        CompletableFuture<Access> asked;
        try {
            asked = policy.authorise(request).toCompletableFuture();
        } catch (RuntimeException failure) {
            return CompletableFuture.completedFuture(failed(failure));
        }
        if (asked.isDone()) {
            return asked.handle(this::checked);
        }
        CompletableFuture<Access> answer = new CompletableFuture<>();
        ScheduledFuture<?> deadline;
        try {
            deadline = scheduler.schedule(() -> late(answer), deadlineMillis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException ending) {
            return CompletableFuture.completedFuture(Denied.of(Denied.UNAVAILABLE));
        }
        asked.whenComplete((access, failure) -> {
            deadline.cancel(false);
            answer.complete(checked(access, failure));
        });
        return answer;
    }

    private Access checked(@Nullable Access access, @Nullable Throwable failure) {
        if (failure != null) {
            return failed(failure);
        }
        if (access == null) {
            return failed(new NullPointerException("the policy answered null"));
        }
        if (access instanceof Grant grant && grant.isExpired(time.millis())) {
            return Denied.of(Denied.NEEDS_AUTH);
        }
        return access;
    }

    private static Denied failed(Throwable failure) {
        // The class only: a message may quote the token.
        LOG.error("the access policy failed with {}", failure.getClass().getName());
        return Denied.of(Denied.UNAVAILABLE);
    }

    private void late(CompletableFuture<Access> answer) {
        if (answer.complete(Denied.of(Denied.UNAVAILABLE))) {
            LOG.warn("the access policy did not answer within {} ms", deadlineMillis);
        }
    }

    @Override
    public Subscription onChange(Consumer<AccessChange> listener) {
        return policy.onChange(listener);
    }

    @Override
    public void close() {
        policy.close();
    }
}
