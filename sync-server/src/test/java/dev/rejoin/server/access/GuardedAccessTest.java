package dev.rejoin.server.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
final class GuardedAccessTest {
    private static final AccessRequest REQUEST = new AccessRequest("notes", "secret-token", "127.0.0.1");
    private static final Grant GRANT = new Grant(Principal.ANONYMOUS, Capability.READ, 5_000);
    private static final Denied UNAVAILABLE = Denied.of(Denied.UNAVAILABLE);

    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();

    @AfterEach
    void end() {
        scheduler.shutdownNow();
    }

    private GuardedAccess guarded(AccessPolicy policy, long nowMillis, long deadlineMillis) {
        return new GuardedAccess(policy, () -> nowMillis, scheduler, deadlineMillis);
    }

    private Access ask(AccessPolicy policy) throws Exception {
        return guarded(policy, 1_000, 600_000)
                .authorise(REQUEST)
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    @Test
    void aPolicyThatFailsDeniesAndAsksToComeAgain() throws Exception {
        assertEquals(UNAVAILABLE, ask(request -> {
            throw new IllegalStateException(request.token());
        }));
        assertEquals(UNAVAILABLE, ask(request -> CompletableFuture.failedFuture(new IllegalStateException())));
        assertEquals(UNAVAILABLE, ask(request -> CompletableFuture.completedFuture(null)));
        assertEquals(UNAVAILABLE, ask(GuardedAccessTest::nothing));
        CompletableFuture<Access> later = new CompletableFuture<>();
        CompletionStage<Access> answer =
                guarded(request -> later, 1_000, 600_000).authorise(REQUEST);
        later.completeExceptionally(new IllegalStateException());
        assertEquals(UNAVAILABLE, answer.toCompletableFuture().join());
        assertTrue(UNAVAILABLE.retryable());
    }

    @SuppressWarnings("NullAway") // what a policy written without null checks may do
    private static CompletionStage<Access> nothing(AccessRequest request) {
        return null;
    }

    @Test
    void theLogNeverQuotesAToken() {
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try {
            guarded(
                            request -> {
                                throw new IllegalStateException(request.token());
                            },
                            1_000,
                            600_000)
                    .authorise(REQUEST);
        } finally {
            System.setErr(before);
        }
        String said = log.toString(StandardCharsets.UTF_8);
        assertTrue(said.contains("IllegalStateException"), said);
        assertFalse(said.contains("secret-token"), said);
    }

    @Test
    void aPolicyThatDoesNotAnswerIsNotWaitedFor() throws Exception {
        CompletableFuture<Access> never = new CompletableFuture<>();
        Access answer = guarded(request -> never, 1_000, 50)
                .authorise(REQUEST)
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        assertEquals(UNAVAILABLE, answer);
        never.complete(GRANT);
        assertTrue(GuardedAccess.DEADLINE_MILLIS < 5_000, "below the deadline for opening a connection");
    }

    @Test
    void anAnswerInTimePasses() throws Exception {
        assertEquals(GRANT, ask(request -> CompletableFuture.completedFuture(GRANT)));
        CompletableFuture<Access> later = new CompletableFuture<>();
        CompletionStage<Access> answer =
                guarded(request -> later, 1_000, 600_000).authorise(REQUEST);
        assertFalse(answer.toCompletableFuture().isDone());
        later.complete(GRANT);
        assertEquals(GRANT, answer.toCompletableFuture().join());
    }

    @Test
    void aGrantThatHasEndedIsNone() {
        Access answer = guarded(request -> CompletableFuture.completedFuture(GRANT), 5_000, 600_000)
                .authorise(REQUEST)
                .toCompletableFuture()
                .join();
        assertEquals(Denied.of(Denied.NEEDS_AUTH), answer);
    }

    @Test
    void anEndingServerDeniesInsteadOfFailing() {
        scheduler.shutdownNow();
        Access answer = guarded(request -> new CompletableFuture<>(), 1_000, 600_000)
                .authorise(REQUEST)
                .toCompletableFuture()
                .join();
        assertEquals(UNAVAILABLE, answer);
    }

    @Test
    void theOpenPolicyLetsEverybodyWrite() throws Exception {
        Access answer = ask(AccessPolicy.OPEN);
        assertEquals(new Grant(Principal.ANONYMOUS, Capability.WRITE, Grant.NEVER), answer);
        assertFalse(((Grant) answer).isExpired(Long.MAX_VALUE));
    }

    @Test
    void changesConcernWhatTheyName() {
        Grant anna = new Grant(new Principal("anna", "Anna"), Capability.READ, 5_000, "t-1");
        assertTrue(AccessChange.ALL.concerns("notes", anna));
        assertTrue(AccessChange.principal("anna").concerns("notes", anna));
        assertFalse(AccessChange.principal("ben").concerns("notes", anna));
        assertTrue(AccessChange.token("t-1").concerns("notes", anna));
        assertFalse(AccessChange.token("anna").concerns("notes", anna));
        assertTrue(AccessChange.document("notes").concerns("notes", anna));
        assertFalse(AccessChange.document("note").concerns("notes", anna));
    }

    @Test
    void everyListenerHearsAndNoneAfterItsEnd() {
        AccessListeners listeners = new AccessListeners();
        List<String> heard = new ArrayList<>();
        AccessPolicy.Subscription first = listeners.add(change -> heard.add("first"));
        AccessPolicy.Subscription unused = listeners.add(change -> heard.add("second"));
        listeners.tell(AccessChange.ALL);
        first.close();
        first.close();
        listeners.tell(AccessChange.ALL);
        assertEquals(List.of("first", "second", "second"), heard);
    }

    @Test
    void whatGoesToAPeerFitsIntoACloseFrame() {
        assertThrows(IllegalArgumentException.class, () -> new Denied("forbidden", "ä".repeat(61), false));
        assertThrows(IllegalArgumentException.class, () -> new Denied("For bidden", "", false));
        assertThrows(
                IllegalArgumentException.class, () -> new Grant(Principal.ANONYMOUS, Capability.NONE, Grant.NEVER));
    }
}
