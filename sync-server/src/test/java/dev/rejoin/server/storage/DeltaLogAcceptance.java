package dev.rejoin.server.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link DeltaLog} must do, on its own and under a {@link LogWriter}. To test an implementation, extend this
 * class and say how it is opened.
 */
public abstract class DeltaLogAcceptance {
    private static final LogRecord SMALL = LogRecord.Merged.unjudged(new byte[] {1, 2, 3});

    private DeltaLog log;
    private RewritingLog rows;

    /** Opens the log: empty for the first time in a test, and then, after it was closed, whatever it survived with. */
    protected abstract DeltaLog open() throws Exception;

    @BeforeEach
    void openLog() throws Exception {
        log = open();
        rows = new RewritingLog(log);
    }

    @AfterEach
    void closeLog() {
        log.close();
    }

    private void reopen() throws Exception {
        log.close();
        openLog();
    }

    // The rows.

    @Test
    void aNewLogIsEmpty() {
        assertEquals(Optional.empty(), log.property("documents"));
        assertEquals(Optional.empty(), log.head("a"));
        assertEquals(List.of(), heads());
        assertEquals(List.of(), entries(1));
        assertEquals(List.of(), chunks(1, 1));
    }

    @Test
    void returnsExactlyTheBytesThatWereCommitted() {
        byte[] every = new byte[256];
        IntStream.range(0, every.length).forEach(i -> every[i] = (byte) i);
        byte[] large = new byte[SnapshotCodec.CHUNK_BYTES];
        Arrays.fill(large, (byte) 0xa5);
        log.commit(List.of(
                new RowChange.PutProperty("p", every),
                new RowChange.InsertHead(new HeadRow(1, "a", every)),
                new RowChange.InsertEntry(new EntryRow(1, 1, Long.MIN_VALUE, new byte[0])),
                new RowChange.InsertEntry(new EntryRow(1, 2, -1, large)),
                new RowChange.InsertChunk(new ChunkRow(1, 2, 0, large))));
        assertArrayEquals(every, log.property("p").orElseThrow());
        assertArrayEquals(every, log.head("a").orElseThrow().value());
        assertEquals(1, log.head("a").orElseThrow().document());
        assertEquals(Long.MIN_VALUE, entries(1).get(0).incarnation());
        assertEquals(0, entries(1).get(0).value().length);
        assertEquals(-1, entries(1).get(1).incarnation());
        assertArrayEquals(large, entries(1).get(1).value());
        assertArrayEquals(large, chunks(1, 2).get(0).value());
    }

    @Test
    void namesAreKeptToTheLetter() {
        List<String> names = List.of(
                "a",
                "A",
                "a ",
                "é",
                "e\u0301",
                "a/b/c",
                "'; DROP TABLE document; --",
                "\u6f22\ud83d\ude00",
                "x".repeat(255));
        for (int i = 0; i < names.size(); i++) {
            log.commit(List.of(new RowChange.InsertHead(new HeadRow(i + 1, names.get(i), new byte[] {(byte) i}))));
        }
        for (int i = 0; i < names.size(); i++) {
            HeadRow row = log.head(names.get(i)).orElseThrow();
            assertEquals(names.get(i), row.name());
            assertEquals(i + 1, row.document());
        }
        assertEquals(names.size(), heads().size());
    }

    @Test
    void headsComeInPagesInTheOrderOfTheirBytes() {
        // the order of UTF-16 would put the last but one before the one before it
        List<String> names = List.of("A", "a", "a/b", "a0", "b", "\uFF5E", "\uD83D\uDE00", "\uD83D\uDE00/x");
        List<RowChange> changes = new ArrayList<>();
        for (int i = names.size() - 1; i >= 0; i--) {
            changes.add(new RowChange.InsertHead(new HeadRow(i + 1, names.get(i), new byte[] {1})));
        }
        log.commit(changes);
        for (int from = 0; from < names.size(); from++) {
            for (int limit = 1; limit <= names.size() + 1; limit++) {
                List<String> page = new ArrayList<>();
                log.heads(names.get(from), limit, row -> page.add(row.name()));
                assertEquals(names.subList(from, Math.min(names.size(), from + limit)), page);
            }
        }
        List<String> behind = new ArrayList<>();
        log.heads("a\u0001", 2, row -> behind.add(row.name()));
        assertEquals(List.of("a/b", "a0"), behind);
    }

    @Test
    void rowsComeInOrderAndOfOneDocumentOnly() {
        List<RowChange> changes = new ArrayList<>();
        for (long sequence : new long[] {3, 1, 300, 2, 256}) {
            changes.add(new RowChange.InsertEntry(new EntryRow(7, sequence, 1, new byte[] {1})));
            changes.add(new RowChange.InsertEntry(new EntryRow(8, sequence, 1, new byte[] {2})));
            changes.add(new RowChange.InsertChunk(new ChunkRow(7, 300, (int) sequence, new byte[] {3})));
            changes.add(new RowChange.InsertChunk(new ChunkRow(7, 200, (int) sequence, new byte[] {4})));
        }
        log.commit(changes);
        assertEquals(
                List.of(1L, 2L, 3L, 256L, 300L),
                entries(7).stream().map(EntryRow::sequence).toList());
        assertEquals(
                List.of(1, 2, 3, 256, 300),
                chunks(7, 300).stream().map(ChunkRow::chunk).toList());
        assertTrue(chunks(7, 300).stream().allMatch(chunk -> chunk.value()[0] == 3));
    }

