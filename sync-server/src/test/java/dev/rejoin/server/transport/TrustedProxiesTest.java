package dev.rejoin.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetAddress;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whom a request comes from, and who can lie about it: nobody but the proxies that are configured. */
final class TrustedProxiesTest {
    private static final String PROXY = "10.0.0.1";
    private final TrustedProxies proxies = new TrustedProxies(Set.of("10.0.0.0/8", "2001:db8:1::/48"));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "192.0.2.7                              | 192.0.2.7",
                "192.0.2.7:1234                         | 192.0.2.7",
                "2001:db8:9::1                          | 2001:db8:9:0:0:0:0:1",
                "[2001:db8:9::1]:1234                   | 2001:db8:9:0:0:0:0:1",
                "198.51.100.1, 192.0.2.7                | 192.0.2.7",
                "198.51.100.1, 192.0.2.7, 10.9.9.9      | 192.0.2.7",
                "198.51.100.1, 192.0.2.7, 2001:db8:1::5 | 192.0.2.7",
                "192.0.2.7, unknown                     | 10.0.0.1",
                "192.0.2.7, nonsense, 10.2.3.4          | 10.2.3.4",
                "10.1.1.1                               | 10.1.1.1",
                "''                                     | 10.0.0.1"
            })
    void theLastThatIsNoProxyIsTheClient(String header, String client) throws Exception {
        assertEquals(client, client(PROXY, "X-Forwarded-For", header));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "for=192.0.2.7;proto=https;by=10.0.0.1        | 192.0.2.7",
                "proto=https; For=\"[2001:db8:9::1]:4711\"    | 2001:db8:9:0:0:0:0:1",
                "for=198.51.100.1, for=192.0.2.7;proto=http   | 192.0.2.7",
                "for=192.0.2.7, for=_hidden                   | 10.0.0.1",
                "for=192.0.2.7, by=10.0.0.1                   | 10.0.0.1"
            })
    void theStandardHeaderIsReadLikewise(String header, String client) throws Exception {
        assertEquals(client, client(PROXY, "Forwarded", header));
    }

    @Test
    void severalHeadersAreOneList() throws Exception {
        HttpHeaders headers =
                new DefaultHttpHeaders().add("X-Forwarded-For", "198.51.100.1").add("x-forwarded-for", "192.0.2.7");
        assertEquals("192.0.2.7", proxies.client(address(PROXY), headers).getHostAddress());
    }

    @Test
    void whoeverIsNoProxyIsNotBelieved() throws Exception {
        assertEquals("192.0.2.1", client("192.0.2.1", "X-Forwarded-For", "198.51.100.1"));
        assertEquals("192.0.2.1", client("192.0.2.1", "Forwarded", "for=198.51.100.1"));
        assertEquals("127.0.0.1", client("127.0.0.1", "X-Forwarded-For", "198.51.100.1"));
    }

    @Test
    void aClientThatAddsTheOtherHeaderGainsNothing() throws Exception {
        HttpHeaders headers =
                new DefaultHttpHeaders().add("X-Forwarded-For", "192.0.2.7").add("Forwarded", "for=198.51.100.1");
        assertEquals(PROXY, proxies.client(address(PROXY), headers).getHostAddress());
        headers.set("Forwarded", "for=192.0.2.7");
        assertEquals("192.0.2.7", proxies.client(address(PROXY), headers).getHostAddress());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "proxy.example.org", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x", "::1/129", "10.0.0"})
    void whatIsNoNetworkIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> TrustedProxies.network(text));
    }

    @Test
    void addressesAloneAreNetworksOfOne() throws Exception {
        TrustedProxies one = new TrustedProxies(Set.of("127.0.0.1", "::1"));
        assertTrue(one.contains(address("127.0.0.1")));
        assertTrue(one.contains(address("::1")));
        assertTrue(!one.contains(address("127.0.0.2")));
    }

    private String client(String peer, String header, String value) throws Exception {
        return proxies.client(address(peer), new DefaultHttpHeaders().add(header, value))
                .getHostAddress();
    }

    private static InetAddress address(String text) throws Exception {
        return InetAddress.getByName(text);
    }
}
