package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rejoin.server.metrics.PeerReading;
import dev.rejoin.server.metrics.ReplicationMetrics;
import dev.rejoin.server.metrics.ServerMetrics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** What operators are given to watch a server with fits the server: alert rules, their page, the dashboard. */
final class AlertRulesTest {
    private static final Path RULES = Path.of("deploy", "rejoin.rules.yml");
    private static final Path DASHBOARD = Path.of("deploy", "rejoin.dashboard.json");
    private static final Path RULES_TEST = Path.of("src", "test", "prometheus", "rejoin.rules.test.yml");
    private static final Path PAGE = Path.of("..", "docs", "operating", "alerts.md");
    private static final Pattern METRIC = Pattern.compile("\\b(?:rejoin|jvm|process|system)_[a-z0-9_]+\\b(?!=)");

    @Test
    void everyAlertFiresAndIsSilentWhenItShould() throws Exception {
        String promtool = System.getenv().getOrDefault("PROMTOOL", "promtool");
        Process run;
        try {
            run = new ProcessBuilder(promtool, "test", "rules", RULES_TEST.toString())
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException missing) {
            String message =
                    "no promtool to test alert rules with (it is in Debian's package prometheus; PROMTOOL names"
                            + " another): " + missing.getMessage();
            assertFalse("true".equals(System.getenv("CI")), message);
            // Maven does not tell why a test was skipped.
            System.err.println("Skipped: " + message);
            Assumptions.abort(message);
            return;
        }
        String said = new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(run.waitFor(60, TimeUnit.SECONDS), said);
        assertEquals(0, run.exitValue(), said);
    }

    @Test
    void everyAlertHasATestOfFiringAndOfSilence() throws IOException {
        String[] tests = Files.readString(RULES_TEST).split("(?m)^  - name: ");
        for (String alert : alerts()) {
            List<String> own = Stream.of(tests)
                    .filter(test -> test.startsWith(alert + "\n"))
                    .toList();
            assertEquals(1, own.size(), alert);
            assertTrue(own.get(0).contains("exp_samples: []"), alert + " is not held to silence");
            assertTrue(own.get(0).contains("alertname=\"" + alert + "\""), alert + " does not fire in its test");
        }
    }

    @Test
    void everyAlertSaysHowSevereItIsAndWhatToDo() throws IOException {
        String[] rules = Files.readString(RULES).split("(?m)^      - alert: ");
        for (int i = 1; i < rules.length; i++) {
            String alert = rules[i].lines().findFirst().orElseThrow();
            assertTrue(rules[i].matches("(?s).*\n          severity: (critical|warning|info)\n.*"), alert);
            assertTrue(rules[i].contains("\n          summary: \""), alert);
            assertTrue(rules[i].contains("\n          description: \""), alert);
            String runbook = "docs/operating/alerts.md#" + alert.toLowerCase(Locale.ROOT);
            assertTrue(rules[i].contains("\n          runbook_url: " + runbook + "\n"), alert);
        }
    }

    @Test
    void thePageHasAHeadingForEachAlertAndNoOther() throws IOException {
        assertEquals(alerts(), found(Pattern.compile("(?m)^### (Rejoin\\w+)$"), Files.readString(PAGE)));
    }

    @Test
    void rulesAskForMetricsThatTheServerHas() throws IOException {
        Set<String> asked = found(METRIC, withoutProse(Files.readString(RULES)));
        assertTrue(asked.size() > 15, asked.toString());
        asked.removeAll(served());
        assertEquals(Set.of(), asked);
        Set<String> tested = found(Pattern.compile("series: '(\\w+)"), Files.readString(RULES_TEST));
        tested.removeAll(served());
        assertEquals(Set.of("up"), tested);
    }

    @Test
    void theDashboardAsksForMetricsThatTheServerHas() throws IOException {
        Set<String> asked = new TreeSet<>();
        for (JsonNode expression : dashboard().findValues("expr")) {
            asked.addAll(found(METRIC, expression.asText()));
        }
        assertTrue(asked.size() > 25, asked.toString());
        asked.removeAll(served());
        assertEquals(Set.of(), asked);
    }