    @Test
    void deletesWhatItIsToldAndNothingElse() {
        log.commit(List.of(
                new RowChange.InsertEntry(new EntryRow(1, 1, 1, new byte[] {1})),
                new RowChange.InsertEntry(new EntryRow(1, 2, 1, new byte[] {1})),
                new RowChange.InsertEntry(new EntryRow(1, 3, 1, new byte[] {1})),
                new RowChange.InsertEntry(new EntryRow(2, 1, 1, new byte[] {1})),
                new RowChange.InsertChunk(new ChunkRow(1, 1, 0, new byte[] {1})),
                new RowChange.InsertChunk(new ChunkRow(1, 2, 0, new byte[] {1})),
                new RowChange.InsertChunk(new ChunkRow(2, 1, 0, new byte[] {1}))));
        log.commit(List.of(new RowChange.DeleteEntries(1, 2), new RowChange.DeleteChunksExcept(1, 2)));
        assertEquals(List.of(3L), entries(1).stream().map(EntryRow::sequence).toList());
        assertEquals(1, entries(2).size());
        assertEquals(0, chunks(1, 1).size());
        assertEquals(1, chunks(1, 2).size());
        assertEquals(1, chunks(2, 1).size());
    }

    @Test
    void propertiesAreReplaced() {
        log.commit(List.of(new RowChange.PutProperty("p", new byte[] {1})));
        log.commit(List.of(new RowChange.PutProperty("p", new byte[] {2})));
        assertArrayEquals(new byte[] {2}, log.property("p").orElseThrow());
    }

    @Test
    void aHeadIsReplacedOnlyIfItIsTheOneExpected() {
        HeadRow first = new HeadRow(1, "a", new byte[] {1});
        log.commit(List.of(new RowChange.InsertHead(first)));
        log.commit(List.of(new RowChange.ReplaceHead(new HeadRow(1, "a", new byte[] {2}), first.value())));
        assertArrayEquals(new byte[] {2}, log.head("a").orElseThrow().value());
        assertThrows(
                StoreDownException.class,
                () -> log.commit(
                        List.of(new RowChange.ReplaceHead(new HeadRow(1, "a", new byte[] {3}), first.value()))));
    }

    @Test
    void aHeadIsDeletedOnlyIfItIsTheOneExpected() {
        HeadRow row = new HeadRow(1, "a", new byte[] {1});
        log.commit(List.of(new RowChange.InsertHead(row), new RowChange.InsertHead(new HeadRow(2, "b", new byte[0]))));
        log.commit(List.of(new RowChange.DeleteHead(row)));
        assertEquals(Optional.empty(), log.head("a"));
        assertEquals(1, heads().size());
        log.commit(List.of(new RowChange.InsertHead(row)));
        assertThrows(
                StoreDownException.class,
                () -> log.commit(List.of(new RowChange.DeleteHead(new HeadRow(1, "a", new byte[] {2})))));
    }

    @Test
    void aTransactionThatFailsLeavesNoTraceAndEndsTheService() throws Exception {
        EntryRow taken = new EntryRow(1, 1, 1, new byte[] {1});
        log.commit(List.of(new RowChange.InsertEntry(taken)));
        assertThrows(
                StoreDownException.class,
                () -> log.commit(List.of(
                        new RowChange.InsertEntry(new EntryRow(1, 2, 1, new byte[] {2})),
                        new RowChange.DeleteEntries(1, 1),
                        new RowChange.PutProperty("p", new byte[] {1}),
                        new RowChange.InsertEntry(new EntryRow(1, 2, 1, new byte[] {3})))));
        assertThrows(StoreDownException.class, () -> log.commit(List.of(new RowChange.DeleteEntries(9, 9))));
        boolean survives = log.durability() == Durability.DISK;
        reopen();
        assertEquals(survives ? 1 : 0, entries(1).size());
        assertEquals(Optional.empty(), log.property("p"));
    }

    @Test
    void rowsThatAreThereAreNotInsertedAgain() throws Exception {
        List<RowChange> inserts = List.of(
                new RowChange.InsertHead(new HeadRow(1, "a", new byte[] {1})),
                new RowChange.InsertEntry(new EntryRow(1, 1, 1, new byte[] {1})),
                new RowChange.InsertChunk(new ChunkRow(1, 1, 1, new byte[] {1})));
        List<RowChange> twins = new ArrayList<>(inserts);
        twins.add(new RowChange.InsertHead(new HeadRow(2, "a", new byte[] {1})));
        twins.add(new RowChange.InsertHead(new HeadRow(1, "b", new byte[] {1})));
        for (RowChange twin : twins) {
            DeltaLog fresh = log;
            if (fresh.head("a").isEmpty()) {
                fresh.commit(inserts);
            }
            assertThrows(StoreDownException.class, () -> fresh.commit(List.of(twin)), twin::toString);
            reopen();
        }
    }

    @Test
    void aClosedLogRefusesEverything() {
        log.close();
        assertThrows(StoreDownException.class, () -> log.head("a"));
        assertThrows(StoreDownException.class, () -> log.commit(List.of(new RowChange.DeleteEntries(1, 1))));
        log.close();
    }

    @Test
    void rowsAreReadBesideCommits() throws Exception {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread reader = new Thread(() -> {
            try {
                long last = 0;
                while (last < 200) {
                    List<EntryRow> seen = entries(1);
                    // Two rows per commit: seeing an odd number would be seeing half of one.
                    assertEquals(0, seen.size() % 2);
                    assertTrue(seen.size() >= last);
                    last = seen.size();
                }
            } catch (Throwable thrown) {
                failure.set(thrown);
            }
        });
        reader.start();
        for (int i = 0; i < 100; i++) {
            log.commit(List.of(
                    new RowChange.InsertEntry(new EntryRow(1, 2L * i + 1, 1, new byte[] {1})),
                    new RowChange.InsertEntry(new EntryRow(1, 2L * i + 2, 1, new byte[] {1}))));
        }
        reader.join(60_000);
        assertFalse(reader.isAlive());
        assertEquals(null, failure.get());
    }

    // Documents, through the writer.

