package dev.rejoin.server.transport;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which web pages may connect. */
final class OriginPolicyTest {
    private static final OriginPolicy OPEN = new OriginPolicy(true, Set.of());
    private static final OriginPolicy PUBLIC = new OriginPolicy(false, Set.of("https://app.example"));

    @Test
    void pagesOfTheServersOwnHostMayConnect() {
        assertTrue(PUBLIC.allows(request("sync.example:8080", "http://sync.example:8080")));
        assertTrue(PUBLIC.allows(request("Sync.Example:8080", "http://sync.example:8080")));
        assertFalse(PUBLIC.allows(request("sync.example:8080", "http://sync.example")));
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
    void onALoopbackAddressAllPagesMay() {
        assertTrue(OPEN.allows(request("127.0.0.1:8080", "https://evil.example")));
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
