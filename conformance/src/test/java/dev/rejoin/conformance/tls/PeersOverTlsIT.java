package dev.rejoin.conformance.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.server.BadOptionException;
import dev.rejoin.server.ServerConfig;
import dev.rejoin.server.SyncServer;
import dev.rejoin.server.replication.LinkStatus;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Links between servers with certificates from PEM files: which are taken, and which are not. */
@Timeout(120)
class PeersOverTlsIT {
    private static final long PATIENCE_MILLIS = 60_000;

    @TempDir
    private static @Nullable Path directory;

    private final List<SyncServer> servers = new ArrayList<>();

    @BeforeAll
    static void makeFiles() throws Exception {
        TestCertificate own = TestCertificate.make(place());
        Files.writeString(place().resolve("own.pem"), own.certificatePem());
        Files.writeString(place().resolve("own.key"), own.keyPem());
        Files.writeString(
                place().resolve("other.pem"), TestCertificate.make(place()).certificatePem());
        Files.writeString(place().resolve("secret"), "a secret that nobody knows, of enough bytes");
    }

    @AfterEach
    void close() {
        servers.forEach(SyncServer::close);
    }

    @Test
    void aPeerWhoseIssuerIsNamedIsFollowed() throws Exception {
        SyncServer a = server("127.0.0.1", ServerConfig.DEFAULTS);
        SyncServer b = server("127.0.0.1", trusting("own.pem"));
        b.peers().orElseThrow().follow(List.of(address("localhost", a)));
        await("a link", () -> link(b).linked());
        a.document("d")
                .transact(each -> each.set("tags", ValueCodec.STRING).add("x"))
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        await("the write", () -> "[x]".equals(tags(b)));
    }

    @Test
    void oneWithAnotherCertificateIsNot() throws Exception {
        SyncServer a = server("127.0.0.1", ServerConfig.DEFAULTS);
        SyncServer distrustful = server("127.0.0.1", trusting("other.pem"));
        SyncServer ignorant = server("127.0.0.1", ServerConfig.DEFAULTS);
        for (SyncServer each : List.of(distrustful, ignorant)) {
            each.peers().orElseThrow().follow(List.of(address("localhost", a)));
            await("a refusal", () -> link(each).problem().contains("PKIX"));
            assertEquals(false, link(each).linked());
        }
    }

    @Test
    void norIsOneUnderANameThatIsNotInItsCertificate() throws Exception {
        SyncServer a = server("127.0.0.2", ServerConfig.DEFAULTS);
        SyncServer b = server("127.0.0.1", trusting("own.pem"));
        b.peers().orElseThrow().follow(List.of(address("127.0.0.2", a)));
        await("a refusal", () -> link(b).problem().contains("127.0.0.2"));
        assertEquals(false, link(b).linked());
    }

    @Test
    void aFileWithoutCertificatesIsNamedAtTheStart() throws Exception {
        Files.writeString(place().resolve("empty.pem"), "nothing\n");
        BadOptionException refused =
                assertThrows(BadOptionException.class, () -> server("127.0.0.1", trusting("empty.pem")));
        assertTrue(String.valueOf(refused.getMessage()).startsWith("peer-ca: "), refused::getMessage);
    }

    private static ServerConfig trusting(String certificates) {
        return ServerConfig.DEFAULTS.with(ServerConfig.PEER_CA, Optional.of(place().resolve(certificates)));
    }

    private SyncServer server(String host, ServerConfig config) throws IOException {
        SyncServer server = SyncServer.builder()
                .config(config.with(ServerConfig.PEER_SECRET_FILE, Optional.of(place().resolve("secret")))
                        .with(ServerConfig.TLS_CERT, Optional.of(place().resolve("own.pem")))
                        .with(ServerConfig.TLS_KEY, Optional.of(place().resolve("own.key"))))
                .host(host)
                .port(0)
                .start();
        servers.add(server);
        return server;
    }

    private static Path place() {
        return Objects.requireNonNull(directory);
    }

    private static URI address(String host, SyncServer server) {
        return URI.create("wss://" + host + ":" + server.port());
    }

    private static LinkStatus link(SyncServer server) {
        List<LinkStatus> links = server.peers().orElseThrow().links();
        return links.isEmpty()
                ? new LinkStatus("", false, false, 0, 0, Optional.empty(), 0, "not dialled yet")
                : links.get(0);
    }

    private static String tags(SyncServer server) {
        try {
            return server.document("d")
                    .read()
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS)
                    .map(view -> String.valueOf(view.snapshot().toMap().get("tags")))
                    .orElse("none");
        } catch (Exception e) {
            return e.toString();
        }
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long until = System.currentTimeMillis() + PATIENCE_MILLIS;
        while (!condition.getAsBoolean()) {
            assertTrue(System.currentTimeMillis() < until, "in vain: " + what);
            Thread.sleep(20);
        }
    }
}