    @Test
    void whatIsAppendedIsLoaded() {
        Desk desk = new Desk(rows, 5);
        assertEquals(Optional.empty(), desk.load("a"));
        LogDocument document = desk.create("a");
        List<LogRecord> records = List.of(
                new LogRecord.Leased(-1, new byte[16]),
                new LogRecord.Merged(-1, 1, 4, 0xcafe, new byte[] {9, 8}),
                new LogRecord.Voided(-1, 5, 5, -7, "content-rejected", "nicht hier: \u00fc"),
                new LogRecord.VerdictsKnown(-1, 4),
                new LogRecord.Former(new byte[] {1, 7, 3}),
                SMALL);
        assertEquals(1, desk.append(document, records.toArray(LogRecord[]::new)));
        assertEquals(2, desk.append(document, SMALL));
        desk.run();
        StoredDocument loaded = new Desk(rows, 6).load("a").orElseThrow();
        assertEquals(List.of(new LogEntry(5, 1, records), new LogEntry(5, 2, List.of(SMALL))), loaded.tail());
        assertEquals(document.epoch(), loaded.handle().epoch());
        assertEquals(2, loaded.handle().appended());
        assertTrue(loaded.tailBytes() > 0);
    }

    @Test
    void everythingIsThereAfterReopening() throws Exception {
        assumeTrue(log.durability() == Durability.DISK);
        Desk desk = new Desk(log, 5);
        LogDocument document = desk.create("a");
        desk.create("b");
        desk.append(document, SMALL);
        desk.run();
        desk.done(desk.writer.snapshot(document, new StoredSnapshot(1, new byte[] {4}, new byte[0], List.of())));
        desk.append(document, SMALL);
        desk.writer.close();
        openLog();
        Desk later = new Desk(rows, 6);
        StoredDocument loaded = later.load("a").orElseThrow();
        assertEquals(document.epoch(), loaded.handle().epoch());
        assertEquals(3, later.append(loaded.handle(), SMALL));
        later.run();
        StoredDocument again = later.load("a").orElseThrow();
        assertEquals(
                new StoredSnapshot(1, new byte[] {4}, new byte[0], List.of()),
                again.snapshot().orElseThrow());
        assertEquals(List.of(new LogEntry(5, 2, List.of(SMALL)), new LogEntry(6, 3, List.of(SMALL))), again.tail());
        assertTrue(later.load("b").isPresent());
        assertTrue(later.load("c").isEmpty());
        assertEquals(List.of(), later.damage);
    }

    @Test
    void appendsThatWaitTogetherShareOneCommit() {
        Desk desk = new Desk(rows, 5);
        LogDocument a = desk.create("a");
        LogDocument b = desk.create("b");
        int before = rows.commits;
        for (int i = 0; i < 50; i++) {
            desk.append(a, SMALL);
            desk.append(b, SMALL);
        }
        assertEquals(List.of(), desk.heard);
        desk.run();
        assertEquals(before + 1, rows.commits);
        assertEquals(100, desk.heard.size());
        assertEquals(
                IntStream.rangeClosed(1, 50).mapToObj(i -> "a " + i).toList(),
                desk.heard.stream().filter(line -> line.startsWith("a")).toList());
        assertEquals(
                IntStream.rangeClosed(1, 50).mapToObj(i -> "b " + i).toList(),
                desk.heard.stream().filter(line -> line.startsWith("b")).toList());
    }

    @Test
    void oneCommitCarriesNoMoreThanItsBound() {
        Desk desk = new Desk(rows, 5, new LogBounds(1 << 20, 1_000, 1 << 20, 1_000, 1 << 20, 8, 0));
        LogDocument a = desk.create("a");
        int before = rows.commits;
        for (int i = 0; i < 20; i++) {
            desk.append(a, SMALL);
        }
        desk.run();
        assertEquals(before + 3, rows.commits);
        assertEquals(20, desk.load("a").orElseThrow().tail().size());
    }

    @Test
    void aLoadSeesEveryAppendBeforeIt() {
        Desk desk = new Desk(rows, 5);
        LogDocument a = desk.create("a");
        desk.append(a, SMALL);
        desk.append(a, SMALL);
        assertEquals(2, desk.load("a").orElseThrow().tail().size());
    }

    @Test
    void aDocumentIsCreatedOnce() {
        Desk desk = new Desk(rows, 5);
        desk.create("a");
        assertThrows(IllegalStateException.class, () -> desk.create("a"));
        var first = desk.writer.create("b", 1);
        var second = desk.writer.create("b", 2);
        assertEquals(1, desk.done(first).handle().epoch());
        assertThrows(IllegalStateException.class, () -> desk.done(second));
        assertTrue(desk.writer.isReady());
        desk.append(desk.create("c"), SMALL);
        desk.run();
        assertEquals(1, desk.load("c").orElseThrow().tail().size());
    }

    @Test
    void aSnapshotReplacesTheEntriesBeforeIt() {
        Desk desk = new Desk(rows, 5);
        LogDocument a = desk.create("a");
        for (int i = 0; i < 5; i++) {
            desk.append(a, SMALL);
        }
        StoredSnapshot snapshot = new StoredSnapshot(
                3,
                new byte[] {7, 7},
                new byte[] {8},
                List.of(
                        new StoredLease(1, new byte[16], 0, 0, 0, List.of()),
                        new StoredLease(
                                -2,
                                new byte[] {1, 2},
                                9,
                                -5,
                                4,
                                List.of(
                                        new StoredVerdict(5, 6, 1, LogRecord.ACCEPTED, ""),
                                        new StoredVerdict(7, 9, -5, "too-rude", "\u00e4")))));
        assertTrue(desk.done(desk.writer.snapshot(a, snapshot)) > 0);
        StoredDocument loaded = desk.load("a").orElseThrow();
        assertEquals(snapshot, loaded.snapshot().orElseThrow());
        assertEquals(
                List.of(4L, 5L), loaded.tail().stream().map(LogEntry::sequence).toList());
        assertEquals(2, entries(1).size());
        assertEquals(0L, desk.done(desk.writer.snapshot(a, snapshot)));
    }

