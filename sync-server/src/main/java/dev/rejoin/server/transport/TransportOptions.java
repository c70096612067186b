package dev.rejoin.server.transport;

import java.util.Set;

/**
 * Where the server listens and what it puts up with. Every limit names its unit; what happens beyond it is written in
 * {@code docs/operating/configuration.md}.
 *
 * @param host address to bind; on a loopback address pages of loopback hosts may connect
 * @param port port to bind; 0 takes a free one
 * @param maxConnections sockets open at a time; later ones are closed on accept
 * @param rates what one address and one principal may have and send
 * @param openingDeadlineMillis from accept, handshake of TLS included, to a complete request head or, on {@code /sync}, to Hello; nothing that the peer sends extends it
 * @param requestBodyDeadlineMillis from a complete request head to the end of its body
 * @param keepAliveMillis how long an HTTP connection may wait for its next request
 * @param maxBodyBytes largest body of an HTTP request
 * @param maxFrameBytes largest WebSocket message of a client
 * @param writeHighMarkBytes above this many unsent bytes a session is behind and nothing more is queued for it
 * @param writeLowMarkBytes at or below this it is caught up
 * @param stallMillis a peer that takes nothing for this long is closed
 * @param inboundBudgetBytes bytes of one session that may await their verdict; above it nothing is read from its socket
 * @param allowedOrigins values of {@code Origin} that browsers may come from besides the server's own
 */
public record TransportOptions(
        String host,
        int port,
        int maxConnections,
        RateLimits rates,
        long openingDeadlineMillis,
        long requestBodyDeadlineMillis,
        long keepAliveMillis,
        int maxBodyBytes,
        int maxFrameBytes,
        int writeHighMarkBytes,
        int writeLowMarkBytes,
        long stallMillis,
        int inboundBudgetBytes,
        Set<String> allowedOrigins) {

    /** What holds unless somebody says otherwise. */
    public static final TransportOptions DEFAULTS = new TransportOptions(
            "127.0.0.1",
            8080,
            10_000,
            RateLimits.DEFAULTS,
            5_000,
            30_000,
            30_000,
            1 << 20,
            1 << 20,
            256 << 10,
            64 << 10,
            30_000,
            4 << 20,
            Set.of());

    public TransportOptions {
        allowedOrigins = Set.copyOf(allowedOrigins);
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port must be 0 to 65535, not " + port);
        }
        if (writeLowMarkBytes > writeHighMarkBytes) {
            throw new IllegalArgumentException(
                    "write low mark " + writeLowMarkBytes + " above the high mark " + writeHighMarkBytes);
        }
    }

    public TransportOptions withAddress(String newHost, int newPort) {
        return new TransportOptions(
                newHost,
                newPort,
                maxConnections,
                rates,
                openingDeadlineMillis,
                requestBodyDeadlineMillis,
                keepAliveMillis,
                maxBodyBytes,
                maxFrameBytes,
                writeHighMarkBytes,
                writeLowMarkBytes,
                stallMillis,
                inboundBudgetBytes,
                allowedOrigins);
    }

    public TransportOptions withConnectionLimits(int total, int perAddress) {
        return new TransportOptions(
                host,
                port,
                total,
                rates.withConnectionsPerAddress(perAddress),
                openingDeadlineMillis,
                requestBodyDeadlineMillis,
                keepAliveMillis,
                maxBodyBytes,
                maxFrameBytes,
                writeHighMarkBytes,
                writeLowMarkBytes,
                stallMillis,
                inboundBudgetBytes,
                allowedOrigins);
    }

    public TransportOptions withDeadlines(long opening, long requestBody, long keepAlive, long stall) {
        return new TransportOptions(
                host,
                port,
                maxConnections,
                rates,
                opening,
                requestBody,
                keepAlive,
                maxBodyBytes,
                maxFrameBytes,
                writeHighMarkBytes,
                writeLowMarkBytes,
                stall,
                inboundBudgetBytes,
                allowedOrigins);
    }

    public TransportOptions withAllowedOrigins(Set<String> origins) {
        return new TransportOptions(
                host,
                port,
                maxConnections,
                rates,
                openingDeadlineMillis,
                requestBodyDeadlineMillis,
                keepAliveMillis,
                maxBodyBytes,
                maxFrameBytes,
                writeHighMarkBytes,
                writeLowMarkBytes,
                stallMillis,
                inboundBudgetBytes,
                origins);
    }

    public TransportOptions withRates(RateLimits limits) {
        return new TransportOptions(
                host,
                port,
                maxConnections,
                limits,
                openingDeadlineMillis,
                requestBodyDeadlineMillis,
                keepAliveMillis,
                maxBodyBytes,
                maxFrameBytes,
                writeHighMarkBytes,
                writeLowMarkBytes,
                stallMillis,
                inboundBudgetBytes,
                allowedOrigins);
    }
}
