package dev.rejoin.conformance.yjs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Large documents that yjs wrote, kept beside the repository: {@code NAME.yjs-v2} files, and a table of facts about them in
 * a README. They are found by {@code -Drejoin.traces=FOLDER}, or in {@code shared/traces} beside the checkout.
 */
class FixturesIT {
    private static final Pattern ROW = Pattern.compile(
            "\\|\\s*(\\w+)\\s*\\|\\s*([\\d,]+)\\s*\\|\\s*(\\p{XDigit}{16})\\s*\\|\\s*(\\d+)\\s*\\|\\s*([\\d,]+)\\s*\\|");

    private static Optional<Path> folder() {
        String given = System.getProperty("rejoin.traces");
        return Stream.concat(
                        Stream.ofNullable(given).map(Path::of),
                        Stream.of("../../shared/traces", "../../../shared/traces")
                                .map(Path::of))
                .filter(folder -> Files.isRegularFile(folder.resolve("README.md")))
                .findFirst();
    }

    @Test
    void fixturesReadAsYjsReadsThem() throws IOException, NoSuchAlgorithmException {
        Optional<Path> folder = folder();
        if (folder.isEmpty()) {
            System.out.println("FixturesIT: no fixtures here, nothing checked (-Drejoin.traces=FOLDER names them)");
            return;
        }
        int read = 0;
        Matcher rows = ROW.matcher(Files.readString(folder.get().resolve("README.md")));
        try (YjsOracle oracle = YjsOracle.start(YjsOracle.THIRTEEN)) {
            while (rows.find()) {
                try (Stream<Path> files = Files.list(folder.get())) {
                    String ending = rows.group(1) + ".yjs-v2";
                    Optional<Path> file = files.filter(path -> path.toString().endsWith(ending))
                            .findFirst();
                    if (file.isPresent()) {
                        check(oracle, rows, Files.readAllBytes(file.get()));
                        read++;
                    }
                }
            }
        }
        assertTrue(read > 0, "no row of the table has its file");
    }

    private static void check(YjsOracle oracle, Matcher row, byte[] update) throws NoSuchAlgorithmException {
        YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(1));
        assertTrue(doc.applyUpdateV2(update).complete());
        doc.checkInvariants();
        String text = doc.getText("text").toString();
        assertEquals(number(row.group(2)), text.length());
        assertEquals(row.group(3), digest(text));
        AtomicInteger clients = new AtomicInteger();
        doc.stateVector().forEach((client, clock) -> clients.incrementAndGet());
        assertEquals(number(row.group(4)), clients.get());
        byte[] v1 = doc.encodeStateAsUpdate();
        assertEquals(number(row.group(5)), structs(v1), "structs");

        byte[] v2 = doc.encodeStateAsUpdateV2();
        Answer same = oracle.ask(Job.compare(Version.V2, List.of(update), Version.V1, List.of(v1)));
        assertTrue(same.yes(), "yjs reads our v1 as another document");
        Answer alike = oracle.ask(Job.compare(Version.V2, List.of(update), Version.V2, List.of(v2)));
        assertTrue(alike.yes(), "yjs reads our v2 as another document");
        System.out.printf(
                "FixturesIT: %s, %d bytes as they came, %d written%n", row.group(1), update.length, v2.length);
    }

    /** Structs of a v1 update of text, counted by their lengths alone. */
    private static long structs(byte[] update) {
        int[] at = {0};
        long structs = 0;
        for (long clients = varint(update, at); clients > 0; clients--) {
            long own = varint(update, at);
            structs += own;
            varint(update, at);
            varint(update, at);
            for (; own > 0; own--) {
                skip(update, at);
            }
        }
        return structs;
    }

    private static void skip(byte[] update, int[] at) {
        int info = update[at[0]++];
        int kind = info & 31;
        if (kind == 0) {
            varint(update, at);
            return;
        }
        int ids = ((info & 0x80) != 0 ? 1 : 0) + ((info & 0x40) != 0 ? 1 : 0);
        for (int i = 0; i < 2 * ids; i++) {
            varint(update, at);
        }
        if (ids == 0) {
            assertEquals(1, varint(update, at), "the texts here are roots");
            int name = (int) varint(update, at);
            at[0] += name;
        }
        long length = varint(update, at);
        if (kind == 4) {
            at[0] += (int) length;
        } else {
            assertEquals(1, kind, "only strings and what is deleted here");
        }
    }

    private static long varint(byte[] bytes, int[] at) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = bytes[at[0]++];
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return value;
            }
        }
    }

    private static long number(String text) {
        return Long.parseLong(text.replace(",", ""));
    }

    private static String digest(String text) throws NoSuchAlgorithmException {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest, 0, 8);
    }
}