    @Test
    void aLargeSnapshotIsCutIntoChunks() {
        Desk desk = new Desk(rows, 5);
        LogDocument a = desk.create("a");
        desk.append(a, SMALL);
        byte[] state = new byte[(5 << 20) / 2];
        for (int i = 0; i < state.length; i++) {
            state[i] = (byte) (i * 31 >>> 3);
        }
        desk.done(desk.writer.snapshot(a, new StoredSnapshot(1, state, new byte[0], List.of())));
        List<ChunkRow> stored = chunks(1, 1);
        assertEquals(3, stored.size());
        assertTrue(stored.stream().allMatch(chunk -> chunk.value().length <= SnapshotCodec.CHUNK_BYTES));
        assertArrayEquals(
                state, desk.load("a").orElseThrow().snapshot().orElseThrow().state());
        desk.append(a, SMALL);
        desk.done(desk.writer.snapshot(a, new StoredSnapshot(2, new byte[0], new byte[0], List.of())));
        assertEquals(0, chunks(1, 1).size());
        assertEquals(1, chunks(1, 2).size());
    }

    @Test
    void aSnapshotThatReadsBackDifferentlyReplacesNothing() {
        Desk desk = new Desk(rows, 5);
        LogDocument a = desk.create("a");
        desk.append(a, SMALL);
        desk.done(desk.writer.snapshot(a, new StoredSnapshot(1, new byte[] {1}, new byte[0], List.of())));
        desk.append(a, SMALL);
        rows.chunks = read -> read.stream()
                .map(row -> withValue(row, flip(row.value(), 12, 1)))
                .toList();
        assertThrows(
                CorruptDocumentException.class,
                () -> desk.done(
                        desk.writer.snapshot(a, new StoredSnapshot(2, new byte[] {2}, new byte[0], List.of()))));
        rows.chunks = read -> read;
        StoredDocument loaded = desk.load("a").orElseThrow();
        assertArrayEquals(new byte[] {1}, loaded.snapshot().orElseThrow().state());
        assertEquals(1, loaded.tail().size());
        desk.done(desk.writer.snapshot(a, new StoredSnapshot(2, new byte[] {3}, new byte[0], List.of())));
        assertArrayEquals(
                new byte[] {3},
                desk.load("a").orElseThrow().snapshot().orElseThrow().state());
    }

    @Test
    void aCrashBetweenTheTwoCommitsOfASnapshotLosesNothing() {
        Desk desk = new Desk(rows, 5);
        LogDocument a = desk.create("a");
        desk.append(a, SMALL);
        desk.run();
        rows.beforeCommit = changes -> {
            if (changes.stream().anyMatch(RowChange.DeleteEntries.class::isInstance)) {
                throw new StoreDownException("the machine stops here", null);
            }
        };
        assertThrows(
                StoreDownException.class,
                () -> desk.done(
                        desk.writer.snapshot(a, new StoredSnapshot(1, new byte[] {1}, new byte[0], List.of()))));
        rows.beforeCommit = changes -> {};
        assertEquals(1, chunks(1, 1).size());
        Desk later = new Desk(rows, 6);
        StoredDocument loaded = later.load("a").orElseThrow();
        assertEquals(Optional.empty(), loaded.snapshot());
        assertEquals(1, loaded.tail().size());
        later.done(
                later.writer.snapshot(loaded.handle(), new StoredSnapshot(1, new byte[] {2}, new byte[0], List.of())));
        assertArrayEquals(
                new byte[] {2},
                later.load("a").orElseThrow().snapshot().orElseThrow().state());
    }

    // Lives of a document.

    @Test
    void aDeletedDocumentIsThereForNobody() throws Exception {
        twoDocuments();
        Desk desk = new Desk(rows, 9);
        LogDocument a = desk.load("a").orElseThrow().handle();
        desk.append(a, SMALL);
        long deleted = desk.done(desk.writer.delete(a));
        assertEquals(List.of("a 6"), desk.heard);
        assertEquals(Desk.NOW, deleted);
        DeletedDocumentException refusal = assertThrows(DeletedDocumentException.class, () -> desk.load("a"));
        assertEquals(Desk.NOW, refusal.deletedMillis());
        assertThrows(IllegalStateException.class, () -> desk.create("a"));
        assertThrows(IllegalStateException.class, () -> desk.append(a, SMALL));
        assertTrue(desk.load("b").isPresent());
        assertEquals(Optional.empty(), desk.done(desk.writer.loadDeleted("b")));
        assertEquals(Optional.empty(), desk.done(desk.writer.loadDeleted("c")));
        if (log.durability() == Durability.DISK) {
            reopen();
        }
        Desk later = new Desk(rows, 10);
        assertThrows(DeletedDocumentException.class, () -> later.load("a"));
        assertEquals(
                4,
                later.done(later.writer.loadDeleted("a")).orElseThrow().tail().size());
        assertEquals(List.of(), later.damage);
    }

    @Test
    void aRestoredDocumentIsAsItWasInANewLife() throws Exception {
        twoDocuments();
        Desk desk = new Desk(rows, 9);
        StoredDocument before = desk.load("a").orElseThrow();
        desk.done(desk.writer.delete(before.handle()));
        StoredDocument back = desk.done(desk.writer.restore("a", 4711)).orElseThrow();
        assertEquals(4711, back.handle().epoch());
        assertEquals(before.tail(), back.tail());
        assertEquals(before.snapshot(), back.snapshot());
        assertEquals(Optional.empty(), desk.done(desk.writer.restore("a", 4712)));
        desk.append(back.handle(), SMALL);
        desk.done(desk.writer.snapshot(back.handle(), new StoredSnapshot(4, new byte[] {5}, new byte[0], List.of())));
        if (log.durability() == Durability.DISK) {
            reopen();
        }
        Desk later = new Desk(rows, 10);
        StoredDocument loaded = later.load("a").orElseThrow();
        assertEquals(4711, loaded.handle().epoch());
        assertEquals(
                List.of(5L, 6L), loaded.tail().stream().map(LogEntry::sequence).toList());
        assertEquals(7, later.append(loaded.handle(), SMALL));
        later.run();
        assertEquals(List.of("a 7"), later.heard);
    }

