package dev.rejoin.server.transport;

import java.util.Set;

/**
 * How much may come from one address, and from one principal, whatever number of connections it has. Five seconds' worth of
 * each rate, five minutes' worth of documents, may come at once. 0 is no bound. What happens beyond is written in
 * {@code docs/operating/access.md}.
 *
 * @param address bounds on one IPv4 address or IPv6 /64; loopback addresses have none
 * @param principal bounds on one principal; nobody in particular has none but those on the address
 * @param trustedProxies addresses and networks whose {@code Forwarded} and {@code X-Forwarded-For} are believed
 */
public record RateLimits(Bounds address, Bounds principal, Set<String> trustedProxies) {
    /** What holds unless somebody says otherwise. */
    public static final RateLimits DEFAULTS =
            new RateLimits(new Bounds(256, 10, 5_000, 16 << 20, 600), new Bounds(32, 0, 200, 2 << 20, 60), Set.of());

    /**
     * Checks the proxies.
     *
     * @throws IllegalArgumentException if one is neither an address nor a network
     */
    public RateLimits {
        trustedProxies = Set.copyOf(trustedProxies);
        trustedProxies.forEach(TrustedProxies::network);
    }

    /**
     * Bounds on one of them.
     *
     * @param connections sockets open at a time
     * @param connectionsPerSecond that are opened
     * @param messagesPerSecond frames of WebSockets and HTTP requests
     * @param bytesPerSecond in these
     * @param documentsPerMinute that are brought into being
     */
    public record Bounds(
            int connections,
            int connectionsPerSecond,
            int messagesPerSecond,
            long bytesPerSecond,
            int documentsPerMinute) {
        static final Bounds NONE = new Bounds(0, 0, 0, 0, 0);
    }

    /** The same with another number of sockets open at a time from one address. */
    public RateLimits withConnectionsPerAddress(int connections) {
        return new RateLimits(
                new Bounds(
                        connections,
                        address.connectionsPerSecond,
                        address.messagesPerSecond,
                        address.bytesPerSecond,
                        address.documentsPerMinute),
                principal,
                trustedProxies);
    }
}
