package dev.rejoin.server.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
final class UrlKeysTest {
    private static final long NOW = 1_700_000_000L;
    private static final UrlKeys.Timing RARELY = new UrlKeys.Timing(600_000, 600_000, 10_000);
    private static final UrlKeys.Timing UNLIMITED = new UrlKeys.Timing(600_000, 1, 10_000);

    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    private final AtomicInteger asked = new AtomicInteger();
    private final HttpServer provider;
    private volatile byte[] answer = TestKeys.keySet(TestKeys.P256.toPublicJWK());
    private volatile int status = 200;

    UrlKeysTest() throws IOException {
        provider = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    }

    @BeforeEach
    void provide() {
        provider.createContext("/keys", exchange -> {
            asked.incrementAndGet();
            byte[] body = answer;
            if (status == 302) {
                exchange.getResponseHeaders().add("Location", "/elsewhere");
            }
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        provider.createContext("/elsewhere", exchange -> {
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        provider.createContext("/silent", exchange -> asked.incrementAndGet());
        provider.start();
    }

    @AfterEach
    void end() {
        provider.stop(0);
        scheduler.shutdownNow();
    }

    private URI url() {
        return URI.create("http://127.0.0.1:" + provider.getAddress().getPort() + "/keys");
    }

    private JwtAccess open(UrlKeys.Timing timing) {
        return JwtAccess.builder(() -> NOW * 1_000, scheduler)
                .keySetUrl(url())
                .timing(timing)
                .open();
    }

    private static Access ask(JwtAccess access, JWSAlgorithm algorithm, String keyId) {
        String token = TestKeys.sign(
                new JWSHeader.Builder(algorithm).keyID(keyId).build(), TestKeys.json(TestKeys.claims(NOW + 600)));
        return access.authorise(new AccessRequest("notes", token, ""))
                .toCompletableFuture()
                .join();
    }

    @Test
    void anUnknownKeyIsLookedUpOnceAndThenFound() throws Exception {
        try (JwtAccess access = open(RARELY)) {
            BlockingQueue<AccessChange> heard = new LinkedBlockingQueue<>();
            access.onChange(heard::add);
            assertInstanceOf(Grant.class, ask(access, JWSAlgorithm.ES256, "p256"));
            assertEquals(1, asked.get());
            answer = TestKeys.keySet(TestKeys.P256.toPublicJWK(), TestKeys.RSA.toPublicJWK());
            assertInstanceOf(Grant.class, ask(access, JWSAlgorithm.RS256, "rsa"));
            assertEquals(2, asked.get());
            assertEquals(AccessChange.ALL, heard.poll(60, TimeUnit.SECONDS));
        }
    }

    @Test
    void tokensWithMadeUpKeyIdsDoNotFloodTheProvider() {
        try (JwtAccess access = open(RARELY)) {
            assertEquals(Denied.of(Denied.NEEDS_AUTH).code(), ((Denied) ask(access, JWSAlgorithm.ES256, "x")).code());
            for (int i = 0; i < 100; i++) {
                assertEquals(Denied.of(Denied.UNAVAILABLE), ask(access, JWSAlgorithm.ES256, "x" + i));
            }
            assertEquals(2, asked.get());
            assertInstanceOf(Grant.class, ask(access, JWSAlgorithm.ES256, "p256"));
        }
    }

    @Test
    void aProviderThatFailsLeavesTheLastGoodKeys() {
        try (JwtAccess access = open(UNLIMITED)) {
            status = 500;
            assertEquals(Denied.of(Denied.UNAVAILABLE), ask(access, JWSAlgorithm.RS256, "rsa"));
            assertInstanceOf(Grant.class, ask(access, JWSAlgorithm.ES256, "p256"));
            status = 200;
            for (byte[] nonsense : new byte[][] {
                "<html>".getBytes(StandardCharsets.UTF_8),
                "{\"keys\":[]}".getBytes(StandardCharsets.UTF_8),
                new byte[FileKeys.MAX_BYTES + 1]
            }) {
                answer = nonsense;
                ask(access, JWSAlgorithm.RS256, "rsa");
                assertInstanceOf(Grant.class, ask(access, JWSAlgorithm.ES256, "p256"));
            }
            provider.stop(0);
            assertEquals(Denied.of(Denied.UNAVAILABLE), ask(access, JWSAlgorithm.RS256, "rsa"));
            assertInstanceOf(Grant.class, ask(access, JWSAlgorithm.ES256, "p256"));
        }
    }

    @Test
    void keysAreFetchedRegularly() throws Exception {
        try (JwtAccess access = open(new UrlKeys.Timing(100, 600_000, 10_000))) {
            BlockingQueue<AccessChange> heard = new LinkedBlockingQueue<>();
            access.onChange(heard::add);
            answer = TestKeys.keySet(TestKeys.RSA.toPublicJWK());
            assertEquals(AccessChange.ALL, heard.poll(60, TimeUnit.SECONDS));
            assertInstanceOf(Grant.class, ask(access, JWSAlgorithm.RS256, "rsa"));
            Denied gone = assertInstanceOf(Denied.class, ask(access, JWSAlgorithm.ES256, "p256"));
            assertEquals(Denied.NEEDS_AUTH, gone.code());
        }
    }

    @Test
    void whatCannotBeFetchedAtTheStartIsSaid() {
        answer = "<html>".getBytes(StandardCharsets.UTF_8);
        refused("this is no JSON Web Key Set");
        answer = new byte[FileKeys.MAX_BYTES + 1];
        refused("larger than");
        answer = TestKeys.keySet();
        status = 404;
        refused("status 404");
        status = 302;
        refused("status 302");
        provider.stop(0);
        refused("cannot be read");
    }

    @Test
    void aProviderThatSaysNothingIsNotWaitedForLong() {
        UnusableAccessException refused = assertThrows(
                UnusableAccessException.class,
                () -> JwtAccess.builder(() -> NOW * 1_000, scheduler)
                        .keySetUrl(url().resolve("/silent"))
                        .timing(new UrlKeys.Timing(600_000, 1, 200))
                        .open());
        assertTrue(refused.getMessage().contains("cannot be read"), refused.getMessage());
        assertTrue(asked.get() <= 1, "asked again");
    }

    @Test
    void aProviderThatFallsSilentKeepsNobodyWaiting() {
        try (JwtAccess access = open(new UrlKeys.Timing(600_000, 1, 1_000))) {
            provider.removeContext("/keys");
            provider.createContext("/keys", exchange -> asked.incrementAndGet());
            assertEquals(Denied.of(Denied.UNAVAILABLE), ask(access, JWSAlgorithm.RS256, "rsa"));
            assertInstanceOf(Grant.class, ask(access, JWSAlgorithm.ES256, "p256"));
        }
    }

    private void refused(String reason) {
        UnusableAccessException refused = assertThrows(UnusableAccessException.class, () -> open(RARELY));
        assertEquals(UnusableAccessException.Setting.KEYS, refused.setting());
        assertTrue(refused.getMessage().contains(reason), refused.getMessage());
    }
}