    @Test
    void aDocumentBegunAnewHoldsNothingOfItsFormerLife() {
        twoDocuments();
        List<EntryRow> former = entries(1);
        Desk desk = new Desk(rows, 9);
        desk.done(desk.writer.delete(desk.load("a").orElseThrow().handle()));
        StoredDocument anew =
                desk.done(desk.writer.recreate("a", 4711, List.of(SMALL))).orElseThrow();
        assertEquals(4711, anew.handle().epoch());
        assertEquals(Optional.empty(), anew.snapshot());
        assertEquals(List.of(new LogEntry(9, 1, List.of(SMALL))), anew.tail());
        assertEquals(0, chunks(1, 2).size());
        desk.append(anew.handle(), SMALL);
        desk.append(anew.handle(), SMALL);
        StoredSnapshot snapshot =
                new StoredSnapshot(1, new byte[] {1}, new byte[] {2}, new byte[] {1, 7, 3}, List.of());
        desk.done(desk.writer.snapshot(anew.handle(), snapshot));
        assertEquals(snapshot, desk.load("a").orElseThrow().snapshot().orElseThrow());
        assertEquals(2, desk.load("a").orElseThrow().tail().size());
        rows.entries = read ->
                List.of(read.get(0), withValue(read.get(1), former.get(0).value()));
        assertEquals(3, refused("a").sequence());
    }

    @Test
    void aDocumentMayBeginAnewWithNothingAtAll() {
        Desk desk = new Desk(rows, 9);
        desk.done(desk.writer.delete(desk.create("a")));
        StoredDocument anew =
                desk.done(desk.writer.recreate("a", 4711, List.of())).orElseThrow();
        assertEquals(0, anew.handle().appended());
        assertEquals(1, desk.append(anew.handle(), SMALL));
        assertEquals(Optional.empty(), desk.done(desk.writer.recreate("b", 1, List.of())));
    }

    @Test
    void aSnapshotThatComesAfterTheDeletionChangesNothing() {
        twoDocuments();
        Desk desk = new Desk(rows, 9);
        LogDocument former = desk.load("a").orElseThrow().handle();
        desk.writer.delete(former);
        var late = desk.writer.snapshot(former, new StoredSnapshot(5, new byte[] {5}, new byte[0], List.of()));
        var anew = desk.writer.recreate("a", 4711, List.of(SMALL));
        var later = desk.writer.snapshot(former, new StoredSnapshot(5, new byte[] {5}, new byte[0], List.of()));
        assertEquals(0L, desk.done(late));
        assertEquals(0L, desk.done(later));
        assertTrue(desk.done(anew).isPresent());
        assertTrue(desk.writer.isReady());
        assertEquals(1, desk.load("a").orElseThrow().tail().size());
    }

    @Test
    void deletedDocumentsExpireAndTheirNamesAreFree() throws Exception {
        twoDocuments();
        Desk desk = new Desk(rows, 9);
        desk.done(desk.writer.delete(desk.load("a").orElseThrow().handle()));
        int before = rows.commits;
        assertEquals(0, desk.done(desk.writer.expire(Desk.NOW)));
        assertEquals(before, rows.commits);
        assertThrows(DeletedDocumentException.class, () -> desk.load("a"));
        assertEquals(1, desk.done(desk.writer.expire(Desk.NOW + 1)));
        assertEquals(0, desk.done(desk.writer.expire(Desk.NOW + 1)));
        assertEquals(Optional.empty(), desk.load("a"));
        assertEquals(0, entries(1).size());
        assertEquals(0, chunks(1, 2).size());
        assertEquals(3, entries(2).size());
        desk.append(desk.create("a"), SMALL);
        desk.run();
        if (log.durability() == Durability.DISK) {
            reopen();
        }
        Desk later = new Desk(rows, 10);
        assertEquals(1, later.load("a").orElseThrow().tail().size());
        assertTrue(later.load("b").isPresent());
        assertEquals(Optional.empty(), later.load("c"));
        later.create("c");
    }

    @Test
    void renewedEpochsConcernNothingButTheEpoch() throws Exception {
        twoDocuments();
        Desk desk = new Desk(rows, 9);
        StoredDocument before = desk.load("a").orElseThrow();
        desk.done(desk.writer.delete(desk.load("b").orElseThrow().handle()));
        long[] next = {before.handle().epoch() - 1};
        assertEquals(2, rows.renewEpochs(() -> ++next[0] == before.handle().epoch() ? 0 : next[0]));
        if (log.durability() == Durability.DISK) {
            reopen();
        }
        Desk later = new Desk(rows, 10);
        StoredDocument after = later.load("a").orElseThrow();
        assertFalse(after.handle().epoch() == before.handle().epoch());
        assertFalse(after.handle().epoch() == 0);
        assertEquals(before.tail(), after.tail());
        assertEquals(before.snapshot(), after.snapshot());
        assertThrows(DeletedDocumentException.class, () -> later.load("b"));
        later.append(after.handle(), SMALL);
        later.run();
        assertEquals(List.of("a 6"), later.heard);
    }

    @Test
    void renewingEpochsPassesOverDamagedHeads() {
        twoDocuments();
        HeadRow good = log.head("a").orElseThrow();
        log.commit(List.of(new RowChange.ReplaceHead(new HeadRow(1, "a", flip(good.value(), 9, 4)), good.value())));
        assertEquals(1, log.renewEpochs(() -> 4711));
        Desk later = new Desk(rows, 10);
        assertThrows(CorruptDocumentException.class, () -> later.load("a"));
        assertEquals(4711, later.load("b").orElseThrow().handle().epoch());
    }

    // Failure.

    @Test
    void afterAFailedCommitNothingMoreIsTaken() {
        Desk desk = new Desk(rows, 5, new LogBounds(1 << 20, 1_000, 1 << 20, 1_000, 1 << 20, 2, 0));
        LogDocument a = desk.create("a");
        desk.append(a, SMALL);
        desk.run();
        rows.beforeCommit = changes -> {
            throw new StoreDownException("no space left on device", null);
        };
        for (int i = 0; i < 3; i++) {
            desk.append(a, SMALL);
        }
        var load = desk.writer.load("a");
        var create = desk.writer.create("b", 1);
        desk.run();
        rows.beforeCommit = changes -> {};
        assertEquals(List.of("a 1", "a 2 lost", "a 3 lost", "a 4 lost"), desk.heard);
        assertThrows(StoreDownException.class, () -> desk.done(load));
        assertThrows(StoreDownException.class, () -> desk.done(create));
        assertThrows(StoreDownException.class, () -> desk.append(a, SMALL));
        assertThrows(StoreDownException.class, () -> desk.load("a"));
        assertThrows(StoreDownException.class, () -> desk.create("c"));
        assertFalse(desk.writer.isReady());
        assertTrue(desk.writer.whenDown().toCompletableFuture().isDone());
        assertEquals(0, desk.writer.waitingEntries());
        assertEquals(0, desk.writer.waitingBytes());
        assertEquals(1, new Desk(rows, 6).load("a").orElseThrow().tail().size());
    }

