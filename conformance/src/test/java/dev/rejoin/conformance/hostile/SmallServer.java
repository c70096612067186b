package dev.rejoin.conformance.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.conformance.process.ServerProcess;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A server process with little memory, which ends when that is not enough. */
final class SmallServer {
    private static final int DIRECT_MEBIBYTES = 64;

    private SmallServer() {}

    /** With its store in a folder of this directory, at any free port. */
    static ServerProcess.Setup in(Path directory, int heapMebibytes, String... options) {
        List<String> all = new ArrayList<>(
                List.of("--port", "0", "--data", directory.resolve("data").toString(), "--stall-timeout", "3s"));
        all.addAll(List.of(options));
        return new ServerProcess.Setup(
                directory,
                List.of(
                        "-Xmx" + heapMebibytes + "m",
                        "-XX:MaxDirectMemorySize=" + DIRECT_MEBIBYTES + "m",
                        "-XX:+ExitOnOutOfMemoryError",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC"),
                all);
    }

    /** It runs, has never lacked memory, and has met nothing that it calls an error. */
    static void assertUnharmed(ServerProcess server, ServerProcess.Setup setup) {
        assertTrue(server.isAlive(), "the server has ended");
        assertFalse(setup.log().contains("OutOfMemory"), setup.log());
        assertEquals(
                List.of(),
                setup.log().lines().filter(line -> line.contains(" ERROR ")).toList());
    }

    /** A failure of a test with this seed and so many rounds, and how to see it again. */
    static AssertionError failure(Class<?> test, long seed, int rounds, ServerProcess.Setup setup, Throwable cause) {
        return new AssertionError(
                "replay: mvn verify -pl conformance -am -Dit.test=" + test.getSimpleName()
                        + " -DargLine=\"-Drejoin.seed=" + seed + " -Drejoin.hostile.rounds=" + rounds
                        + "\"; the server said: " + setup.log(),
                cause);
    }
}
