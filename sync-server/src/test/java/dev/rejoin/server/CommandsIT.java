package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.server.storage.LogWriter;
import dev.rejoin.server.storage.SqliteDeltaLog;
import dev.rejoin.server.storage.SqliteView;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the commands of the program do to a store, and what they say: docs/operating/command-line.md. */
@Timeout(120)
final class CommandsIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private byte[] in = {};

    @TempDir
    Path directory;

    private Path data;

    @BeforeEach
    void chooseDirectory() {
        data = directory.resolve("data");
    }

    private int run(String... arguments) {
        out.reset();
        err.reset();
        return Main.run(
                arguments,
                new Terminal(
                        Map.of(),
                        new ByteArrayInputStream(in),
                        new PrintStream(out, true),
                        new PrintStream(err, true),
                        false),
                server -> {});
    }

    private String said() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String complaint() {
        return err.toString(StandardCharsets.UTF_8).strip();
    }

    private void succeeds(String... arguments) {
        assertEquals(Main.OK, run(arguments), () -> String.join(" ", arguments) + ": " + complaint() + said());
    }

    private JsonNode json(String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.add("--json");
        succeeds(all.toArray(String[]::new));
        return JSON.readTree(said());
    }

    private SyncServer serve(Path where) throws Exception {
        return SyncServer.builder().port(0).data(where).start();
    }

    private static void write(SyncServer server, String document, String tag) throws Exception {
        server.document(document)
                .transact(changed -> {
                    changed.set("tags", ValueCodec.STRING).add(tag);
                    changed.content().getText("body").insert(0, tag);
                })
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
    }

    /** Tags of a document as a server that starts on the store reads them. */
    private static List<String> tags(SyncServer server, String document) throws Exception {
        return server.document(document)
                .read()
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS)
                .map(view -> view.snapshot().set("tags", ValueCodec.STRING).stream()
                        .sorted()
                        .toList())
                .orElse(List.of());
    }

    private void fill(int documents) throws Exception {
        try (SyncServer server = serve(data)) {
            for (int i = 0; i < documents; i++) {
                write(server, "notes/" + i, "tag" + i);
            }
        }
    }

    private String epoch(Path where, String document) throws Exception {
        return json("inspect", "--data", where.toString(), document)
                .get("epoch")
                .asText();
    }

    @Test
    void whatIsExportedIsImportedElsewhere() throws Exception {
        fill(5);
        Path file = directory.resolve("store.rejoin");
        succeeds("export", "--data", data.toString(), file.toString());
        assertEquals("5 documents, " + Quantity.countText(Files.size(file)) + " bytes in " + file + "\n", said());
        Path other = directory.resolve("other");
        succeeds("import", "--data", other.toString(), file.toString());
        assertEquals("5 documents added, 0 replaced, 0 skipped\n", said());
        try (SyncServer server = serve(other)) {
            assertEquals(List.of("tag3"), tags(server, "notes/3"));
        }
        succeeds("verify", "--data", other.toString());
        assertEquals("5 documents, all whole\n", said());
        JsonNode content = json("inspect", "--data", other.toString(), "notes/3");
        assertEquals(1, content.get("stateVector").size(), content.toString());
        assertEquals(4, content.get("stateVector").get(0).get("clock").asInt(), content.toString());
    }

    @Test
    void importBeginsNewLivesUnlessItIsToldToKeepThem() throws Exception {
        fill(1);
        Path file = directory.resolve("store.rejoin");
        succeeds("export", "--data", data.toString(), file.toString());
        Path fresh = directory.resolve("fresh");
        Path kept = directory.resolve("kept");
        succeeds("import", "--data", fresh.toString(), file.toString());
        succeeds("import", "--keep-epochs", "--data", kept.toString(), file.toString());
        assertNotEquals(epoch(data, "notes/0"), epoch(fresh, "notes/0"));
        assertEquals(epoch(data, "notes/0"), epoch(kept, "notes/0"));
    }

    @Test
    void anImportThatIsRefusedOrCutShortChangesNothing() throws Exception {
        fill(3);
        Path file = directory.resolve("store.rejoin");
        succeeds("export", "--data", data.toString(), file.toString());
        assertEquals(Main.CANNOT_START, run("import", "--data", data.toString(), file.toString()));
        assertEquals("document 'notes/0' is there already", complaint());
        byte[] archive = Files.readAllBytes(file);
        for (int cut : new int[] {archive.length - 1, archive.length / 2, 20}) {
            Path other = directory.resolve("cut" + cut);
            in = java.util.Arrays.copyOf(archive, cut);
            assertEquals(Main.DAMAGED, run("import", "--data", other.toString(), "-"));
            assertTrue(complaint().startsWith("the archive ends early"), complaint());
            assertEquals(
                    0,
                    json("verify", "--data", other.toString()).get("documents").asInt());
        }
    }

    @Test
    void importReplacesWhenToldTo() throws Exception {
        fill(2);
        Path file = directory.resolve("store.rejoin");
        succeeds("export", "--data", data.toString(), file.toString());
        try (SyncServer server = serve(data)) {
            write(server, "notes/0", "later");
        }
        JsonNode outcome = json("import", "--existing", "skip", "--data", data.toString(), file.toString());
        assertEquals(2, outcome.get("skipped").asInt());
        outcome = json("import", "--existing", "replace", "--data", data.toString(), file.toString());
        assertEquals(2, outcome.get("replaced").asInt());
        try (SyncServer server = serve(data)) {
            assertEquals(List.of("tag0"), tags(server, "notes/0"));
        }
    }

    @Test
    void aStoreThatAServerUsesIsReadAndNotTaken() throws Exception {
        Path file = directory.resolve("store.rejoin");
        Path copy = directory.resolve("copy.db");
        try (SyncServer server = serve(data)) {
            write(server, "a", "x");
            succeeds("export", "--data", data.toString(), file.toString());
            succeeds("verify", "--data", data.toString());
            succeeds("inspect", "--data", data.toString());
            assertTrue(said().contains("a server is using the store"), said());
            assertTrue(json("backup", "--data", data.toString(), copy.toString())
                    .get("live")
                    .asBoolean());
            for (String[] command : new String[][] {
                {"import", "--data", data.toString(), file.toString()},
                {"compact", "--data", data.toString()},
                {"restore", "--replace", "--data", data.toString(), copy.toString()}
            }) {
                assertEquals(Main.CANNOT_START, run(command), command[0]);
                assertTrue(complaint().contains("in use by another server"), complaint());
            }
            write(server, "a", "y");
            assertEquals(List.of("x", "y"), tags(server, "a"));
        }
    }

    @Test
    void aRestoredStoreHoldsTheBackupInNewLives() throws Exception {
        fill(3);
        Path copy = directory.resolve("copy.db");
        succeeds("backup", "--data", data.toString(), copy.toString());
        assertEquals(Main.CANNOT_START, run("backup", "--data", data.toString(), copy.toString()));
        succeeds("verify", copy.toString());
        String before = epoch(data, "notes/1");
        try (SyncServer server = serve(data)) {
            write(server, "notes/1", "lost");
            write(server, "after", "lost");
        }
        assertEquals(Main.CANNOT_START, run("restore", "--data", data.toString(), copy.toString()));
        assertTrue(complaint().contains("--replace"), complaint());
        succeeds("restore", "--replace", "--data", data.toString(), copy.toString());
        assertEquals("3 documents restored into " + data + ", each in a new life\n", said());
        assertNotEquals(before, epoch(data, "notes/1"));
        try (SyncServer server = serve(data)) {
            assertEquals(List.of("tag1"), tags(server, "notes/1"));
            assertEquals(List.of(), tags(server, "after"));
        }
        try (Stream<Path> files = Files.list(data)) {
            assertEquals(
                    List.of("rejoin.db", "rejoin.lock"),
                    files.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void anInterruptedRestoreIsNeverServed() throws Exception {
        fill(1);
        Path copy = directory.resolve("copy.db");
        succeeds("backup", "--data", data.toString(), copy.toString());
        Files.createFile(data.resolve("rejoin.unfinished"));
        assertEquals(Main.CANNOT_START, run("serve", "--port", "0", "--data", data.toString()));
        assertTrue(complaint().contains("was interrupted"), complaint());
        succeeds("restore", "--replace", "--data", data.toString(), copy.toString());
        succeeds("verify", "--data", data.toString());
    }

    @Test
    void verifyFindsFlippedBitsAndTheRestIsSalvaged() throws Exception {
        fill(20);
        long seed = Long.getLong("rejoin.seed", System.nanoTime());
        String replay = "replay with -Dit.test=CommandsIT -Drejoin.seed=" + seed;
        Random random = new Random(seed);
        Path file = data.resolve("rejoin.db");
        byte[] good = Files.readAllBytes(file);
        // nine tenths of so small a store are empty: every other flip is in what is not
        int[] written =
                IntStream.range(0, good.length).filter(at -> good[at] != 0).toArray();
        int found = 0;
        int rounds = 40;
        for (int round = 0; round < rounds; round++) {
            int at = round % 2 == 0 ? random.nextInt(good.length) : written[random.nextInt(written.length)];
            int bit = at * 8 + random.nextInt(8);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(good), 0);
                channel.write(ByteBuffer.wrap(new byte[] {(byte) (good[bit / 8] ^ 1 << bit % 8)}), bit / 8);
            }
            int code = run("verify", "--data", data.toString());
            if (code == Main.OK) {
                // a byte that nothing is stored in: the documents are as they were
                assertTrue(said().contains("20 documents, all whole"), "bit " + bit + "; " + replay + ": " + said());
            } else {
                assertTrue(code == Main.DAMAGED || code == Main.CANNOT_START, "bit " + bit + "; " + replay);
                found++;
            }
        }
        assertTrue(found > 0, "of " + rounds + " flips none was found; " + replay);
        Files.write(file, good);
        flipIn(file, good, "tag7".getBytes(StandardCharsets.UTF_8));
        assertEquals(Main.DAMAGED, run("verify", "--json", "--data", data.toString()));
        assertEquals("[\"notes/7\"]", JSON.readTree(said()).get("damaged").toString());
        Path target = directory.resolve("store.rejoin");
        assertEquals(Main.DAMAGED, run("export", "--data", data.toString(), target.toString()));
        assertTrue(complaint().contains("--salvage"), complaint());
        assertFalse(Files.exists(target));
        assertEquals(Main.DAMAGED, run("export", "--salvage", "--data", data.toString(), target.toString()));
        Path other = directory.resolve("other");
        succeeds("import", "--data", other.toString(), target.toString());
        assertEquals("19 documents added, 0 replaced, 0 skipped\n", said());
    }

    /** Flips a bit in the first place that holds these bytes. */
    private static void flipIn(Path file, byte[] content, byte[] wanted) throws Exception {
        for (int at = 0; at + wanted.length <= content.length; at++) {
            if (java.util.Arrays.equals(content, at, at + wanted.length, wanted, 0, wanted.length)) {
                content[at] ^= 1;
                Files.write(file, content);
                return;
            }
        }
        throw new AssertionError("not there");
    }

    @Test
    void whatWasDeletedIsNeitherExportedNorLost() throws Exception {
        fill(3);
        try (SqliteDeltaLog rows = SqliteDeltaLog.open(data)) {
            LogWriter log = OfflineLog.open(rows);
            log.delete(log.load("notes/1")
                            .toCompletableFuture()
                            .join()
                            .orElseThrow()
                            .handle())
                    .toCompletableFuture()
                    .join();
        }
        Path file = directory.resolve("store.rejoin");
        Path copy = directory.resolve("copy.db");
        succeeds("export", "--data", data.toString(), file.toString());
        assertTrue(said().startsWith("2 documents, "), said());
        succeeds("inspect", "--data", data.toString());
        assertTrue(said().contains("notes/1 (deleted)"), said());
        succeeds("inspect", "--data", data.toString(), "notes/1");
        succeeds("compact", "--data", data.toString());
        succeeds("verify", "--data", data.toString());
        assertEquals("3 documents, all whole\n", said());
        succeeds("backup", "--data", data.toString(), copy.toString());
        succeeds("restore", "--replace", "--data", data.toString(), copy.toString());
        succeeds("inspect", "--data", data.toString());
        assertTrue(said().contains("notes/1 (deleted)"), said());
    }

    @Test
    void compactKeepsEverythingAndTakesLessSpace() throws Exception {
        try (SyncServer server = serve(data)) {
            for (int i = 0; i < 300; i++) {
                write(server, "busy", "tag" + i % 3);
            }
        }
        String before = epoch(data, "busy");
        JsonNode outcome = json("compact", "--data", data.toString());
        assertEquals(1, outcome.get("rewritten").asInt());
        assertTrue(outcome.get("freedBytes").asLong() > 0, outcome.toString());
        assertEquals(before, epoch(data, "busy"));
        assertEquals(
                0,
                json("inspect", "--data", data.toString(), "busy")
                        .get("entries")
                        .asInt());
        try (SyncServer server = serve(data)) {
            assertEquals(List.of("tag0", "tag1", "tag2"), tags(server, "busy"));
            write(server, "busy", "tag3");
        }
    }

    @Test
    void whatIsMissingIsSaidInOneLine() {
        assertEquals(Main.BAD_OPTION, run("verify"));
        assertEquals("data: which store is not said; name its directory with --data DIR (or REJOIN_DATA)", complaint());
        assertEquals(Main.CANNOT_START, run("verify", "--data", data.toString()));
        assertTrue(complaint().startsWith("there is no store in " + data), complaint());
        assertEquals(Main.CANNOT_START, run("import", "--data", data.toString(), "nowhere"));
        assertEquals("there is no file nowhere", complaint());
        assertEquals(Main.BAD_OPTION, run("import", "--existing", "ask", "--data", data.toString(), "-"));
        assertEquals("existing: expected refuse, skip or replace, got \"ask\"", complaint());
        assertEquals(Main.BAD_OPTION, run("--port", "1", "verify"));
        assertEquals("options belong behind the command: rejoin verify --port …", complaint());
        assertEquals(Main.BAD_OPTION, run("verfy"));
        assertEquals(1, complaint().lines().count());
        assertEquals(Main.OK, run("verify", "--help"));
        assertTrue(said().contains("--data=DIR"), said());
        assertEquals(Main.OK, run("--help"));
        for (String name : List.of("serve", "export", "import", "inspect", "verify", "compact", "backup", "restore")) {
            assertTrue(said().contains("\n  " + name + " "), name);
        }
    }

    @Test
    void aViewOfAStoreKeepsServersAway() throws Exception {
        fill(1);
        try (SqliteView view = SqliteView.ofDirectory(data)) {
            assertFalse(view.isLive());
            assertEquals(Main.CANNOT_START, run("serve", "--port", "0", "--data", data.toString()));
        }
        succeeds("serve", "--port", "0", "--data", data.toString());
    }

    @Test
    void onATerminalLongWorkShowsHowFarItIs() throws Exception {
        fill(2);
        for (boolean watched : new boolean[] {true, false}) {
            err.reset();
            Main.run(
                    new String[] {"verify", "--data", data.toString()},
                    new Terminal(
                            Map.of(),
                            new ByteArrayInputStream(in),
                            new PrintStream(out, true),
                            new PrintStream(err, true),
                            watched),
                    server -> {});
            assertEquals(watched, complaint().contains("Verifying"), complaint());
        }
        assertFalse(said().contains("Verifying"), "what the command was asked for is not mixed with it");
    }

    @Test
    void whatThePageShowsIsWhatTheCommandsSay() throws Exception {
        Set<String> said = new LinkedHashSet<>();
        Path copy = directory.resolve("monday.db");
        Path archive = directory.resolve("store.rejoin");
        Path other = directory.resolve("other");
        try (SyncServer server = serve(data)) {
            for (int i = 0; i < 8; i++) {
                write(server, "notes/" + i, "tag" + i);
            }
            succeeds("backup", "--data", data.toString(), copy.toString());
            keep(said, copy, archive);
        }
        for (String[] command : new String[][] {
            {"restore", "--replace", "--data", data.toString(), copy.toString()},
            {"export", "--data", data.toString(), archive.toString()},
            {"import", "--data", other.toString(), archive.toString()},
            {"inspect", "--data", data.toString()},
            {"inspect", "--data", data.toString(), "notes/0"}
        }) {
            succeeds(command);
            keep(said, copy, archive);
        }
        try (SyncServer server = serve(other)) {
            write(server, "notes/0", "more");
        }
        succeeds("compact", "--data", other.toString());
        keep(said, copy, archive);
        Path file = data.resolve("rejoin.db");
        flipIn(file, Files.readAllBytes(file), "tag7".getBytes(StandardCharsets.UTF_8));
        assertEquals(Main.DAMAGED, run("verify", "--data", data.toString()));
        keep(said, copy, archive);
        List<String> strangers = new ArrayList<>();
        boolean shown = false;
        for (String line : Files.readAllLines(Path.of("..", "docs", "operating", "command-line.md"))) {
            if (line.startsWith("```") || line.startsWith("$ ")) {
                shown = line.startsWith("$ ");
            } else if (shown && !said.contains(numberless(line))) {
                strangers.add(line);
            }
        }
        assertEquals(List.of(), strangers, () -> "no command says these lines; they say\n" + String.join("\n", said));
    }

    private void keep(Set<String> lines, Path copy, Path archive) {
        said().replace(copy.toString(), "/backup/monday.db")
                .replace(archive.toString(), "store.rejoin")
                .replace(data.toString(), "/var/lib/rejoin")
                .lines()
                .map(CommandsIT::numberless)
                .forEach(lines::add);
    }

    private static String numberless(String line) {
        return line.replaceAll("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z", "#")
                .replaceAll("\\b[0-9a-f]{16}\\b", "#")
                .replaceAll("[0-9][0-9,]*", "#")
                .replaceAll("documents?", "documents")
                .replaceAll(" +", " ")
                .strip();
    }
}
