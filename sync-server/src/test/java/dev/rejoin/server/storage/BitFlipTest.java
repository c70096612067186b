package dev.rejoin.server.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Bits that change on the disk of a SQLite log: in every stored value, anywhere in the file, and in the write-ahead log
 * that a crash leaves behind. Each is reported, or makes no difference; none is served.
 */
final class BitFlipTest {
    private static final int ROUNDS = Integer.getInteger("rejoin.rounds", 80);
    private static final String FILE = "rejoin.db";
    private static final String WAL = "rejoin.db-wal";

    private final long seed = Long.getLong("rejoin.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @TempDir
    Path directory;

    /** Eight documents of one layout, each with another bit flipped of the byte under test, so that one commit flips eight. */
    @Test
    void everyFlippedBitOfEveryStoredValueIsReported() {
        try (SqliteDeltaLog log = SqliteDeltaLog.open(directory.resolve("values"))) {
            List<StoredDocument> victims = new ArrayList<>();
            List<List<Place>> places = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                victims.add(written(log, "victim " + i));
                places.add(places(log, victims.get(i)));
            }
            StoredDocument other = written(log, "other");
            RewritingLog rows = new RewritingLog(log);
            int flips = 0;
            for (int place = 0; place < places.get(0).size(); place++) {
                int bytes = places.get(0).get(place).good.length;
                for (int at = 0; at < bytes; at++) {
                    List<RowChange> damage = new ArrayList<>();
                    List<RowChange> repair = new ArrayList<>();
                    for (int bit = 0; bit < 8; bit++) {
                        Place hit = places.get(bit).get(place);
                        byte[] bad = flip(hit.good, 8 * at + bit);
                        damage.addAll(hit.replacing.apply(hit.good, bad));
                        repair.addAll(hit.replacing.apply(bad, hit.good));
                        flips++;
                    }
                    log.commit(damage);
                    reported(rows, places.get(0).get(place).name + ", byte " + at, other);
                    log.commit(repair);
                }
            }
            assertTrue(flips > 3_000, "only " + flips + " bits are stored");
            Desk desk = new Desk(rows, 9);
            victims.forEach(
                    victim -> same(victim, desk.load(victim.handle().name()).orElseThrow(), "after all is good again"));
            assertEquals(List.of(), desk.damage);
        }
    }

    private static void reported(RewritingLog rows, String what, StoredDocument other) {
        Desk desk = new Desk(rows, 9);
        for (int i = 0; i < 8; i++) {
            String name = "victim " + i;
            String where = what + " of " + name;
            CorruptDocumentException failure =
                    assertThrows(CorruptDocumentException.class, () -> desk.load(name), where);
            assertEquals(name, failure.document(), where);
            assertTrue(desk.damage.contains(failure), () -> where + " is not counted");
        }
        same(other, desk.load("other").orElseThrow(), what);
        assertTrue(desk.writer.isReady(), what);
    }

    @Test
    void everyFlippedBitOfTheRegisterOfAllDocumentsIsReported() {
        try (SqliteDeltaLog log = SqliteDeltaLog.open(directory.resolve("register"))) {
            StoredDocument there = written(log, "there");
            byte[] good = log.property("documents").orElseThrow();
            for (int bit = 0; bit < 8 * good.length; bit++) {
                log.commit(List.of(new RowChange.PutProperty("documents", flip(good, bit))));
                Desk desk = new Desk(new RewritingLog(log), 9);
                assertThrows(CorruptDocumentException.class, () -> desk.load("never created"), "bit " + bit);
                assertThrows(CorruptDocumentException.class, () -> desk.create("never created"), "bit " + bit);
                same(there, desk.load("there").orElseThrow(), "bit " + bit);
            }
        }
    }

    @Test
    void aFlippedBitAnywhereInTheFileIsReportedOrMakesNoDifference() throws Exception {
        Path data = directory.resolve("file");
        List<StoredDocument> written = new ArrayList<>();
        try (SqliteDeltaLog log = SqliteDeltaLog.open(data)) {
            for (int i = 0; i < 12; i++) {
                written.add(written(log, "document " + i));
            }
        }
        byte[] good = Files.readAllBytes(data.resolve(FILE));
        for (int round = 0; round < ROUNDS; round++) {
            int bit = random.nextInt(8 * good.length);
            Files.write(data.resolve(FILE), flip(good, bit));
            Files.deleteIfExists(data.resolve(WAL));
            String what = "bit " + bit + replay();
            try (SqliteDeltaLog log = SqliteDeltaLog.open(data)) {
                Desk desk = new Desk(log, 9);
                for (int i = 0; i < written.size(); i++) {
                    try {
                        Optional<StoredDocument> loaded = desk.load("document " + i);
                        assertTrue(loaded.isPresent(), () -> "a document vanished without a word, " + what);
                        same(written.get(i), loaded.get(), what);
                    } catch (CorruptDocumentException | StoreDownException reported) {
                        continue; // it was noticed
                    }
                }
            } catch (StoreDownException | IllegalStateException refused) {
                continue; // the file as a whole is refused, so it was noticed
            }
        }
    }

