package dev.rejoin.conformance.editors;

import dev.rejoin.conformance.process.NodePackage;
import dev.rejoin.conformance.process.ServerProcess;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code @rejoin/yjs} over stock providers of the first and the last version of each protocol, at a real server that refuses some of what they write. */
@Timeout(300)
class YjsAddOnIT {
    private static final Path PACKAGE = Path.of("../js-client/packages/yjs");

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    /** What fails is told by name: the claims are those of {@code test/server/saves.test.ts}. */
    @Test
    void theClaimsOfThePackageHold() throws Exception {
        RefusingProcess server = RefusingProcess.start(
                ServerProcess.freePort(new Random()), directory.resolve("data"), directory.resolve("server.log"));
        try (server) {
            NodePackage.npm(
                    PACKAGE, Map.of("REJOIN_SERVER", "ws://" + server.http().getAuthority()), "run", "test:server");
        }
    }
}
