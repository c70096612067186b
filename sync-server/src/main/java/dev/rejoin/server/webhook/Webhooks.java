package dev.rejoin.server.webhook;

import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.server.room.DocumentNotice;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells receivers that documents changed. Each has a {@link DeliveryQueue} of its own, so one that fails does not delay the others. What waits is in memory and
 * ends with the process: a receiver that must not miss anything compares the list of documents. Redirects are not followed. For any thread.
 */
public final class Webhooks implements AutoCloseable {
    /** How long a receiver may take, connecting included, in milliseconds. */
    public static final long DEADLINE_MILLIS = 10_000;

    private static final Logger LOG = LoggerFactory.getLogger(Webhooks.class);
    private static final int GONE = 410;

    private final List<Receiver> receivers = new ArrayList<>();
    private final WebhookSecrets secrets;
    private final BiFunction<WebhookEvent, Long, byte[]> body;
    private final ScheduledExecutorService scheduler;
    private final TimeSource time;
    private final WebhookObserver observer;
    private final long deadlineMillis;
    private final HttpClient http;
    private volatile boolean closed;

    /**
     * Tells nobody anything yet.
     *
     * @param delayMillis how long an event waits for others of its document
     * @param body writes the body of a delivery, of an event and the time in milliseconds since 1970
     * @param scheduler waits; stays the caller's
     * @param random safe to use from many threads
     */
    public Webhooks(
            List<URI> urls,
            WebhookSecrets secrets,
            long delayMillis,
            BiFunction<WebhookEvent, Long, byte[]> body,
            ScheduledExecutorService scheduler,
            TimeSource time,
            RandomGenerator random,
            WebhookObserver observer) {
        this(urls, secrets, delayMillis, DEADLINE_MILLIS, body, scheduler, time, random, observer);
    }

    Webhooks(
            List<URI> urls,
            WebhookSecrets secrets,
            long delayMillis,
            long deadlineMillis,
            BiFunction<WebhookEvent, Long, byte[]> body,
            ScheduledExecutorService scheduler,
            TimeSource time,
            RandomGenerator random,
            WebhookObserver observer) {
        this.secrets = secrets;
        this.body = body;
        this.scheduler = scheduler;
        this.time = time;
        this.observer = observer;
        this.deadlineMillis = deadlineMillis;
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(Duration.ofMillis(deadlineMillis))
                .build();
        for (URI url : urls) {
            receivers.add(new Receiver(url, new DeliveryQueue(delayMillis, random)));
        }
    }

    /** Takes a notice for every receiver. Does not block but for a moment. */
    public void tell(DocumentNotice notice) {
        if (closed) {
            return;
        }
        WebhookEvent event = WebhookEvent.of(notice);
        receivers.forEach(receiver -> receiver.offer(event));
    }

    /** Documents that receivers are still to be told of, each counted once for each receiver. */
    public int waiting() {
        return receivers.stream().mapToInt(Receiver::waiting).sum();
    }

    /** Receivers that are left alone for a while because they fail. */
    public int openCircuits() {
        return (int) receivers.stream().filter(Receiver::isCircuitOpen).count();
    }

    /** Gives up what waits, and says how much that is. */
    @Override
    public void close() {
        closed = true;
        receivers.forEach(Receiver::close);
    }

    private final class Receiver {
        private final URI url;
        private final DeliveryQueue queue; // the rest is guarded by it
        private @Nullable Future<?> alarm;
        private long alarmAt = Long.MAX_VALUE;
        private boolean full;

        Receiver(URI url, DeliveryQueue queue) {
            this.url = url;
            this.queue = queue;
        }

        void offer(WebhookEvent event) {
            synchronized (queue) {
                boolean taken = queue.offer(event, now());
                if (!taken) {
                    observer.dead(DeliveryQueue.Death.QUEUE_FULL.label());
                    if (!full) {
                        LOG.error("{} waits for news of too many documents; events are lost", name());
                    }
                }
                full = !taken;
                wake();
            }
        }

        int waiting() {
            synchronized (queue) {
                return queue.size();
            }
        }

        boolean isCircuitOpen() {
            synchronized (queue) {
                return queue.isCircuitOpen();
            }
        }