    /** One bit tells text from bytes, and text is equal to no bytes: a name that reads as ever and is not found. */
    @Test
    void aNameThatIsTextNoLongerIsReported() throws Exception {
        Path data = directory.resolve("names");
        List<StoredDocument> written = new ArrayList<>();
        try (SqliteDeltaLog log = SqliteDeltaLog.open(data)) {
            for (int i = 0; i < 3; i++) {
                written.add(written(log, "document " + i));
            }
        }
        try (Connection file = DriverManager.getConnection("jdbc:sqlite:" + data.resolve(FILE));
                Statement statement = file.createStatement()) {
            assertEquals(
                    1,
                    statement.executeUpdate("UPDATE document SET name = CAST(name AS BLOB) WHERE name = 'document 1'"));
        }
        try (SqliteDeltaLog log = SqliteDeltaLog.open(data)) {
            Desk desk = new Desk(log, 9);
            assertThrows(CorruptDocumentException.class, () -> desk.load("document 1"));
            assertThrows(CorruptDocumentException.class, () -> desk.create("document 1"));
            same(written.get(0), desk.load("document 0").orElseThrow(), "another");
            same(written.get(2), desk.load("document 2").orElseThrow(), "another");
        }
    }

    @Test
    void aFlippedBitInTheWriteAheadLogLosesNothingThatWasFollowedByMore() throws Exception {
        for (int commits : new int[] {25, 700}) {
            Path crashed = directory.resolve("wal-" + commits);
            crashAfter(commits, crashed);
            byte[] good = Files.readAllBytes(crashed.resolve(WAL));
            assertEquals(commits, entries(crashed, good), "nothing is flipped");
            int refused = 0;
            // what is in use of a long log that has just begun anew may be little more than its header
            for (int round = 0; round < 2 * ROUNDS; round++) {
                int bit = random.nextInt(8 * (round < ROUNDS ? good.length : 32));
                try {
                    int found = entries(crashed, flip(good, bit));
                    assertTrue(
                            found >= commits - 1,
                            () -> found + " of " + commits + " commits are there, bit " + bit + replay());
                } catch (StoreDownException reported) {
                    assertTrue(reported.getMessage().contains("is damaged in"), reported.getMessage());
                    refused++;
                }
            }
            assertTrue(refused >= ROUNDS, "a flip in the header was not noticed" + replay());
        }
    }

    @Test
    void aWriteAheadLogThatEndsAnywhereIsOpened() throws Exception {
        Path crashed = directory.resolve("torn");
        int commits = 25;
        crashAfter(commits, crashed);
        byte[] good = Files.readAllBytes(crashed.resolve(WAL));
        // within the header, then anywhere
        for (int round = 0; round < 32 + ROUNDS; round++) {
            int length = round < 32 ? round : random.nextInt(good.length + 1);
            byte[] torn = Arrays.copyOf(good, length);
            int found = entries(crashed, torn);
            assertTrue(found <= commits, "cut at " + length + replay());
            // Blocks that the file system had allocated and not written read as zeros; a page may well end with such.
            int padded = entries(crashed, Arrays.copyOf(torn, good.length));
            assertTrue(found <= padded && padded <= found + 1, "zeros from " + length + replay());
        }
    }

    /** Leaves in {@code crashed} what is on disk after so many commits of one entry each, without an end. */
    private void crashAfter(int commits, Path crashed) throws IOException {
        Path data = directory.resolve("live-" + commits);
        Files.createDirectories(crashed);
        try (SqliteDeltaLog log = SqliteDeltaLog.open(data)) {
            Desk desk = new Desk(log, 1);
            LogDocument document = desk.create("a");
            for (int i = 0; i < commits; i++) {
                desk.append(document, LogRecord.Merged.unjudged(new byte[100 + random.nextInt(300)]));
                desk.run();
            }
            Files.copy(data.resolve(FILE), crashed.resolve(FILE));
            Files.copy(data.resolve(WAL), crashed.resolve(WAL));
        }
    }