    @Test
    void everyMetricOfTheServerIsOnTheDashboard() throws IOException {
        Set<String> missing = served();
        missing.removeIf(name -> !name.startsWith("rejoin_") || name.endsWith("_max"));
        for (JsonNode expression : dashboard().findValues("expr")) {
            missing.removeAll(found(METRIC, expression.asText()));
        }
        // One of count, sum and buckets is enough.
        missing.removeIf(name -> name.endsWith("_count") || name.endsWith("_sum") || name.endsWith("_bucket"));
        assertEquals(Set.of(), missing);
    }

    @Test
    void thePanelsOfTheDashboardFitAndAskWhatIsChosen() throws IOException {
        JsonNode dashboard = dashboard();
        Set<String> variables = new TreeSet<>();
        dashboard
                .at("/templating/list")
                .forEach(variable -> variables.add(variable.path("name").asText()));
        assertEquals(Set.of("datasource", "instance"), variables);
        Set<Integer> ids = new HashSet<>();
        Set<List<Integer>> cells = new HashSet<>();
        List<String> rows = new ArrayList<>();
        for (JsonNode panel : dashboard.path("panels")) {
            String title = panel.path("title").asText();
            assertFalse(title.isEmpty(), panel.toString());
            assertTrue(ids.add(panel.path("id").asInt(-1)), title);
            JsonNode place = panel.path("gridPos");
            for (int x = place.path("x").asInt();
                    x < place.path("x").asInt() + place.path("w").asInt();
                    x++) {
                for (int y = place.path("y").asInt();
                        y < place.path("y").asInt() + place.path("h").asInt();
                        y++) {
                    assertTrue(x < 24 && cells.add(List.of(x, y)), title + " is on top of another or beside the page");
                }
            }
            if (panel.path("type").asText().equals("row")) {
                rows.add(title);
                continue;
            }
            assertTrue(panel.path("targets").size() > 0, title);
            assertEquals("${datasource}", panel.at("/datasource/uid").asText(), title);
            for (JsonNode target : panel.path("targets")) {
                String expression = target.path("expr").asText();
                int metrics = 0;
                for (Matcher metric = METRIC.matcher(expression); metric.find(); ) {
                    metrics++;
                }
                int chosen = expression.split(Pattern.quote("instance=~\"$instance\""), -1).length - 1;
                assertTrue(metrics > 0 && chosen == metrics, title + ": " + expression);
                assertFalse(target.path("legendFormat").asText().isEmpty(), title);
            }
        }
        assertEquals(List.of("Traffic", "Latency", "Rooms and editors", "Log", "JVM"), rows);
    }

    private static JsonNode dashboard() throws IOException {
        return new ObjectMapper().readTree(DASHBOARD.toFile());
    }

    private static Set<String> alerts() throws IOException {
        Set<String> alerts = found(Pattern.compile("(?m)^      - alert: (\\w+)$"), Files.readString(RULES));
        assertTrue(alerts.size() > 10, alerts.toString());
        return alerts;
    }

    /** Names of samples on the page of a server that has seen everything that is counted by name. */
    private static Set<String> served() {
        ServerMetrics metrics = new ServerMetrics();
        metrics.observeQueue(() -> 1, () -> 2);
        metrics.limits(3, 4);
        metrics.observeCertificate(() -> 5);
        metrics.observeWebhooks(() -> 6, () -> 7);
        metrics.webhookDead("exhausted");
        metrics.httpRequest(200);
        metrics.decided("local", 0);
        metrics.observeParked(() -> 7);
        metrics.rejected("content-rejected");
        ReplicationMetrics peers = metrics.replication();
        peers.observe(() -> List.of(new PeerReading("b", 1, 0, 1, 0, 0, 0, 0)));
        peers.received("b", 1);
        peers.taken("b");
        peers.gap("b");
        peers.pulled("b");
        peers.stopped("b", "conflict");
        peers.spike("b");
        return found(Pattern.compile("(?m)^(\\w+)[{ ]"), metrics.page());
    }

    private static String withoutProse(String rules) {
        return rules.replaceAll("(?m)^ +(summary|description|runbook_url): .*$|#.*$", "");
    }

    private static Set<String> found(Pattern pattern, String text) {
        Set<String> found = new TreeSet<>();
        for (Matcher match = pattern.matcher(text); match.find(); ) {
            found.add(match.groupCount() == 0 ? match.group() : match.group(1));
        }
        return found;
    }
}
