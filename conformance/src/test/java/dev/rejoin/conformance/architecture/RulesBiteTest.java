package dev.rejoin.conformance.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shows for every rule a few lines of code that break it, and lines close by that do not. */
class RulesBiteTest {

    private static final String TEST = "@org.junit.jupiter.api.Test void t() {}";

    @TempDir
    Path workspace;

    private final List<String> sources = new ArrayList<>();

    @Test
    void usingAFloorAboveIsCaught() throws IOException {
        given("dev.rejoin.server.storage", "public class Log {}");
        given("dev.rejoin.server.room", "class Room { dev.rejoin.server.storage.Log log; }");
        caught(Rules.FLOORS, "server.room (floor 7) may not use dev.rejoin.server.storage (floor 8)");
    }

    @Test
    void usingANeighbourIsCaught() throws IOException {
        given("dev.rejoin.sync.wire", "public class Frame {}");
        given("dev.rejoin.sync.awareness", "class Presence { Object frame = new dev.rejoin.sync.wire.Frame(); }");
        caught(Rules.FLOORS, "sync.awareness (floor 5) may not use dev.rejoin.sync.wire (floor 5)");
    }

    @Test
    void aPackageOutsideThePlanIsCaught() throws IOException {
        given("dev.rejoin.common", "class Strings {}");
        caught(Rules.FLOORS, "dev.rejoin.common.Strings stands on no floor");
    }

    @Test
    void aSubPackageOfCoreWithoutAFloorIsCaught() throws IOException {
        given("dev.rejoin.crdt.misc", "class Thing {}");
        caught(Rules.FLOORS, "stands on no floor");
    }

    @Test
    void usingAFloorBelowIsFine() throws IOException {
        given("dev.rejoin.crdt.clock", "public class Dot {}");
        given("dev.rejoin.crdt", "public class Kernel { dev.rejoin.crdt.clock.Dot dot; }");
        given("dev.rejoin.server.room", "class Room { dev.rejoin.crdt.Kernel kernel; Seat seat; } class Seat {}");
        fine(Rules.FLOORS);
    }

    @Test
    void clientCodeInTheServerIsCaught() throws IOException {
        given("dev.rejoin.client.outbox", "public class Outbox {}");
        given("dev.rejoin.server", "class Main { dev.rejoin.client.outbox.Outbox outbox; }");
        caught(Rules.SERVER_AND_CLIENT_ARE_STRANGERS, "Outbox");
    }

    @Test
    void serverCodeInTheClientIsCaught() throws IOException {
        given("dev.rejoin.server.room", "public class Room {}");
        given("dev.rejoin.client", "class Client { dev.rejoin.server.room.Room room; }");
        caught(Rules.CLIENT_AND_SERVER_ARE_STRANGERS, "Room");
    }

    @Test
    void aLibraryInTheCoreIsCaught() throws IOException {
        given("dev.rejoin.crdt", "class Kernel { org.slf4j.Logger log; }");
        caught(Rules.CORE_STANDS_ALONE, "org.slf4j.Logger");
    }

    @Test
    void aLoggerInTheConsistencyToolkitIsCaught() throws IOException {
        given("dev.rejoin.consistency.session", "class Guard { org.slf4j.Logger log; }");
        caught(Rules.CONSISTENCY_NEEDS_ONLY_CORE, "org.slf4j.Logger");
    }

    @Test
    void aProtocolFrameInTheConsistencyToolkitIsCaught() throws IOException {
        given("dev.rejoin.sync.wire", "public class Frame {}");
        given("dev.rejoin.consistency.session", "class Guard { dev.rejoin.sync.wire.Frame frame; }");
        caught(Rules.CONSISTENCY_NEEDS_ONLY_CORE, "dev.rejoin.sync.wire.Frame");
        caught(Rules.FLOORS, "consistency.session (floor 3) may not use dev.rejoin.sync.wire (floor 5)");
    }

    @Test
    void aNeighbourInTheConsistencyToolkitIsCaught() throws IOException {
        given("dev.rejoin.consistency.lag", "public class Lag {}");
        given("dev.rejoin.consistency.cache", "class Cache { dev.rejoin.consistency.lag.Lag lag; }");
        caught(Rules.FLOORS, "consistency.cache (floor 4) may not use dev.rejoin.consistency.lag (floor 4)");
    }