    /** How many entries are found with this write-ahead log. */
    private static int entries(Path crashed, byte[] wal) throws IOException {
        Path data = crashed.resolve("data");
        Files.createDirectories(data);
        Files.deleteIfExists(data.resolve(FILE + "-shm"));
        Files.write(data.resolve(WAL), wal);
        Files.write(data.resolve(FILE), Files.readAllBytes(crashed.resolve(FILE)));
        try (SqliteDeltaLog log = SqliteDeltaLog.open(data)) {
            return new Desk(log, 2)
                    .load("a")
                    .map(document -> document.tail().size())
                    .orElse(0);
        }
    }

    /** A document with a snapshot in the middle of its log, of all kinds of records. */
    private StoredDocument written(SqliteDeltaLog log, String name) {
        Desk desk = new Desk(log, 5);
        LogDocument document = desk.create(name);
        desk.append(document, new LogRecord.Leased(7, bytes(16)));
        for (int i = 1; i <= 4; i++) {
            desk.append(
                    document,
                    new LogRecord.Merged(7, 2 * i - 1, 2 * i - 1, random.nextInt(), bytes(10)),
                    new LogRecord.Voided(7, 2 * i, 2 * i, random.nextInt(), "content-rejected", "not that"),
                    new LogRecord.VerdictsKnown(7, i));
        }
        List<StoredVerdict> verdicts = List.of(
                new StoredVerdict(3, 3, random.nextInt(), "", ""),
                new StoredVerdict(4, 4, random.nextInt(), "content-rejected", "not that"));
        List<StoredLease> leases = List.of(new StoredLease(7, bytes(16), 4, random.nextInt(), 2, verdicts));
        desk.done(desk.writer.snapshot(document, new StoredSnapshot(3, bytes(60), bytes(30), leases)));
        return desk.load(name).orElseThrow();
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static void same(StoredDocument expected, StoredDocument found, String what) {
        assertEquals(expected.snapshot(), found.snapshot(), what);
        assertEquals(expected.tail(), found.tail(), what);
        assertEquals(expected.handle().epoch(), found.handle().epoch(), what);
    }

    private static byte[] flip(byte[] good, int bit) {
        byte[] bad = good.clone();
        bad[bit / 8] ^= (byte) (1 << bit % 8);
        return bad;
    }

    private String replay() {
        return "; replay: mvn -pl sync-server -am test -Dtest=BitFlipTest -DargLine=-Drejoin.seed=" + seed;
    }

    /** Every value that is stored of a document. */
    private static List<Place> places(SqliteDeltaLog log, StoredDocument document) {
        LogDocument handle = document.handle();
        long id = handle.id();
        List<Place> places = new ArrayList<>();
        places.add(new Place(
                "head",
                log.head(handle.name()).orElseThrow().value(),
                (from, to) -> List.of(new RowChange.ReplaceHead(new HeadRow(id, handle.name(), to), from))));
        List<EntryRow> entries = new ArrayList<>();
        log.entries(id, entries::add);
        assertEquals(2, entries.size(), "entries behind the snapshot");
        for (EntryRow damaged : entries) {
            places.add(new Place("entry " + damaged.sequence(), damaged.value(), (from, to) -> {
                List<RowChange> anew = new ArrayList<>(List.of(new RowChange.DeleteEntries(id, Long.MAX_VALUE)));
                entries.forEach(entry -> anew.add(new RowChange.InsertEntry(new EntryRow(
                        id, entry.sequence(), entry.incarnation(), entry == damaged ? to : entry.value()))));
                return anew;
            }));
        }
        long at = document.snapshot().orElseThrow().sequence();
        log.chunks(
                id,
                at,
                chunk -> places.add(new Place(
                        "chunk " + chunk.chunk(),
                        chunk.value(),
                        (from, to) -> List.of(
                                new RowChange.DeleteChunksExcept(id, -1),
                                new RowChange.InsertChunk(new ChunkRow(id, at, chunk.chunk(), to))))));
        assertEquals(4, places.size(), "the snapshot has one chunk");
        return places;
    }

    /** A stored value, and what to commit to have another one in its place. */
    private record Place(String name, byte[] good, BiFunction<byte[], byte[], List<RowChange>> replacing) {}
}
