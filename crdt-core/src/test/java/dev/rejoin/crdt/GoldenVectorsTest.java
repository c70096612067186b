package dev.rejoin.crdt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Both languages write and read the same bytes, and refuse the same. */
class GoldenVectorsTest {

    private static final HexFormat HEX = HexFormat.of();
    private static final Path JAVA = Path.of("src/test/resources/golden/java.json");
    private static final Path TYPESCRIPT = Path.of("../js-client/golden/typescript.json");

    @Test
    void theFileIsUpToDate() throws IOException {
        StringBuilder text = new StringBuilder("{\"cases\":[\n");
        String comma = "";
        for (Object golden : GoldenCases.all()) {
            text.append(comma).append(Json.write(golden));
            comma = ",\n";
        }
        text.append("\n]}\n");
        if (Boolean.getBoolean("rejoin.golden.write")) {
            Files.createDirectories(JAVA.getParent());
            Files.writeString(JAVA, text);
        }
        assertEquals(Files.readString(JAVA), text.toString(), "run again with -Drejoin.golden.write=true");
    }

    @Test
    void theFileHasCasesOfEveryKind() {
        Map<String, Integer> count = new TreeMap<>();
        for (Object golden : GoldenCases.all()) {
            count.merge(text((Map<?, ?>) golden, "kind"), 1, Integer::sum);
        }
        assertTrue(count.getOrDefault("value", 0) >= 60, count::toString);
        assertTrue(count.getOrDefault("fragment", 0) >= 40, count::toString);
        assertTrue(
                count.getOrDefault("invalid-value", 0) + count.getOrDefault("invalid-fragment", 0) >= 40,
                count::toString);
    }

    @TestFactory
    List<DynamicTest> javaReadsAndWritesItsOwnCases() throws IOException {
        return tests(JAVA);
    }

    @TestFactory
    List<DynamicTest> javaReadsAndWritesTheCasesOfTypeScript() throws IOException {
        return tests(TYPESCRIPT);
    }

    private static List<DynamicTest> tests(Path file) throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (Object entry : list(Json.parse(Files.readString(file)), "cases")) {
            Map<?, ?> golden = (Map<?, ?>) entry;
            Object name = golden.containsKey("name") ? golden.get("name") : golden.get("why");
            tests.add(DynamicTest.dynamicTest(text(golden, "kind") + ": " + name, () -> check(golden)));
        }
        return tests;
    }

    private static void check(Map<?, ?> golden) {
        switch (text(golden, "kind")) {
            case "value" -> {
                Object value = Values.decode(hex(golden));
                // the languages spell large doubles differently, so both sides go through ours
                assertEquals(GoldenForm.ofValue(GoldenForm.toValue(golden.get("json"))), GoldenForm.ofValue(value));
                assertEquals(text(golden, "hex"), HEX.formatHex(Values.encode(value)));
                assertEquals(text(golden, "hex"), HEX.formatHex(Values.encode(GoldenForm.toValue(golden.get("json")))));
                assertEquals(value, Values.canonical(GoldenForm.toValue(golden.get("json"))));
            }
            case "fragment" -> {
                Delta delta = Delta.decode(hex(golden));
                assertEquals(golden.get("dump"), GoldenForm.ofDelta(delta));
                assertEquals(text(golden, "hex"), HEX.formatHex(delta.encode()));
            }
            case "version" -> {
                Version version = Version.decode(hex(golden));
                assertEquals(golden.get("ranges"), GoldenForm.ofVersion(version));
                assertEquals(text(golden, "hex"), HEX.formatHex(version.encode()));
            }
            case "chain" -> checkChain(golden);
            case "link" -> checkLink(golden);
            case "invalid-value" -> assertThrows(MalformedDeltaException.class, () -> Values.decode(hex(golden)));
            case "invalid-fragment" -> assertThrows(MalformedDeltaException.class, () -> Delta.decode(hex(golden)));
            case "invalid-version" -> assertThrows(MalformedDeltaException.class, () -> Version.decode(hex(golden)));
            default -> throw new AssertionError("unknown kind of case: " + golden.get("kind"));
        }
    }

    private static void checkChain(Map<?, ?> golden) {
        int chain = Chain.START;
        List<Object> sums = new ArrayList<>();
        for (Object fragment : list(golden, "fragments")) {
            chain = Chain.extend(chain, HEX.parseHex((String) fragment));
            sums.add(Integer.toUnsignedLong(chain));
        }
        assertEquals(golden.get("chain"), sums);
    }

    private static void checkLink(Map<?, ?> golden) {
        DeltaReader reader = new DeltaReader(DeltaLimits.UNLIMITED);
        DeltaWriter writer = new DeltaWriter();
        List<?> dumps = list(golden, "dumps");
        List<?> fragments = list(golden, "fragments");
        for (int i = 0; i < dumps.size(); i++) {
            Delta delta = reader.read(HEX.parseHex((String) fragments.get(i)));
            assertEquals(dumps.get(i), GoldenForm.ofDelta(delta));
            assertEquals(fragments.get(i), HEX.formatHex(writer.write(delta)));
        }
    }

    private static String text(Map<?, ?> golden, String field) {
        return String.valueOf(golden.get(field));
    }

    private static byte[] hex(Map<?, ?> golden) {
        return HEX.parseHex(text(golden, "hex"));
    }

    private static List<?> list(Object golden, String field) {
        return (List<?>) ((Map<?, ?>) golden).get(field);
    }
}
