package dev.rejoin.server.transport;

import dev.rejoin.consistency.session.TokenSeal;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the operator's paths answer with.
 *
 * @param healthy {@code /healthz}: the process works
 * @param ready {@code /readyz}: it can take writes and is not shutting down
 * @param metrics {@code /metrics}: the page in Prometheus' text format; called on a worker thread
 * @param web {@code /}: the frontend, if one is served
 * @param exchange {@code /v1/export} and {@code /v1/import}, if they are served
 * @param flows {@code /.well-known/rejoin/flows}: the flow policies as JSON; called on a worker thread
 * @param seal seals session tokens; null if they are plain
 * @param peers {@code /peers}: takes what other servers have opened, if there may be any
 */
public record Endpoints(
        BooleanSupplier healthy,
        BooleanSupplier ready,
        Supplier<String> metrics,
        @Nullable WebRoot web,
        @Nullable StoreExchange exchange,
        Supplier<byte[]> flows,
        @Nullable TokenSeal seal,
        @Nullable Function<Wire, Wire.End> peers) {
    /** Of a server alone, without flows, whose session tokens are plain. */
    public Endpoints(
            BooleanSupplier healthy,
            BooleanSupplier ready,
            Supplier<String> metrics,
            @Nullable WebRoot web,
            @Nullable StoreExchange exchange) {
        this(healthy, ready, metrics, web, exchange, () -> "{}".getBytes(StandardCharsets.UTF_8), null, null);
    }
}