    @Test
    void twoWritersOfOneDocumentAreNoticed() {
        Desk one = new Desk(rows, 5);
        LogDocument mine = one.create("a");
        Desk two = new Desk(rows, 6);
        LogDocument theirs = two.load("a").orElseThrow().handle();
        one.append(mine, SMALL);
        one.run();
        two.append(theirs, SMALL);
        two.run();
        assertEquals(List.of("a 1 lost"), two.heard);
        assertEquals(List.of("a 1"), one.heard);
    }

    @Test
    void closingCommitsWhatWaits() throws Exception {
        Desk desk = new Desk(rows, 5);
        LogDocument a = desk.create("a");
        desk.append(a, SMALL);
        desk.writer.close();
        assertEquals(List.of("a 1"), desk.heard);
        assertThrows(StoreDownException.class, () -> desk.append(a, SMALL));
        assertFalse(desk.writer.isReady());
    }

    @Test
    void aFullBacklogRefusesAndADrainedOneTells() {
        Desk desk = new Desk(rows, 5, new LogBounds(1 << 20, 8, 1 << 20, 4, 1 << 20, 2, 0));
        LogDocument a = desk.create("a");
        List<String> told = new ArrayList<>();
        for (int i = 1; i <= 8; i++) {
            assertEquals(i, desk.append(a, SMALL));
            assertEquals(i > 7 ? Backlog.FULL : i > 4 ? Backlog.HIGH : Backlog.OPEN, desk.writer.backlog());
        }
        assertEquals(LogWriter.REFUSED, desk.append(a, SMALL));
        assertEquals(8, a.appended());
        desk.writer.whenDrained(() -> told.add("drained after " + desk.heard.size()));
        assertEquals(List.of(), told);
        desk.run();
        assertEquals(List.of("drained after 6"), told);
        assertEquals(Backlog.OPEN, desk.writer.backlog());
        desk.writer.whenDrained(() -> told.add("at once"));
        assertEquals(2, told.size());
        assertEquals(9, desk.append(a, SMALL));
    }

    // Damage.

    @Test
    void everyFlippedBitOfEveryStoredValueIsReported() {
        twoDocuments();
        eachDamage(value -> IntStream.range(0, 8 * value.length)
                .mapToObj(bit -> flip(value, bit / 8, 1 << bit % 8))
                .toList());
    }

    @Test
    void everyTruncationOfEveryStoredValueIsReported() {
        twoDocuments();
        eachDamage(value -> IntStream.range(0, value.length)
                .mapToObj(length -> Arrays.copyOf(value, length))
                .toList());
    }

    @Test
    void aLongerValueIsReported() {
        twoDocuments();
        eachDamage(value -> List.of(Arrays.copyOf(value, value.length + 1), Arrays.copyOf(value, value.length + 8)));
    }

    @Test
    void everyMissingEntryIsReportedWithItsPosition() {
        twoDocuments();
        for (long lost : new long[] {3, 4, 5}) {
            rows.entries =
                    read -> read.stream().filter(row -> row.sequence() != lost).toList();
            CorruptDocumentException failure = refused("a");
            assertEquals(lost, failure.sequence());
            assertTrue(failure.getMessage().contains("'a'"), failure.getMessage());
        }
        rows.entries = read -> List.of();
        assertEquals(3, refused("a").sequence());
    }

    @Test
    void rowsInTheWrongPlaceAreReported() {
        twoDocuments();
        List<EntryRow> other = entries(2);
        rows.entries = read -> read.get(0).document() == 1
                ? read.stream()
                        .map(row -> withValue(
                                row, other.get((int) row.sequence() - 3).value()))
                        .toList()
                : read;
        assertEquals(3, refused("a").sequence());
        rows.entries = read -> List.of(
                read.get(0),
                withValue(read.get(1), read.get(2).value()),
                withValue(read.get(2), read.get(1).value()));
        assertEquals(4, refused("a").sequence());
        rows.entries = read -> {
            List<EntryRow> reversed = new ArrayList<>(read);
            Collections.reverse(reversed);
            return reversed;
        };
        refused("a");
        rows.entries = read -> read.stream()
                .map(row -> new EntryRow(row.document(), row.sequence(), row.incarnation() + 1, row.value()))
                .toList();
        assertEquals(3, refused("a").sequence());
        rows.entries = read -> read;
        byte[] chunk = chunks(2, 2).get(0).value();
        rows.chunks = read -> read.stream().map(row -> withValue(row, chunk)).toList();
        assertEquals(2, refused("a").sequence());
        rows.chunks = read -> List.of();
        assertEquals(2, refused("a").sequence());
        rows.chunks = read -> List.of(read.get(0), read.get(0));
        assertEquals(2, refused("a").sequence());
        rows.chunks = read -> read;
        HeadRow head = log.head("b").orElseThrow();
        rows.head = read -> Optional.of(head);
        assertEquals(0, refused("a").sequence());
        rows.head = read -> Optional.of(new HeadRow(1, "a", head.value()));
        assertEquals(0, refused("a").sequence());
    }

    @Test
    void anEntryBeyondTheHeadIsReported() {
        twoDocuments();
        rows.entries = read -> {
            List<EntryRow> more = new ArrayList<>(read);
            more.add(new EntryRow(1, 6, 5, read.get(0).value()));
            return more;
        };
        assertEquals(6, refused("a").sequence());
    }

