package dev.rejoin.server.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class ServerMetricsTest {
    private final ServerMetrics metrics = new ServerMetrics();

    @Test
    void thePageAndTheDocumentNameTheSameMeters() throws IOException {
        metrics.observeQueue(() -> 1, () -> 2);
        metrics.limits(3, 4);
        metrics.observeCertificate(() -> 3);
        metrics.rateLimited("address", "messages");
        metrics.observeWebhooks(() -> 5, () -> 6);
        metrics.webhookDead("exhausted");
        metrics.httpRequest(200);
        metrics.rejected("content-rejected");
        metrics.decided("local", 0);
        metrics.observeParked(() -> 7);
        ReplicationMetrics peers = metrics.replication();
        peers.observe(() -> List.of(new PeerReading("b", 1, 0, 1, 0, 0, 0, 0)));
        peers.received("b", 1);
        peers.taken("b");
        peers.gap("b");
        peers.pulled("b");
        peers.stopped("b", "conflict");
        peers.spike("b");
        Set<String> served = names(metrics.page(), "(?m)^# TYPE (rejoin_\\w+) ");
        // A summary and a histogram come with a gauge of their recent maximum.
        served.removeIf(name -> name.endsWith("_max"));
        String page = Files.readString(Path.of("..", "docs", "operating", "metrics.md"));
        assertEquals(names(page, "(?m)^\\| `(rejoin_\\w+)`"), served);
    }

    /** Two tabs, or two Prometheus servers, that ask in the same moment. */
    @Test
    void pagesThatAreReadAtTheSameTimeNameEachPeerOnce() {
        List<PeerReading> peers = List.of("b", "c", "d").stream()
                .map(peer -> new PeerReading(peer, 1, 0, 1, 0, 0, 0, 0))
                .toList();
        metrics.replication().observe(() -> peers);
        IntStream.range(0, 500).parallel().forEach(i -> {
            String page = metrics.page();
            for (PeerReading each : peers) {
                String line = "rejoin_replication_documents_due{peer=\"" + each.peer() + "\"} ";
                assertEquals(2, page.split(Pattern.quote(line), -1).length, page);
            }
        });
    }

    @Test
    void countsWhatItIsTold() {
        metrics.connectionOpened();
        metrics.connectionOpened();
        metrics.connectionClosed();
        metrics.received(10);
        metrics.acked(3, 7);
        metrics.logDown();
        metrics.httpRequest(404);
        assertServed("rejoin_connections 1.0");
        assertServed("rejoin_received_bytes_total 10.0");
        assertServed("rejoin_transactions_total 3.0");
        assertServed("rejoin_log_up 0.0");
        assertServed("rejoin_http_requests_total{status=\"4xx\"} 1.0");
        assertServed("rejoin_ack_latency_seconds_bucket{le=\"0.01\"} 1");
        assertServed("rejoin_ack_latency_seconds_bucket{le=\"0.005\"} 0");
    }

    @Test
    void codesOfRejectionsAreBounded() {
        for (int i = 0; i < 1_000; i++) {
            metrics.rejected("code-" + i);
        }
        metrics.rejected("code-0");
        assertServed("rejoin_rejections_total{code=\"code-0\"} 2.0");
        assertServed("rejoin_rejections_total{code=\"other\"} " + (1_000.0 - ServerMetrics.MAX_REJECTION_CODES));
    }

    private void assertServed(String line) {
        String page = metrics.page();
        assertTrue(page.lines().anyMatch(line::equals), () -> line + " is not in\n" + page);
    }

    private static Set<String> names(String text, String pattern) {
        Set<String> names = new TreeSet<>();
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        while (matcher.find()) {
            names.add(matcher.group(1));
        }
        return names;
    }
}
