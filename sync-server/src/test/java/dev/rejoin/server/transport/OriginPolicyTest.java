package dev.rejoin.server.transport;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which web pages may connect. */
final class OriginPolicyTest {
    private static final OriginPolicy LOCAL = new OriginPolicy(true, true, "devbox", Set.of("https://app.example"));
    private static final OriginPolicy PUBLIC = new OriginPolicy(false, false, "0.0.0.0", Set.of("https://app.example"));

    @Test
    void pagesOfTheServersOwnHostMayConnect() {
        assertTrue(PUBLIC.allows(request("sync.example:8080", "http://sync.example:8080")));
        assertTrue(PUBLIC.allows(request("Sync.Example:8080", "http://sync.example:8080")));
        assertFalse(PUBLIC.allows(request("sync.example:8080", "http://sync.example")));
    }

    @Test
    void withTlsPagesOfTheOwnHostThatCameInTheClearAreNotOurOwn() {
        OriginPolicy secure = new OriginPolicy(false, true, "0.0.0.0", Set.of("http://app.example"));
        assertTrue(secure.allows(request("sync.example", "https://sync.example")));
        assertFalse(secure.allows(request("sync.example", "http://sync.example")));
        assertTrue(secure.allows(request("sync.example", "http://app.example")));
    }

    @Test
    void pagesOfOtherOriginsMayNot() {
        assertFalse(PUBLIC.allows(request("sync.example", "https://evil.example")));
        assertFalse(PUBLIC.allows(request("sync.example", "https://sync.example.evil.example")));
        assertFalse(PUBLIC.allows(request("sync.example", "null")));
        assertFalse(PUBLIC.allows(request("sync.example", "not a uri")));
        assertFalse(PUBLIC.allows(request(null, "https://evil.example")));
    }

    @Test
    void pagesOnTheListMay() {
        assertTrue(PUBLIC.allows(request("sync.example", "https://app.example")));
        assertFalse(PUBLIC.allows(request("sync.example", "http://app.example")));
    }

    @Test
    void programsThatSendNoOriginMay() {
        assertTrue(PUBLIC.allows(request("sync.example", null)));
    }

    @Test
    void onALoopbackAddressPagesOfLoopbackHostsMay() {
        for (String origin : List.of(
                "http://localhost",
                "http://localhost:5173",
                "https://LOCALHOST:8443",
                "http://127.0.0.1:8080",
                "http://127.8.9.10",
                "http://[::1]:3000",
                "http://devbox:8080")) {
            assertTrue(LOCAL.allows(request("127.0.0.1:8080", origin)), origin);
        }
    }

    @Test
    void onALoopbackAddressPagesOfOtherHostsMayNot() {
        for (String origin : List.of(
                "https://evil.example",
                "http://localhost.evil.example",
                "http://127.0.0.1.evil.example",
                "http://127.evil.example",
                "http://evil.example:127",
                "http://user@evil.example",
                "http://[::2]",
                "http://192.168.0.1",
                "file://localhost",
                "http://",
                "null",
                "")) {
            assertFalse(LOCAL.allows(request("127.0.0.1:8080", origin)), origin);
        }
    }

    @Test
    void onALoopbackAddressAPageWhoseNameLeadsHereIsNotOurOwn() {
        assertFalse(LOCAL.allows(request("evil.example:8080", "http://evil.example:8080")));
    }

    @Test
    void onALoopbackAddressPagesOnTheListAndProgramsMay() {
        assertTrue(LOCAL.allows(request("127.0.0.1:8080", "https://app.example")));
        assertTrue(LOCAL.allows(request("127.0.0.1:8080", null)));
    }

    private static HttpRequest request(String host, String origin) {
        HttpRequest request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/sync");
        if (host != null) {
            request.headers().set("host", host);
        }
        if (origin != null) {
            request.headers().set("origin", origin);
        }
        return request;
    }
}