        void close() {
            synchronized (queue) {
                if (alarm != null) {
                    alarm.cancel(false);
                }
                List<String> lost = queue.clear();
                lost.forEach(document -> observer.dead(DeliveryQueue.Death.CLOSED.label()));
                if (!lost.isEmpty()) {
                    LOG.warn("{} is not told any more of {} documents", name(), lost.size());
                }
            }
        }

        /** Sets the alarm for what comes next; under the lock. */
        private void wake() {
            OptionalLong due = queue.nextDue();
            if (closed || due.isEmpty() || due.getAsLong() >= alarmAt) {
                return;
            }
            if (alarm != null) {
                alarm.cancel(false);
            }
            alarmAt = due.getAsLong();
            try {
                alarm = scheduler.schedule(this::run, Math.max(0, alarmAt - now()), TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException ending) {
                closed = true;
            }
        }

        private void run() {
            synchronized (queue) {
                alarm = null;
                alarmAt = Long.MAX_VALUE;
                for (Optional<DeliveryQueue.Delivery> next = queue.next(now());
                        next.isPresent() && !closed;
                        next = queue.next(now())) {
                    send(next.get());
                }
                wake();
            }
        }

        private void send(DeliveryQueue.Delivery delivery) {
            long millis = time.millis();
            byte[] bytes = body.apply(delivery.event(), millis);
            HttpRequest request = HttpRequest.newBuilder(url)
                    .timeout(Duration.ofMillis(deadlineMillis))
                    .header("content-type", "application/json")
                    .header("user-agent", "rejoin")
                    .header("webhook-id", delivery.id())
                    .header("webhook-timestamp", Long.toString(millis / 1_000))
                    .header("webhook-signature", secrets.sign(delivery.id(), millis / 1_000, bytes))
                    .POST(HttpRequest.BodyPublishers.ofByteArray(bytes))
                    .build();
            CompletableFuture<HttpResponse<Void>> exchange =
                    http.sendAsync(request, HttpResponse.BodyHandlers.discarding());
            // the timeout of the request ends with the head of the answer; its body might come for ever
            Future<?> deadline = scheduler.schedule(() -> exchange.cancel(true), deadlineMillis, TimeUnit.MILLISECONDS);
            exchange.whenComplete((answer, failure) -> {
                deadline.cancel(false);
                ended(delivery, answer, failure);
            });
        }

        private void ended(
                DeliveryQueue.Delivery delivery, @Nullable HttpResponse<Void> answer, @Nullable Throwable failure) {
            synchronized (queue) {
                if (closed) {
                    return;
                }
                boolean wasOpen = queue.isCircuitOpen();
                if (failure == null && answer != null && answer.statusCode() / 100 == 2) {
                    observer.delivered();
                    queue.delivered(delivery, now());
                    if (wasOpen) {
                        LOG.info("{} takes deliveries again", name());
                    }
                } else {
                    observer.failed();
                    String why = answer == null
                            ? failure == null ? "no answer" : failure.getClass().getSimpleName()
                            : "status " + answer.statusCode();
                    queue.failed(
                                    delivery,
                                    now(),
                                    answer == null ? 0 : retryAfterMillis(answer),
                                    answer != null && answer.statusCode() == GONE)
                            .ifPresent(death -> {
                                observer.dead(death.label());
                                LOG.error(
                                        "{} is not told of '{}': {} after {} attempts, the last with {}",
                                        name(),
                                        delivery.event().document(),
                                        death.label(),
                                        delivery.attempt(),
                                        why);
                            });
                    if (!wasOpen && queue.isCircuitOpen()) {
                        LOG.warn("{} fails ({}) and is left alone for a while", name(), why);
                    }
                }
                wake();
            }
        }

        /** Whom it is about, without what may be secret in the address. */
        private String name() {
            return "the webhook at " + url.getHost() + (url.getPort() < 0 ? "" : ":" + url.getPort());
        }
    }

    private static long retryAfterMillis(HttpResponse<?> answer) {
        return answer.headers()
                .firstValue("retry-after")
                .filter(value -> value.matches("\\d{1,6}"))
                .map(value -> Long.parseLong(value) * 1_000)
                .orElse(0L);
    }

    private long now() {
        return time.millis();
    }
}
