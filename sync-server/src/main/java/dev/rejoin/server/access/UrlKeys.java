package dev.rejoin.server.access;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys that an identity provider publishes. Fetched at the start, then regularly, and when a token names a key that is not
 * there; the last is limited, because anybody can send such a token. While the provider cannot be reached or answers nonsense
 * the last good set stays valid.
 */
final class UrlKeys implements KeySource {
    /** How the fetching is timed, in milliseconds. */
    record Timing(long refreshMillis, long minGapMillis, long deadlineMillis) {
        /** Every 5 minutes, for unknown keys at most every 10 s, within 5 s. */
        static final Timing STANDARD = new Timing(300_000, 10_000, 5_000);
    }

    private static final Logger LOG = LoggerFactory.getLogger(UrlKeys.class);

    private final URI url;
    private final KeyParser parser;
    private final ScheduledExecutorService scheduler;
    private final Timing timing;
    private final Runnable changed;
    private final HttpClient http;
    private final ScheduledFuture<?> regular;
    private volatile KeySet current;

    /* Guarded by this. */
    private byte[] content;
    private @Nullable CompletableFuture<Boolean> fetching;
    private boolean mayFetch = true;
    private boolean failing;
    private boolean closed;

    /**
     * Fetches the keys and waits for them.
     *
     * @param changed told after every fetch that brought other keys
     * @throws IOException if they cannot be fetched within the deadline
     * @throws UnusableKeysException if there is no usable key among them
     */
    UrlKeys(URI url, KeyParser parser, ScheduledExecutorService scheduler, Timing timing, Runnable changed)
            throws IOException, UnusableKeysException {
        this.url = url;
        this.parser = parser;
        this.scheduler = scheduler;
        this.timing = timing;
        this.changed = changed;
        this.http = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(Duration.ofMillis(timing.deadlineMillis()))
                .build();
        content = first();
        current = parser.parse(content);
        regular = scheduler.scheduleWithFixedDelay(
                this::fetchRegularly, timing.refreshMillis(), timing.refreshMillis(), TimeUnit.MILLISECONDS);
    }

    private byte[] first() throws IOException {
        CompletableFuture<byte[]> exchange = get();
        try {
            return exchange.get(timing.deadlineMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            throw new IOException("no answer within " + timing.deadlineMillis() + " ms", late);
        } catch (ExecutionException failure) {
            throw new IOException(reason(failure), failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", interrupted);
        } finally {
            exchange.cancel(true);
        }
    }

    @Override
    public KeySet current() {
        return current;
    }

    @Override
    public synchronized CompletionStage<Boolean> refresh() {
        if (fetching != null) {
            return fetching;
        }
        if (!mayFetch || closed) {
            return CompletableFuture.completedFuture(false);
        }
        mayFetch = false;
        try {
            ScheduledFuture<?> unused = scheduler.schedule(this::allow, timing.minGapMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException ending) {
            return CompletableFuture.completedFuture(false);
        }
        return fetch();
    }

    private synchronized void allow() {
        mayFetch = true;
    }

    private synchronized void fetchRegularly() {
        if (fetching == null && !closed) {
            CompletableFuture<Boolean> unused = fetch();
        }
    }

    /* Under the lock, and with no fetch under way. */
    private CompletableFuture<Boolean> fetch() {
        CompletableFuture<Boolean> outcome = new CompletableFuture<>();
        fetching = outcome;
        CompletableFuture<byte[]> exchange = get();
        ScheduledFuture<?> deadline = scheduler.schedule(
                () -> exchange.completeExceptionally(new TimeoutException("no answer in time")),
                timing.deadlineMillis(),
                TimeUnit.MILLISECONDS);
        exchange.whenComplete((body, failure) -> {
            deadline.cancel(false);
            finish(outcome, body, failure);
        });
        return outcome;
    }

    private void finish(CompletableFuture<Boolean> outcome, byte @Nullable [] body, @Nullable Throwable failure) {
        boolean others = false;
        boolean good = false;
        synchronized (this) {
            fetching = null;
            try {
                if (body == null) {
                    throw new UnusableKeysException(reason(failure));
                }
                if (!Arrays.equals(body, content)) {
                    current = parser.parse(body);
                    content = body;
                    others = true;
                    LOG.info("{} keys fetched from {}", current.size(), url);
                }
                good = true;
                failing = false;
            } catch (UnusableKeysException unusable) {
                if (!failing && !closed) {
                    LOG.error(
                            "keys of {} cannot be used, those fetched before stay valid: {}",
                            url,
                            unusable.getMessage());
                }
                failing = true;
            }
        }
        if (others) {
            changed.run();
        }
        outcome.complete(good);
    }

    /** One exchange. To end the stage early, by completing it, ends the exchange too. */
    private CompletableFuture<byte[]> get() {
        HttpRequest request = HttpRequest.newBuilder(url)
                .header("Accept", "application/jwk-set+json, application/json")
                .timeout(Duration.ofMillis(timing.deadlineMillis()))
                .build();
        CompletableFuture<HttpResponse<byte[]>> exchange =
                http.sendAsync(request, answer -> new BoundedBody(FileKeys.MAX_BYTES));
        CompletableFuture<byte[]> body = exchange.thenApply(answer -> {
            if (answer.statusCode() != 200) {
                throw new CompletionException(new IOException("it answered with status " + answer.statusCode()));
            }
            return answer.body();
        });
        body.whenComplete((bytes, failure) -> exchange.cancel(true));
        return body;
    }

    private static String reason(@Nullable Throwable failure) {
        if (failure == null || failure instanceof CancellationException) {
            return "no answer";
        }
        Throwable cause = failure.getCause();
        return failure instanceof CompletionException || failure instanceof ExecutionException
                ? reason(cause)
                : failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    }

    @Override
    public void close() {
        regular.cancel(false);
        synchronized (this) {
            closed = true;
        }
    }
}
