package dev.rejoin.conformance.durability;

import dev.rejoin.client.SyncClient;
import dev.rejoin.client.WriteHandle;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.document.Document;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** One who writes a {@link Script} into a document, step by step, and reports what becomes of each step. */
final class Author implements AutoCloseable {
    private static final int WINDOW_STEPS = 24;
    private static final int MAX_PAUSE_MILLIS = 12;
    private static final int STEPS_PER_OPENING = 60;

    private final URI server;
    private final String document;
    private final Script script;
    private final Optional<Path> outbox;
    private final boolean reopening;
    private final Report report;
    private final Random random;
    private final Thread thread;
    private volatile boolean stopping;
    private volatile SyncClient client;
    private Semaphore window = new Semaphore(WINDOW_STEPS);
    private long steps;

    /** Hears what becomes of the steps, on any thread. */
    interface Report {
        /** Is about to be written; may or may not have been if nothing more is heard. */
        void begun(long step);

        void durable(long step);

        void refused(long step, String why);

        /** Reports to the ledger of the document. */
        static Report to(Ledger ledger, String author) {
            return new Report() {
                @Override
                public void begun(long step) {
                    ledger.begun(author, step);
                }

                @Override
                public void durable(long step) {
                    ledger.durable(author, step);
                }

                @Override
                public void refused(long step, String why) {
                    ledger.refused(author, step, why);
                }
            };
        }
    }

    /**
     * Opens the document, goes on after the last step that the outbox knows of, and begins to write.
     *
     * @param outbox empty for an author whose unfinished steps end with it
     * @param reopening whether it closes its client now and then and goes on with what the outbox has kept
     */
    Author(
            URI server,
            String document,
            Script script,
            Optional<Path> outbox,
            boolean reopening,
            Report report,
            Random random) {
        this.server = server;
        this.document = document;
        this.script = script;
        this.outbox = outbox;
        this.reopening = reopening;
        this.report = report;
        this.random = random;
        this.client = open();
        this.thread = new Thread(this::write, "author " + script.author());
        thread.setDaemon(true);
        thread.start();
    }

    private SyncClient open() {
        SyncClient.Builder builder =
                SyncClient.builder().url(server).document(document).startOffline();
        outbox.ifPresent(builder::outbox);
        SyncClient opened = builder.build();
        List<WriteHandle> kept = opened.pending();
        long shown = opened.read(held -> Script.steps(held, script.author()));
        if (client != null && shown != steps) {
            report.refused(
                    steps,
                    "closed after " + steps + " steps, opened again with " + shown + ", of which "
                            + confirmedSteps(opened) + " confirmed and " + kept.size() + " pending");
        }
        steps = shown;
        window = new Semaphore(Math.max(1, WINDOW_STEPS - kept.size()));
        for (int i = 0; i < kept.size(); i++) {
            follow(kept.get(i), steps - kept.size() + 1 + i);
        }
        opened.goOnline();
        return opened;
    }

    private long confirmedSteps(SyncClient opened) {
        Document confirmed = Document.create();
        confirmed.merge(opened.snapshot().state());
        return Script.steps(confirmed, script.author());
    }

    private void write() {
        try {
            while (!stopping) {
                if (window.tryAcquire(20, TimeUnit.MILLISECONDS)) {
                    long step = ++steps;
                    report.begun(step);
                    follow(client.write(held -> script.take(step, held)), step);
                    Thread.sleep(random.nextInt(MAX_PAUSE_MILLIS + 1));
                }
                if (reopening && random.nextInt(STEPS_PER_OPENING) == 0) {
                    client.close();
                    client = open();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            report.refused(steps, "the author gave up: " + e);
        }
    }

    private void follow(WriteHandle handle, long step) {
        Semaphore mine = window;
        handle.durable().whenComplete((done, failure) -> {
            mine.release();
            if (failure == null) {
                report.durable(step);
            } else {
                report.refused(step, failure.toString());
            }
        });
    }

    /** Tries to connect now instead of when the client would by itself. */
    void goOnline() {
        client.goOnline();
    }

    /** Writes no more; the client stays open. */
    void stop() throws InterruptedException {
        stopping = true;
        thread.join();
    }

    boolean isSettled() {
        return client.pending().isEmpty();
    }

    /** The document as this author has it. */
    Delta state() {
        return client.snapshot().state();
    }

    @Override
    public void close() throws InterruptedException {
        stop();
        client.close();
    }
}
