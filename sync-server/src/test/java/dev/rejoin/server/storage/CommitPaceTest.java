package dev.rejoin.server.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When commits begin, on a clock that the test moves. */
final class CommitPaceTest {
    private static final long PACE = 4_000_000;
    private static final LogRecord SMALL = LogRecord.Merged.unjudged(new byte[] {1, 2, 3});

    private record Task(Runnable what, long dueNanos) {}

    private final List<Task> tasks = new ArrayList<>();
    private final List<String> heard = new ArrayList<>();
    private final List<Integer> commits = new ArrayList<>();
    private final MemoryDeltaLog rows = new MemoryDeltaLog();
    private long nanos = 7;
    private final LogWriter writer = LogWriter.open(
            rows,
            new LogClock() {
                @Override
                public long millis() {
                    return 1_700_000_000_000L;
                }

                @Override
                public long nanos() {
                    return nanos;
                }
            },
            5,
            (task, after) -> tasks.add(new Task(task, nanos + after)),
            Runnable::run,
            new LogBounds(1 << 20, 1_000, 1 << 20, 1_000, 1 << 20, 8, PACE),
            new LogObserver() {
                @Override
                public void committed(int entries, long bytes, long took) {
                    commits.add(entries);
                }
            });

    private final LogDocument a = create("a");
    private final LogDocument b = create("b");
    private final LogDocument c = create("c");

    @AfterEach
    void close() {
        writer.close();
    }

    private LogDocument create(String name) {
        CompletableFuture<StoredDocument> created = writer.create(name, 1).toCompletableFuture();
        pass(PACE);
        commits.clear();
        return created.join().handle();
    }

    private void append(LogDocument document) {
        append(document, false);
    }

    private void append(LogDocument document, boolean urgent) {
        writer.append(document, List.of(SMALL), urgent, new AppendListener() {
            @Override
            public void committed(long sequence) {
                heard.add(document.name() + sequence);
            }

            @Override
            public void failed(long sequence, StoreDownException cause) {
                heard.add(document.name() + sequence + " lost");
            }
        });
        pass(0);
    }

    /** Lets time pass, and what becomes due meanwhile happen. */
    private void pass(long time) {
        nanos += time;
        while (true) {
            Optional<Task> due =
                    tasks.stream().filter(task -> task.dueNanos <= nanos).findFirst();
            if (due.isEmpty()) {
                return;
            }
            tasks.remove(due.get());
            due.get().what.run();
        }
    }

    @Test
    void whoWritesAloneIsNotKeptWaiting() {
        pass(PACE);
        append(a);
        append(a);
        append(a);
        assertEquals(List.of("a1", "a2", "a3"), heard);
    }

    @Test
    void documentsThatAreWrittenToTogetherShareACommit() {
        pass(PACE);
        append(a);
        append(b);
        pass(PACE / 2);
        append(c);
        append(a);
        assertEquals(List.of("a1"), heard);
        pass(PACE / 2);
        assertEquals(List.of("a1", "b1", "c1", "a2"), heard);
        assertEquals(List.of(1, 3), commits);
    }

    @Test
    void theFirstWriteAfterAPauseIsNotKeptWaiting() {
        pass(PACE);
        append(a);
        pass(PACE);
        append(b);
        pass(PACE);
        append(c);
        assertEquals(List.of("a1", "b1", "c1"), heard);
    }

    @Test
    void aLoadIsServedAtOnceAndSeesEveryAppendBeforeIt() {
        pass(PACE);
        append(a);
        append(b);
        var loaded = writer.load("b").toCompletableFuture();
        pass(0);
        assertEquals(1, loaded.join().orElseThrow().tail().size());
        assertEquals(List.of("a1", "b1"), heard);
    }

    @Test
    void whatIsUrgentIsCommittedAtOnceWithEveryAppendBeforeIt() {
        pass(PACE);
        append(a);
        append(b);
        append(c, true);
        assertEquals(List.of("a1", "b1", "c1"), heard);
        append(a);
        assertEquals(List.of("a1", "b1", "c1"), heard, "the pace goes on for what is not");
        pass(PACE);
        assertEquals(List.of("a1", "b1", "c1", "a2"), heard);
        assertEquals(List.of(1, 2, 1), commits);
    }

    @Test
    void aLoadThatEndsAPauseLeavesNoneBehind() {
        pass(PACE);
        for (int i = 0; i < 10; i++) {
            append(a);
            append(b);
            writer.load("b");
            pass(0);
        }
        assertEquals(20, heard.size());
        pass(PACE / 2);
        append(c);
        writer.load("c");
        pass(0);
        append(a);
        pass(PACE / 2);
        assertEquals(1, tasks.size());
    }

    @Test
    void commitsThatAreFullFollowAtOnce() {
        pass(PACE);
        append(a);
        for (int i = 0; i < 8; i++) {
            append(b);
        }
        assertEquals(List.of("a1"), heard);
        pass(PACE);
        assertEquals(9, heard.size());
        for (int i = 0; i < 17; i++) {
            append(i % 2 == 0 ? c : a);
        }
        pass(PACE);
        assertEquals(List.of(1, 8, 8, 8), commits);
        pass(PACE);
        assertEquals(List.of(1, 8, 8, 8, 1), commits);
    }

    @Test
    void closingCommitsWhatWaits() {
        pass(PACE);
        append(a);
        append(b);
        assertEquals(List.of("a1"), heard);
        writer.close();
        assertEquals(List.of("a1", "b1"), heard);
    }
}