    @Test
    void aDocumentWhoseHeadVanishedIsNotBegunAnew() {
        twoDocuments();
        rows.heads =
                read -> read.stream().filter(row -> !row.name().equals("b")).toList();
        rows.head = read -> read.filter(row -> !row.name().equals("b"));
        Desk desk = new Desk(rows, 9);
        assertTrue(desk.load("a").isPresent());
        assertThrows(CorruptDocumentException.class, () -> desk.load("b"));
        assertThrows(CorruptDocumentException.class, () -> desk.create("b"));
        assertThrows(CorruptDocumentException.class, () -> desk.create("c"));
        assertTrue(desk.writer.isReady());
    }

    @Test
    void damageToOneDocumentDoesNotConcernAnother() {
        twoDocuments();
        rows.entries = read -> read.stream()
                .map(row -> row.document() == 1 ? withValue(row, flip(row.value(), 9, 4)) : row)
                .toList();
        Desk desk = new Desk(rows, 9);
        assertThrows(CorruptDocumentException.class, () -> desk.load("a"));
        StoredDocument good = desk.load("b").orElseThrow();
        desk.append(good.handle(), SMALL);
        desk.run();
        assertEquals(List.of("b 6"), desk.heard);
        assertEquals(1, desk.damage.size());
    }

    /** Documents "a" and "b", each with a snapshot at 2 and entries 3, 4 and 5. */
    private void twoDocuments() {
        Desk desk = new Desk(rows, 5);
        LogDocument a = desk.create("a");
        LogDocument b = desk.create("b");
        for (LogDocument document : List.of(a, b)) {
            for (int i = 1; i <= 5; i++) {
                desk.append(
                        document,
                        new LogRecord.Merged(3, i, i, i * 17, new byte[] {(byte) i, 7}),
                        new LogRecord.Content(new byte[] {(byte) i, 9, 9}),
                        new LogRecord.VerdictsKnown(3, i));
            }
            desk.done(desk.writer.snapshot(
                    document,
                    new StoredSnapshot(
                            2,
                            new byte[] {1, 2},
                            new byte[] {3},
                            List.of(new StoredLease(3, new byte[16], 2, 34, 2, List.of())))));
        }
    }

    private void eachDamage(Function<byte[], List<byte[]>> damages) {
        int tried = 0;
        for (byte[] bad : damages.apply(log.head("a").orElseThrow().value())) {
            rows.head = read -> read.map(row -> new HeadRow(row.document(), row.name(), bad));
            assertEquals(0, refused("a").sequence());
            tried++;
        }
        rows.rewriteNothing();
        for (EntryRow entry : entries(1)) {
            for (byte[] bad : damages.apply(entry.value())) {
                rows.entries = read -> read.stream()
                        .map(row -> row.sequence() == entry.sequence() ? withValue(row, bad) : row)
                        .toList();
                assertEquals(entry.sequence(), refused("a").sequence());
                tried++;
            }
        }
        rows.rewriteNothing();
        for (byte[] bad : damages.apply(chunks(1, 2).get(0).value())) {
            rows.chunks = read -> read.stream().map(row -> withValue(row, bad)).toList();
            assertEquals(2, refused("a").sequence());
            tried++;
        }
        rows.rewriteNothing();
        for (byte[] bad : damages.apply(log.property("documents").orElseThrow())) {
            rows.property = read -> Optional.of(bad);
            assertThrows(CorruptDocumentException.class, () -> new Desk(rows, 9).load("never created"));
            assertTrue(new Desk(rows, 9).load("a").isPresent());
            tried++;
        }
        rows.rewriteNothing();
        assertTrue(tried > 10);
        assertTrue(new Desk(rows, 9).load("a").isPresent());
    }

    private CorruptDocumentException refused(String name) {
        Desk desk = new Desk(rows, 9);
        CorruptDocumentException failure = assertThrows(CorruptDocumentException.class, () -> desk.load(name));
        assertEquals(name, failure.document());
        return failure;
    }

    private static byte[] flip(byte[] value, int at, int bits) {
        byte[] flipped = value.clone();
        flipped[at] ^= (byte) bits;
        return flipped;
    }

    private static EntryRow withValue(EntryRow row, byte[] value) {
        return new EntryRow(row.document(), row.sequence(), row.incarnation(), value);
    }

    private static ChunkRow withValue(ChunkRow row, byte[] value) {
        return new ChunkRow(row.document(), row.sequence(), row.chunk(), value);
    }

    private List<HeadRow> heads() {
        return collect(log::heads);
    }

    private List<EntryRow> entries(long document) {
        return collect(visitor -> log.entries(document, visitor));
    }

    private List<ChunkRow> chunks(long document, long sequence) {
        return collect(visitor -> log.chunks(document, sequence, visitor));
    }

    private static <T> List<T> collect(Consumer<Consumer<T>> read) {
        List<T> rows = new ArrayList<>();
        read.accept(rows::add);
        return rows;
    }

    // A moment of the whole, and documents from elsewhere.

    @Test
    void aViewShowsOneMomentWhateverIsCommittedLater() {
        Desk desk = new Desk(log, 1);
        LogDocument a = desk.create("a");
        desk.append(a, SMALL);
        desk.run();
        try (LogView view = log.view()) {
            LogDocument b = desk.create("b");
            desk.append(b, SMALL);
            desk.append(a, SMALL);
            desk.run();
            desk.done(desk.writer.snapshot(a, new StoredSnapshot(2, new byte[] {5}, new byte[0], List.of())));
            assertEquals(
                    1,
                    DocumentReader.read(view, "a", false).orElseThrow().tail().size());
            assertEquals(Optional.empty(), DocumentReader.read(view, "b", false));
            assertEquals(Optional.empty(), DocumentReader.census(view, new LogObserver() {}));
        }
        try (LogView view = log.view()) {
            assertEquals(
                    2,
                    DocumentReader.read(view, "a", false)
                            .orElseThrow()
                            .snapshot()
                            .orElseThrow()
                            .sequence());
            assertEquals(
                    1,
                    DocumentReader.read(view, "b", false).orElseThrow().tail().size());
        }
    }

