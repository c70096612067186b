package dev.rejoin.conformance.durability;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;

/**
 * One who writes over HTTP and does not repeat what was not answered. Each request, one transaction, puts its number into a
 * set and adds it to a counter.
 */
final class HttpAuthor implements AutoCloseable {
    static final String NUMBERS = "numbers";
    static final String SUM = "sum";
    private static final int PAUSE_MILLIS = 15;
    private static final int OUTAGE_PAUSE_MILLIS = 50;

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();
    private final URI document;
    private final Thread thread = new Thread(this::write, "author over HTTP");
    private volatile boolean stopping;

    final Set<Long> begun = new ConcurrentSkipListSet<>();
    final Set<Long> durable = new ConcurrentSkipListSet<>();
    final Set<String> refusals = new ConcurrentSkipListSet<>();

    HttpAuthor(URI document) {
        this.document = document;
        thread.setDaemon(true);
        thread.start();
    }

    private void write() {
        try {
            for (long number = 1; !stopping; number++) {
                begun.add(number);
                boolean answered = post(number);
                Thread.sleep(answered ? PAUSE_MILLIS : OUTAGE_PAUSE_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean post(long number) throws InterruptedException {
        String body = "{\"mutations\":["
                + "{\"path\":[\"" + NUMBERS + "\"],\"type\":\"set\",\"op\":\"add\",\"value\":" + number + "},"
                + "{\"path\":[\"" + SUM + "\"],\"type\":\"counter\",\"op\":\"increment\",\"value\":" + number + "}]}";
        HttpRequest request = HttpRequest.newBuilder(document)
                .timeout(Duration.ofSeconds(5))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        try {
            HttpResponse<String> answer =
                    http.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
            if (answer.statusCode() == 200) {
                durable.add(number);
            } else {
                refusals.add(answer.statusCode() + " " + answer.body());
            }
            return true;
        } catch (java.io.IOException noServer) {
            return false;
        }
    }

    void stop() throws InterruptedException {
        stopping = true;
        thread.join();
    }

    @Override
    public void close() throws InterruptedException {
        stop();
    }
}
