package dev.rejoin.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.consistency.session.ReadLevel;
import dev.rejoin.consistency.session.ReadOutcome;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class SessionDoorTest {
    private final SessionDoor door = new SessionDoor(null);

    private SessionDoor.Wish wish(String... headers) throws Exception {
        HttpHeaders all = new DefaultHttpHeaders();
        for (int i = 0; i < headers.length; i += 2) {
            all.add(headers[i], headers[i + 1]);
        }
        return door.wish(all);
    }

    @Test
    void asManyWaitAsMayAndTheNextOneIsTurnedAwayAtOnce() throws Exception {
        SessionDoor.Wish patient = wish("prefer", "wait=30");
        List<CompletableFuture<Answer>> parked = new ArrayList<>();
        for (int i = 0; i < SessionDoor.MAX_PARKED_REQUESTS; i++) {
            CompletableFuture<Answer> never = new CompletableFuture<>();
            parked.add(never);
            assertFalse(door.run(patient, () -> never).toCompletableFuture().isDone());
        }
        Answer refused = door.run(patient, () -> {
                    throw new AssertionError("one too many was begun");
                })
                .toCompletableFuture()
                .join();
        assertEquals(503, refused.status());
        CompletableFuture<Answer> hasty = new CompletableFuture<>();
        assertFalse(door.run(wish(), () -> hasty).toCompletableFuture().isDone(), "who does not wait is let in");
        parked.get(0).complete(Answer.noContent());
        parked.get(1).completeExceptionally(new IllegalStateException("on purpose"));
        assertEquals(SessionDoor.MAX_PARKED_REQUESTS - 2, door.parked());
        assertFalse(door.run(patient, () -> hasty).toCompletableFuture().isDone());
    }

    @Test
    void waitsAreCappedAndWhatIsNotUnderstoodIsNoPreference() throws Exception {
        assertEquals(SessionDoor.MAX_WAIT, wish("prefer", "wait=86400").policy().waitBudget());
        assertEquals(
                Duration.ofSeconds(3),
                wish("prefer", "respond-async, WAIT = \"3\"; x=y").policy().waitBudget());
        assertEquals(3, wish("prefer", "wait=3, wait=9").waitSeconds(), "the first one counts, RFC 7240");
        assertEquals(-1, wish("prefer", "wait=soon").waitSeconds());
        assertEquals(-1, wish("prefer", "wait=99999999999999").waitSeconds());
        assertTrue(
                wish("prefer", "wait=1", "prefer", "handling=lenient").policy().staleAllowed());
        assertFalse(wish("prefer", "handling=strict").policy().staleAllowed());
    }

    @Test
    void theLevelIsWhatTheHeaderSaysAndElseTheSession() throws Exception {
        assertEquals(ReadLevel.SESSION, wish().level());
        assertEquals(ReadLevel.STRONG, wish("consistency", "strong").level());
        assertThrows(SessionDoor.BadWishException.class, () -> wish("consistency", "bounded-staleness=0"));
        assertThrows(SessionDoor.BadWishException.class, () -> wish("session-token", "AAAA"));
    }

    @Test
    void aReadThatAnotherServerCanServeIsSentThereWithItsQuery() {
        Answer answer = SessionDoor.refused(
                new ReadOutcome.Redirected("https://b.example", 5), "/v1/documents/d?format=text&text=t");
        FullHttpResponse response = answer.toResponse(false, true);
        assertEquals(307, answer.status());
        assertEquals(
                "https://b.example/v1/documents/d?format=text&text=t",
                response.headers().get("location"));
        assertEquals("redirected", response.headers().get("consistency-outcome"));
        response.release();
    }
}