    @Test
    void aViewMayBeReadWithinItsOwnVisits() {
        Desk desk = new Desk(log, 1);
        for (String name : List.of("a", "b", "c")) {
            desk.append(desk.create(name), SMALL);
        }
        desk.run();
        List<String> read = new ArrayList<>();
        try (LogView view = log.view()) {
            view.heads(head -> view.entries(head.document(), entry -> read.add(head.name() + entry.sequence())));
        }
        assertEquals(List.of("a1", "b1", "c1"), read.stream().sorted().toList());
    }

    private static DocumentImage image(String name, int state) {
        return new DocumentImage(
                name, 4_711, 12, new StoredSnapshot(9, new byte[] {(byte) state}, new byte[] {7}, List.of()));
    }

    private static byte state(Desk desk, String name) {
        return desk.load(name).orElseThrow().snapshot().orElseThrow().state()[0];
    }

    @Test
    void documentsFromElsewhereAreThereAllAtOnce() throws Exception {
        Desk desk = new Desk(log, 1);
        Intake intake = desk.writer.intake(Intake.Existing.REFUSE);
        desk.done(intake.add(image("a", 1)));
        desk.done(intake.add(image("b", 2)));
        assertEquals(Optional.empty(), desk.load("a"));
        assertEquals(new Intake.Outcome(2, 0, 0), desk.done(intake.finish()));
        assertEquals(1, state(desk, "a"));
        StoredDocument b = desk.load("b").orElseThrow();
        assertEquals(4_711, b.handle().epoch());
        assertEquals(12, b.handle().createdMillis());
        desk.append(b.handle(), SMALL);
        desk.append(desk.create("c"), SMALL);
        desk.run();
        if (log.durability() == Durability.DISK) {
            desk.writer.close();
            openLog();
            desk = new Desk(log, 2);
        }
        assertEquals(2, state(desk, "b"));
        assertEquals(10, desk.load("b").orElseThrow().tail().get(0).sequence());
        assertEquals(List.of(), desk.damage);
    }

    @Test
    void whatIsThereIsRefusedSkippedOrReplacedAsAsked() {
        Desk desk = new Desk(log, 1);
        desk.append(desk.create("a"), SMALL);
        desk.run();
        Intake refusing = desk.writer.intake(Intake.Existing.REFUSE);
        desk.done(refusing.add(image("b", 2)));
        assertThrows(IntakeRefusedException.class, () -> desk.done(refusing.add(image("a", 1))));
        desk.done(refusing.abandon());
        assertEquals(Optional.empty(), desk.load("b"));

        Intake skipping = desk.writer.intake(Intake.Existing.SKIP);
        desk.done(skipping.add(image("a", 1)));
        desk.done(skipping.add(image("b", 2)));
        assertEquals(new Intake.Outcome(1, 0, 1), desk.done(skipping.finish()));
        assertEquals(1, desk.load("a").orElseThrow().tail().size());

        Intake replacing = desk.writer.intake(Intake.Existing.REPLACE);
        desk.done(replacing.add(image("a", 3)));
        assertEquals(1, desk.load("a").orElseThrow().tail().size());
        assertEquals(new Intake.Outcome(0, 1, 0), desk.done(replacing.finish()));
        assertEquals(3, state(desk, "a"));
        assertEquals(List.of(), desk.load("a").orElseThrow().tail());
        assertEquals(2, heads().size());
        assertEquals(Optional.empty(), DocumentReader.census(log, new LogObserver() {}));
    }

    @Test
    void aDocumentCreatedWhileOthersComeInIsNotOverwritten() {
        Desk desk = new Desk(log, 1);
        Intake intake = desk.writer.intake(Intake.Existing.REFUSE);
        desk.done(intake.add(image("a", 1)));
        desk.append(desk.create("a"), SMALL);
        desk.run();
        assertThrows(IntakeRefusedException.class, () -> desk.done(intake.finish()));
        assertEquals(1, desk.load("a").orElseThrow().tail().size());
        assertTrue(desk.writer.isReady(), "a refusal is no failure of the log");
    }

    @Test
    void whatAnInterruptedIntakeLeavesIsInNobodysWay() throws Exception {
        assumeTrue(log.durability() == Durability.DISK);
        Desk first = new Desk(log, 1);
        Intake intake = first.writer.intake(Intake.Existing.REFUSE);
        first.done(intake.add(image("a", 1)));
        first.done(intake.add(image("b", 2)));
        reopen();
        Desk second = new Desk(log, 2);
        assertEquals(Optional.empty(), second.load("a"));
        // gets the number that "a" had
        LogDocument c = second.create("c");
        second.append(c, SMALL);
        second.run();
        second.done(second.writer.snapshot(c, new StoredSnapshot(1, new byte[] {8}, new byte[0], List.of())));
        assertEquals(8, state(second, "c"));
        Intake again = second.writer.intake(Intake.Existing.REFUSE);
        second.done(again.add(image("a", 1)));
        second.done(again.add(image("b", 2)));
        second.done(again.finish());
        assertEquals(2, state(second, "b"));
        assertEquals(8, state(second, "c"));
        assertEquals(List.of(), second.damage);
    }

    @Test
    void aDocumentThatComesTwiceIsRefused() {
        Desk desk = new Desk(log, 1);
        Intake intake = desk.writer.intake(Intake.Existing.REPLACE);
        desk.done(intake.add(image("a", 1)));
        assertThrows(IntakeRefusedException.class, () -> desk.done(intake.add(image("a", 2))));
    }

    @Test
    void anEmptyDocumentComesInEmpty() {
        Desk desk = new Desk(log, 1);
        Intake intake = desk.writer.intake(Intake.Existing.REFUSE);
        desk.done(
                intake.add(new DocumentImage("a", 5, 12, new StoredSnapshot(0, new byte[0], new byte[0], List.of()))));
        desk.done(intake.finish());
        StoredDocument a = desk.load("a").orElseThrow();
        assertEquals(Optional.empty(), a.snapshot());
        desk.append(a.handle(), SMALL);
        desk.run();
        assertEquals(1, desk.load("a").orElseThrow().tail().size());
    }
}