    @Test
    void caffeineOutsideTheCacheIsCaught() throws IOException {
        given(
                "dev.rejoin.consistency.session",
                "class Guard { com.github.benmanes.caffeine.cache.Cache<String, String> c; }");
        caught(Rules.CAFFEINE_ONLY_IN_CACHE, "com.github.benmanes.caffeine.cache.Cache");
    }

    @Test
    void aHistogramOutsideLagIsCaught() throws IOException {
        given("dev.rejoin.consistency.probe", "class Probe { org.HdrHistogram.Histogram h; }");
        caught(Rules.HISTOGRAMS_ONLY_IN_LAG, "org.HdrHistogram.Histogram");
    }

    @Test
    void aRoomInAccessIsCaught() throws IOException {
        given("dev.rejoin.server.room", "public class Room {}");
        given("dev.rejoin.server.access", "class Policy { dev.rejoin.server.room.Room room; }");
        caught(Rules.FLOORS, "server.access (floor 6) may not use dev.rejoin.server.room (floor 7)");
    }

    @Test
    void aSocketOfNettyInAccessIsCaught() throws IOException {
        given("dev.rejoin.server.access", "class Policy { io.netty.channel.Channel channel; }");
        caught(Rules.ACCESS_STANDS_ALONE, "io.netty.channel.Channel");
    }

    @Test
    void aTokenLibraryInTheRoomIsCaught() throws IOException {
        given("dev.rejoin.server.room", "class Room { com.nimbusds.jose.JWSObject token; }");
        caught(Rules.TOKENS_ONLY_IN_ACCESS, "com.nimbusds.jose.JWSObject");
    }

    @Test
    void aThreadInTheProtocolIsCaught() throws IOException {
        given("dev.rejoin.sync.session", "class Session { void go() { new Thread(() -> {}).start(); } }");
        caught(Rules.PROTOCOL_HAS_NO_SOCKETS_AND_NO_THREADS, "java.lang.Thread");
    }

    @Test
    void anExecutorInTheProtocolIsCaught() throws IOException {
        given("dev.rejoin.sync.session", "class Session { java.util.concurrent.ScheduledExecutorService timers; }");
        caught(Rules.PROTOCOL_HAS_NO_SOCKETS_AND_NO_THREADS, "ScheduledExecutorService");
    }

    @Test
    void nettyOutsideTransportIsCaught() throws IOException {
        given("dev.rejoin.server.room", "class Room { io.netty.buffer.ByteBuf bytes; }");
        caught(Rules.NETTY_ONLY_IN_TRANSPORT, "io.netty.buffer.ByteBuf");
    }

    @Test
    void nettyInTransportIsFine() throws IOException {
        given("dev.rejoin.server.transport", "class Frames { io.netty.buffer.ByteBuf bytes; }");
        fine(Rules.NETTY_ONLY_IN_TRANSPORT);
    }

    @Test
    void protobufOutsideWireIsCaught() throws IOException {
        given("dev.rejoin.sync.session", "class Session { com.google.protobuf.ByteString bytes; }");
        caught(Rules.PROTOBUF_ONLY_IN_WIRE, "com.google.protobuf.ByteString");
    }

    @Test
    void jacksonInTheRoomIsCaught() throws IOException {
        given("dev.rejoin.server.room", "class Room { com.fasterxml.jackson.databind.JsonNode json; }");
        caught(Rules.JACKSON_ONLY_AT_THE_EDGE, "com.fasterxml.jackson.databind.JsonNode");
    }

    @Test
    void jdbcOutsideStorageIsCaught() throws IOException {
        given("dev.rejoin.server.transport", "class Http { java.sql.Connection connection; }");
        caught(Rules.JDBC_ONLY_IN_STORAGE, "java.sql.Connection");
    }

    @Test
    void aClockReadInTheRoomIsCaught() throws IOException {
        given("dev.rejoin.server.room", "class Room { long now = System.nanoTime(); }");
        caught(Rules.NO_AMBIENT_TIME_OR_CHANCE, "System.nanoTime()");
    }

    @Test
    void aClockPassedAsMethodReferenceIsCaught() throws IOException {
        given("dev.rejoin.crdt", "class Kernel { java.util.function.LongSupplier now = System::currentTimeMillis; }");
        caught(Rules.NO_AMBIENT_TIME_OR_CHANCE, "System.currentTimeMillis()");
    }

