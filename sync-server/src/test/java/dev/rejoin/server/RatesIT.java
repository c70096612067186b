package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.server.access.Access;
import dev.rejoin.server.access.Capability;
import dev.rejoin.server.access.Denied;
import dev.rejoin.server.access.Grant;
import dev.rejoin.server.access.Principal;
import dev.rejoin.server.transport.RateLimits;
import dev.rejoin.server.transport.RateLimits.Bounds;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What one address behind a proxy, and one principal, may have and send. This machine is the proxy. */
@Timeout(120)
class RatesIT {
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final Bounds UNBOUNDED = new Bounds(0, 0, 0, 0, 0);
    private static final Set<String> THIS_MACHINE = Set.of("127.0.0.1");

    /** The token is the name. */
    private static TestServer server(Bounds address, Bounds principal) throws Exception {
        TestServer.Setup setup = new TestServer.Setup();
        setup.transport = setup.transport.withRates(new RateLimits(address, principal, THIS_MACHINE));
        setup.access = request -> {
            Access access = request.token().isEmpty()
                    ? Denied.of(Denied.NEEDS_AUTH)
                    : new Grant(new Principal(request.token(), ""), Capability.WRITE, Grant.NEVER);
            return CompletableFuture.completedFuture(access);
        };
        return new TestServer(setup);
    }

    private static HttpResponse<String> write(TestServer server, String document, String from, String who)
            throws Exception {
        String body = "{\"mutations\":[{\"path\":[\"tags\"],\"type\":\"set\",\"op\":\"add\",\"value\":\"x\"}]}";
        return HTTP.send(
                HttpRequest.newBuilder(server.http("/v1/documents/" + document))
                        .header("Content-Type", "application/json")
                        .header("Authorization", "Bearer " + who)
                        .header("X-Forwarded-For", from)
                        .POST(BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    private static WebSocket open(TestServer server, String document, String from, String who, Heard heard) {
        return HTTP.newWebSocketBuilder()
                .header("X-Forwarded-For", from)
                .header("Authorization", "Bearer " + who)
                .buildAsync(URI.create("ws://127.0.0.1:" + server.port() + "/yjs/" + document), heard)
                .join();
    }

    private static int refusal(Runnable opening) {
        try {
            opening.run();
            return 0;
        } catch (CompletionException refused) {
            return ((WebSocketHandshakeException) refused.getCause())
                    .getResponse()
                    .statusCode();
        }
    }

    private static final class Heard implements WebSocket.Listener {
        final AtomicInteger frames = new AtomicInteger();
        final CompletableFuture<Integer> closed = new CompletableFuture<>();

        @Override
        public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            frames.incrementAndGet();
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code);
            return null;
        }
    }

    @Test
    void oneAddressBehindAProxyHasItsShareOfConnectionsAndOthersHaveTheirs() throws Exception {
        try (TestServer server = server(new Bounds(2, 0, 0, 0, 0), UNBOUNDED)) {
            List<WebSocket> open = new ArrayList<>();
            open.add(open(server, "d", "192.0.2.1", "ann", new Heard()));
            open.add(open(server, "d", "192.0.2.1", "bob", new Heard()));
            assertEquals(429, refusal(() -> open(server, "d", "192.0.2.1", "eve", new Heard())));
            assertEquals(429, refusal(() -> open(server, "d", "203.0.113.9, 192.0.2.1", "eve", new Heard())));
            open.add(open(server, "d", "192.0.2.2", "eve", new Heard()));
            open.get(0).abort();
            while (refusal(() -> open.add(open(server, "d", "192.0.2.1", "ann", new Heard()))) != 0) {
                Thread.sleep(10);
            }
            open.forEach(WebSocket::abort);
        }
    }

    @Test
    void connectionsOfOneAddressHaveARate() throws Exception {
        try (TestServer server = server(new Bounds(0, 1, 0, 0, 0), UNBOUNDED)) {
            int opened = 0;
            int refused;
            do { // a machine that opens less than one in a second ends in the timeout of the class
                refused = refusal(
                        () -> open(server, "d", "192.0.2.1", "ann", new Heard()).abort());
                opened++;
            } while (refused == 0);
            assertEquals(429, refused);
            assertTrue(opened > 5, "five at once");
            open(server, "d", "192.0.2.2", "ann", new Heard()).abort();
        }
    }

    @Test
    void onePrincipalHasItsShareOfConnectionsWhereverItIs() throws Exception {
        try (TestServer server = server(UNBOUNDED, new Bounds(2, 0, 0, 0, 0))) {
            open(server, "d", "192.0.2.1", "ann", new Heard());
            open(server, "d", "192.0.2.2", "ann", new Heard());
            Heard third = new Heard();
            open(server, "d", "192.0.2.3", "ann", third);
            assertEquals(4429, third.closed.get(60, TimeUnit.SECONDS));
            Heard other = new Heard();
            open(server, "d", "192.0.2.3", "bob", other);
            while (other.frames.get() == 0) {
                Thread.sleep(10);
            }
        }
    }

    @Test
    void requestsBeyondTheRateAreToldToComeAgain() throws Exception {
        try (TestServer server = server(UNBOUNDED, new Bounds(0, 0, 1, 0, 0))) {
            HttpResponse<String> answer;
            int taken = 0;
            do {
                answer = write(server, "d", "192.0.2.1", "ann");
                taken++;
            } while (answer.statusCode() == 200);
            assertEquals(429, answer.statusCode());
            assertTrue(taken > 5, "five at once");
            assertEquals("1", answer.headers().firstValue("retry-after").orElseThrow());
            assertTrue(answer.body().contains("\"code\":\"rate-limited\""), answer.body());
            assertEquals(200, write(server, "d", "192.0.2.1", "bob").statusCode());
        }
    }

    @Test
    void newDocumentsHaveARateAndOldOnesDoNot() throws Exception {
        try (TestServer server = server(UNBOUNDED, new Bounds(0, 0, 0, 0, 1))) {
            for (int i = 0; i < 5; i++) {
                assertEquals(200, write(server, "d" + i, "192.0.2.1", "ann").statusCode());
            }
            assertEquals(429, write(server, "another", "192.0.2.1", "ann").statusCode());
            Heard heard = new Heard();
            open(server, "another", "192.0.2.1", "ann", heard);
            assertEquals(4429, heard.closed.get(60, TimeUnit.SECONDS));
            assertEquals(200, write(server, "d1", "192.0.2.1", "ann").statusCode());
            assertEquals(200, write(server, "another", "192.0.2.1", "bob").statusCode());
        }
    }

    /** Each query for awareness is answered once somebody is there, so answers count what was read. */
    @Test
    void whoeverSendsTooMuchIsReadMoreSlowlyAndLosesNothing() throws Exception {
        try (TestServer server = server(UNBOUNDED, new Bounds(0, 0, 20, 0, 0))) {
            Heard heard = new Heard();
            WebSocket ann = open(server, "d", "192.0.2.1", "ann", heard);
            byte[] here = {1, 6, 1, 7, 1, 2, '{', '}'};
            ann.sendBinary(ByteBuffer.wrap(here), true).join();
            while (heard.frames.get() < 2) {
                Thread.sleep(10);
            }
            int before = heard.frames.get();
            int sent = 0;
            while (sent < 140 || !server.limited.contains("principal messages")) {
                ann.sendBinary(ByteBuffer.wrap(new byte[] {3}), true).join();
                sent++;
                // in reads of their own: what has been read is answered
                Thread.sleep(1);
            }
            while (heard.frames.get() < before + sent) {
                Thread.sleep(10);
            }
            ann.abort();
        }
    }
}
