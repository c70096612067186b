package dev.rejoin.conformance.architecture;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Holds the class files of every module of this checkout to the {@link Rules}. */
class ArchitectureTest {

    private static JavaClasses product;
    private static JavaClasses tests;

    @BeforeAll
    static void readClassFiles() throws IOException {
        product = importAll("target/classes");
        tests = importAll("target/test-classes");
    }

    private static JavaClasses importAll(String output) throws IOException {
        try (Stream<Path> modules = Files.list(Path.of(".."))) {
            List<Path> paths = modules.map(module -> module.resolve(output))
                    .filter(Files::isDirectory)
                    .toList();
            return new ClassFileImporter()
                    .withImportOption(location -> !location.contains("/jmh_generated/"))
                    .importPaths(paths);
        }
    }

    @Test
    void thereIsSomethingToLookAt() {
        assertTrue(tests.contain(ArchitectureTest.class), "test classes of this module");
        assertTrue(
                product.stream().anyMatch(type -> type.getPackageName().startsWith("dev.rejoin.crdt")),
                "classes of crdt-core; build with -am");
    }

    @Test
    void dependenciesPointDown() {
        hold(Rules.FLOORS);
    }

    @Test
    void serverAndClientAreStrangers() {
        hold(Rules.SERVER_AND_CLIENT_ARE_STRANGERS);
        hold(Rules.CLIENT_AND_SERVER_ARE_STRANGERS);
    }

    @Test
    void coreStandsAlone() {
        hold(Rules.CORE_STANDS_ALONE);
    }

    @Test
    void consistencyNeedsOnlyTheCore() {
        hold(Rules.CONSISTENCY_NEEDS_ONLY_CORE);
        hold(Rules.CAFFEINE_ONLY_IN_CACHE);
        hold(Rules.HISTOGRAMS_ONLY_IN_LAG);
    }

    @Test
    void accessStandsAlone() {
        hold(Rules.ACCESS_STANDS_ALONE);
    }

    @Test
    void protocolHasNoSocketsAndNoThreads() {
        hold(Rules.PROTOCOL_HAS_NO_SOCKETS_AND_NO_THREADS);
    }

    @Test
    void nettyStaysInTransport() {
        hold(Rules.NETTY_ONLY_IN_TRANSPORT);
    }

    @Test
    void protobufStaysInWire() {
        hold(Rules.PROTOBUF_ONLY_IN_WIRE);
    }

    @Test
    void jacksonStaysAtTheEdge() {
        hold(Rules.JACKSON_ONLY_AT_THE_EDGE);
    }

    @Test
    void tokensStayInAccess() {
        hold(Rules.TOKENS_ONLY_IN_ACCESS);
    }

    @Test
    void jdbcStaysInStorage() {
        hold(Rules.JDBC_ONLY_IN_STORAGE);
    }

    @Test
    void timeAndChanceComeFromOutside() {
        hold(Rules.NO_AMBIENT_TIME_OR_CHANCE);
    }

    @Test
    void namesSayWhatThingsAre() {
        hold(Rules.NO_VAGUE_NAMES);
        Rules.NO_VAGUE_NAMES.check(tests);
    }

    @Test
    void packagesAreNullMarked() {
        hold(Rules.PACKAGES_ARE_NULL_MARKED);
        hold(Rules.EVERY_PACKAGE_SAYS_WHAT_IT_IS);
    }

    @Test
    void everyTestClassRuns() {
        Rules.TESTS_ARE_FOUND_BY_NAME.check(tests);
    }

    private static void hold(ArchRule rule) {
        rule.check(product);
    }
}