    @Test
    void aDieRolledInStorageIsCaught() throws IOException {
        given("dev.rejoin.server.storage", "class Log { int x = new java.util.Random().nextInt(); }");
        caught(Rules.NO_AMBIENT_TIME_OR_CHANCE, "java.util.Random.<init>()");
    }

    @Test
    void sleepingInTransportIsCaught() throws IOException {
        given("dev.rejoin.client.transport", "class Retry { void t() throws Exception { Thread.sleep(1); } }");
        caught(Rules.NO_AMBIENT_TIME_OR_CHANCE, "Thread.sleep(long)");
    }

    @Test
    void aClockReadInTheAssemblyIsFine() throws IOException {
        given("dev.rejoin.server", "class Main { long now = System.nanoTime(); }");
        fine(Rules.NO_AMBIENT_TIME_OR_CHANCE);
    }

    @Test
    void aVagueNameIsCaught() throws IOException {
        given("dev.rejoin.server.room", "class RoomManager {}");
        caught(Rules.NO_VAGUE_NAMES, "RoomManager");
    }

    @Test
    void aPackageWithoutNullMarkIsCaught() throws IOException {
        sources.add(write("dev.rejoin.server.room", "package-info", "@Deprecated package dev.rejoin.server.room;"));
        caught(Rules.PACKAGES_ARE_NULL_MARKED, "dev.rejoin.server.room.package-info");
    }

    @Test
    void aPackageWithoutDescriptionIsCaught() throws IOException {
        given("dev.rejoin.server.room", "class Room {}");
        caught(Rules.EVERY_PACKAGE_SAYS_WHAT_IT_IS, "dev.rejoin.server.room has no package-info.java");
    }

    @Test
    void aTestClassThatNeverRunsIsCaught() throws IOException {
        given("dev.rejoin.crdt", "class OrSetChecks { " + TEST + " }");
        caught(Rules.TESTS_ARE_FOUND_BY_NAME, "OrSetChecks holds tests that no build runs");
    }

    @Test
    void aPropertyClassThatNeverRunsIsCaught() throws IOException {
        given("dev.rejoin.crdt", "class OrSetTests { @net.jqwik.api.Property void p() {} }");
        caught(Rules.TESTS_ARE_FOUND_BY_NAME, "OrSetTests holds tests");
    }

    @Test
    void inheritedTestsThatNeverRunAreCaught() throws IOException {
        given("dev.rejoin.crdt", "class Flags extends TypeLaws {} abstract class TypeLaws { " + TEST + " }");
        caught(Rules.TESTS_ARE_FOUND_BY_NAME, "Flags holds tests");
    }

    @Test
    void nestedTestsOfAWellNamedClassAreFine() throws IOException {
        given("dev.rejoin.crdt", "class FlagTest { @org.junit.jupiter.api.Nested class Reset { " + TEST + " } }");
        fine(Rules.TESTS_ARE_FOUND_BY_NAME);
    }

    private void given(String packageName, String code) throws IOException {
        String name = code.replaceFirst("^(public )?class (\\w+).*", "$2");
        sources.add(write(packageName, name, "package " + packageName + "; " + code));
    }

    private String write(String packageName, String name, String source) throws IOException {
        Path folder = Files.createDirectories(workspace.resolve("src").resolve(packageName.replace('.', '/')));
        return Files.writeString(folder.resolve(name + ".java"), source).toString();
    }

    private void caught(ArchRule rule, String message) throws IOException {
        List<String> failures = rule.evaluate(compiled()).getFailureReport().getDetails();
        assertFalse(failures.isEmpty(), "nothing caught");
        assertTrue(failures.stream().anyMatch(line -> line.contains(message)), failures.toString());
    }

    private void fine(ArchRule rule) throws IOException {
        assertEquals(List.of(), rule.evaluate(compiled()).getFailureReport().getDetails());
    }

    private JavaClasses compiled() throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        Path classes = Files.createDirectories(workspace.resolve("classes"));
        List<String> arguments = new ArrayList<>(List.of("-proc:none", "-nowarn", "-d", classes.toString()));
        arguments.addAll(List.of("-classpath", System.getProperty("java.class.path")));
        arguments.addAll(sources);
        assertEquals(0, compiler.run(null, null, null, arguments.toArray(String[]::new)), "javac");
        return new ClassFileImporter().importPath(classes);
    }
}
