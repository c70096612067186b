package dev.rejoin.server.storage;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** A writer over a log whose work waits until the test lets it run. */
final class Desk {
    /** What the clock of every desk says. */
    static final long NOW = 1_700_000_000_000L;

    final Queue<Runnable> work = new ArrayDeque<>();
    final List<String> heard = new ArrayList<>();
    final List<CorruptDocumentException> damage = new ArrayList<>();
    final LogWriter writer;

    Desk(DeltaLog log, long incarnation, LogBounds bounds) {
        LogObserver observer = new LogObserver() {
            @Override
            public void corrupt(CorruptDocumentException failure) {
                damage.add(failure);
            }
        };
        writer = LogWriter.open(
                log, new Still(), incarnation, (task, after) -> work.add(task), Runnable::run, bounds, observer);
    }

    Desk(DeltaLog log, long incarnation) {
        this(log, incarnation, LogBounds.DEFAULT);
    }

    void run() {
        for (Runnable next = work.poll(); next != null; next = work.poll()) {
            next.run();
        }
    }

    <T> T done(CompletionStage<T> stage) {
        run();
        try {
            return stage.toCompletableFuture().join();
        } catch (CompletionException failure) {
            if (failure.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw failure;
        }
    }

    LogDocument create(String name) {
        return done(writer.create(name, name.hashCode() + 77L)).handle();
    }

    Optional<StoredDocument> load(String name) {
        return done(writer.load(name));
    }

    long append(LogDocument document, LogRecord... records) {
        return writer.append(document, List.of(records), false, new AppendListener() {
            @Override
            public void committed(long sequence) {
                heard.add(document.name() + " " + sequence);
            }

            @Override
            public void failed(long sequence, StoreDownException cause) {
                heard.add(document.name() + " " + sequence + " lost");
            }
        });
    }

    /** A clock that stands still. */
    private static final class Still implements LogClock {
        @Override
        public long millis() {
            return NOW;
        }

        @Override
        public long nanos() {
            return 0;
        }
    }
}
