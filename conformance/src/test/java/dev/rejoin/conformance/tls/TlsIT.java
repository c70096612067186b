package dev.rejoin.conformance.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.client.ConnectionStatus;
import dev.rejoin.client.SyncClient;
import dev.rejoin.conformance.editors.Editor;
import dev.rejoin.conformance.editors.StockClient;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.server.BadOptionException;
import dev.rejoin.server.ServerConfig;
import dev.rejoin.server.SyncServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A server with a certificate: what its clients get, what strangers do not get, and what happens when the files change. */
@Timeout(120)
class TlsIT {
    private static final byte[] REQUEST =
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    private static @Nullable Path directory;

    private static @Nullable TestCertificate first;
    private static @Nullable TestCertificate second;

    private final PrintStream standardError = System.err;
    private final ByteArrayOutputStream logged = new ByteArrayOutputStream();

    @TempDir
    Path files = Path.of("");

    @BeforeAll
    static void makeCertificates() throws Exception {
        first = TestCertificate.make(place());
        second = TestCertificate.make(place(), "-keyalg", "RSA", "-keysize", "2048", "-validity", "90");
    }

    /* The logger of the tests writes to what is standard error at that moment. */
    @BeforeEach
    void listenToTheLog() {
        System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void giveTheLogBack() {
        System.setErr(standardError);
        standardError.print(logged.toString(StandardCharsets.UTF_8));
    }

    private static Path place() {
        return Objects.requireNonNull(directory);
    }

    private static TestCertificate first() {
        return Objects.requireNonNull(first);
    }

    private static TestCertificate second() {
        return Objects.requireNonNull(second);
    }

    private Path certificateFile() {
        return files.resolve("cert.pem");
    }

    private Path keyFile() {
        return files.resolve("key.pem");
    }

    private void give(String certificate, String key) throws IOException {
        Files.writeString(certificateFile(), certificate);
        Files.writeString(keyFile(), key);
    }

    private SyncServer start() throws IOException {
        return SyncServer.builder()
                .config(ServerConfig.DEFAULTS
                        .with(ServerConfig.TLS_CERT, Optional.of(certificateFile()))
                        .with(ServerConfig.TLS_KEY, Optional.of(keyFile())))
                .port(0)
                .data(files.resolve("documents"))
                .start();
    }

    private SyncServer startWith(TestCertificate certificate) throws Exception {
        give(certificate.certificatePem(), certificate.keyPem());
        return start();
    }

    private String complaint(String certificate, String key) throws IOException {
        give(certificate, key);
        return assertThrows(BadOptionException.class, () -> start().close()).getMessage();
    }

    private static SyncClient client(SyncServer server, SSLContext trust) {
        return SyncClient.builder()
                .url(server.syncUri())
                .document("notes/1")
                .sslContext(trust)
                .build();
    }

    private static void write(SyncClient client, String tag) throws Exception {
        client.write(document -> document.set("tags", ValueCodec.STRING).add(tag))
                .durable()
                .get(60, TimeUnit.SECONDS);
    }

    private static SSLSocket socket(SyncServer server, SSLContext trust, String... protocols) throws IOException {
        SSLSocket socket =
                (SSLSocket) trust.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), server.port());
        if (protocols.length > 0) {
            socket.setEnabledProtocols(protocols);
        }
        return socket;
    }

    /** The certificate that a new connection is shown. */
    private static X509Certificate shown(SyncServer server) throws Exception {
        try (SSLSocket socket = socket(server, TestCertificate.trusting(first(), second()))) {
            socket.startHandshake();
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    private long count(String words) {
        return logged.toString(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.contains(words))
                .count();
    }

    private static double secondsToExpiry(SyncServer server) {
        Matcher gauge = Pattern.compile("(?m)^rejoin_tls_certificate_expiry_seconds (\\S+)$")
                .matcher(server.metrics().page());
        assertTrue(gauge.find(), server.metrics().page());
        return Double.parseDouble(gauge.group(1));
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void until(Condition condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.holds()) {
            assertTrue(System.nanoTime() < end, "waited in vain");
            Thread.sleep(20);
        }
    }

    @Test
    void documentsAreWrittenAndReadOverHttps() throws Exception {
        try (SyncServer server = startWith(first())) {
            assertEquals("https", server.uri().getScheme());
            URI document = server.uri().resolve("v1/documents/a");
            HttpClient http = HttpClient.newBuilder()
                    .sslContext(TestCertificate.trusting(first()))
                    .build();
            String add = "{\"mutations\":[{\"path\":[\"tags\"],\"type\":\"set\",\"op\":\"add\",\"value\":\"x\"}]}";
            HttpResponse<String> written = http.send(
                    HttpRequest.newBuilder(document)
                            .header("Content-Type", "application/json")
                            .POST(BodyPublishers.ofString(add))
                            .build(),
                    BodyHandlers.ofString());
            assertEquals(200, written.statusCode(), written.body());
            HttpResponse<String> read =
                    http.send(HttpRequest.newBuilder(document).build(), BodyHandlers.ofString());
            assertEquals("{\"tags\":[\"x\"]}", read.body());
            assertEquals(
                    "TLSv1.3", read.sslSession().orElseThrow().getProtocol(), "what the JDK's client agrees on first");
            HttpClient stranger = HttpClient.newHttpClient();
            assertThrows(
                    SSLHandshakeException.class,
                    () -> stranger.send(HttpRequest.newBuilder(document).build(), BodyHandlers.ofString()));
        }
    }

    @Test
    void onlyHttp11AndNewVersionsAreSpoken() throws Exception {
        SSLContext trust = TestCertificate.trusting(first());
        try (SyncServer server = startWith(first())) {
            for (String version : List.of("TLSv1.3", "TLSv1.2")) {
                try (SSLSocket socket = socket(server, trust, version)) {
                    SSLParameters parameters = socket.getSSLParameters();
                    parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
                    socket.setSSLParameters(parameters);
                    socket.startHandshake();
                    assertEquals("http/1.1", socket.getApplicationProtocol());
                    assertEquals(version, socket.getSession().getProtocol());
                }
            }
            try (SSLSocket socket = socket(server, trust)) {
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setApplicationProtocols(new String[] {"h2"});
                socket.setSSLParameters(parameters);
                assertThrows(SSLException.class, socket::startHandshake);
            }
            try (SSLSocket socket = socket(server, trust, "TLSv1.2")) {
                socket.setEnabledCipherSuites(Arrays.stream(socket.getSupportedCipherSuites())
                        .filter(suite -> suite.contains("_CBC_"))
                        .toArray(String[]::new));
                assertThrows(SSLException.class, socket::startHandshake, "ciphers without authentication");
            }
        }
    }

    @Test
    void theJavaClientSyncsWithTheServerItTrusts() throws Exception {
        try (SyncServer server = startWith(first());
                SyncClient client = client(server, TestCertificate.trusting(first()));
                SyncClient stranger = client(server, TestCertificate.trusting(second()))) {
            assertEquals("wss", server.syncUri().getScheme());
            write(client, "a");
            server.document("notes/1")
                    .transact(document -> document.counter("likes").increment());
            until(() -> client.snapshot().counter("likes") == 1);
            assertTrue(stranger.connection() != ConnectionStatus.CONNECTED);
            assertTrue(stranger.snapshot().toMap().isEmpty());
        }
    }

    @ParameterizedTest
    @EnumSource
    void stockEditorsWriteTogether(Editor editor) throws Exception {
        try (SyncServer server = startWith(first())) {
            URI address = server.syncUri().resolve(editor.speaksHocuspocus() ? "/hocuspocus" : "/yjs");
            try (StockClient ann = StockClient.of(editor, address, "pair")
                            .trusting(certificateFile())
                            .start();
                    StockClient bob = StockClient.of(editor, address, "pair")
                            .trusting(certificateFile())
                            .start()) {
                ann.awaitSynced();
                ann.insert(0, "ab");
                bob.await("text", "ab");
                bob.insert(1, "-");
                ann.await("text", "a-b");
            }
        }
    }

    @Test
    void keysAreReadInTheFormsThatProgramsWrite() throws Exception {
        byte[] rsa = second().key().getEncoded();
        // RSA of 2,048 bits: version and algorithm take the 26 bytes before the key of PKCS#1
        String pkcs1 = TestCertificate.pem("RSA PRIVATE KEY", Arrays.copyOfRange(rsa, 26, rsa.length));
        String scalar = String.format("%064x", ((ECPrivateKey) first().key()).getS());
        byte[] sec1 = HexFormat.of().parseHex("30310201010420" + scalar + "a00a06082a8648ce3d030107");
        String parameters = TestCertificate.pem("EC PARAMETERS", HexFormat.of().parseHex("06082a8648ce3d030107"));
        for (TestCertificate certificate : List.of(first(), second())) {
            List<String> forms = certificate.equals(first())
                    ? List.of(first().keyPem(), parameters + TestCertificate.pem("EC PRIVATE KEY", sec1))
                    : List.of(second().keyPem(), pkcs1, pkcs1.replace("\n", "\r\n"), "notes\n" + pkcs1);
            for (String form : forms) {
                give(certificate.certificatePem(), form);
                try (SyncServer server = start()) {
                    assertEquals(certificate.certificate(), shown(server));
                }
            }
        }
        String both = first().certificatePem() + first().keyPem();
        give(both, both);
        try (SyncServer server = start()) {
            assertEquals(first().certificate(), shown(server));
        }
    }

    @Test
    void whatCannotServeIsNamedAtTheStart() throws Exception {
        String certificate = first().certificatePem();
        String key = first().keyPem();
        TestCertificate expired = TestCertificate.make(place(), "-startdate", "-20d", "-validity", "10");
        TestCertificate early = TestCertificate.make(place(), "-startdate", "+2d", "-validity", "10");
        String cert = "tls-cert: " + certificateFile() + ": ";
        String tlsKey = "tls-key: " + keyFile() + ": ";
        assertEquals(
                tlsKey + "its key is not that of the first certificate in " + certificateFile(),
                complaint(certificate, TestCertificate.make(place()).keyPem()));
        assertEquals(
                tlsKey + "its key is not that of the first certificate in " + certificateFile(),
                complaint(certificate, second().keyPem()));
        assertEquals(
                cert + "its certificate has expired, at "
                        + expired.certificate().getNotAfter().toInstant(),
                complaint(expired.certificatePem(), expired.keyPem()));
        assertEquals(
                cert + "its certificate is not valid before "
                        + early.certificate().getNotBefore().toInstant(),
                complaint(early.certificatePem(), early.keyPem()));
        assertEquals(cert + "there is no certificate in PEM in it", complaint(key, key));
        assertEquals(tlsKey + "there is no private key in PEM in it", complaint(certificate, certificate));
        assertEquals(
                tlsKey + "its key is encrypted with a password; take one without",
                complaint(certificate, key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY")));
        assertEquals(
                tlsKey + "its key is encrypted with a password; take one without",
                complaint(
                        certificate,
                        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n"
                                + "-----END RSA PRIVATE KEY-----\n"));
        String cut = TestCertificate.pem("EC PRIVATE KEY", new byte[] {0x30, 0x7f, 2, 1, 1});
        assertEquals(tlsKey + "its key is cut off", complaint(certificate, cut));
        assertTrue(complaint(certificate.replace("MII", "!!!"), key).startsWith(cert + "one of its certificates"));
        assertTrue(complaint(certificate + "x".repeat(70_000), key).contains("larger than 65536 bytes"));
        Files.delete(certificateFile());
        assertTrue(assertThrows(BadOptionException.class, () -> start().close())
                .getMessage()
                .startsWith("tls-cert: " + certificateFile() + " cannot be read: "));
    }

    @Test
    void aCertificateWithoutItsKeyIsNoSetting() {
        for (var lonely : List.of(ServerConfig.TLS_CERT, ServerConfig.TLS_KEY)) {
            var other = lonely == ServerConfig.TLS_CERT ? ServerConfig.TLS_KEY : ServerConfig.TLS_CERT;
            SyncServer.Builder builder = SyncServer.builder()
                    .config(ServerConfig.DEFAULTS.with(lonely, Optional.of(certificateFile())))
                    .port(0);
            assertEquals(
                    lonely + ": means nothing without " + other,
                    assertThrows(BadOptionException.class, builder::start).getMessage());
        }
    }

    @Test
    void aNewPairIsTakenAndOpenConnectionsGoOn() throws Exception {
        SSLContext trust = TestCertificate.trusting(first());
        try (SyncServer server = startWith(first());
                SyncClient client = client(server, trust)) {
            write(client, "before");
            assertEquals(first().certificate(), shown(server));
            double before = secondsToExpiry(server);
            assertTrue(before > 364 * 86_400.0 && before < 366 * 86_400.0, "" + before);
            give(second().certificatePem(), second().keyPem());
            until(() -> shown(server).equals(second().certificate()));
            double after = secondsToExpiry(server);
            assertTrue(after > 89 * 86_400.0 && after < 91 * 86_400.0, "" + after);
            write(client, "after"); // it trusts the first certificate only, so this is its first connection
            assertEquals(ConnectionStatus.CONNECTED, client.connection());
            assertEquals(1, count("new connections get the certificate"));
            assertEquals(0, count("ERROR"));
        }
    }

    @Test
    void aBrokenPairLeavesTheOldOneAndIsMentionedOnce() throws Exception {
        try (SyncServer server = startWith(first())) {
            Files.writeString(keyFile(), second().keyPem());
            until(() -> count("ERROR") > 0);
            for (int i = 0; i < 50; i++) {
                assertEquals(first().certificate(), shown(server));
                Thread.sleep(20);
            }
            assertEquals(1, count("the certificate read before stays in use: " + keyFile()));
            assertEquals(1, count("ERROR"));
            Files.writeString(certificateFile(), second().certificatePem());
            until(() -> shown(server).equals(second().certificate()));
            Files.delete(certificateFile());
            until(() -> count("ERROR") > 1);
            assertEquals(second().certificate(), shown(server));
        }
    }

    @Test
    void aCertificateThatEndsSoonIsMentionedOnce() throws Exception {
        TestCertificate soon = TestCertificate.make(place(), "-validity", "13");
        try (SyncServer server = startWith(soon)) {
            Thread.sleep(1_000);
            assertEquals(1, count("WARN dev.rejoin.server.transport.Tls"));
            assertTrue(secondsToExpiry(server) < 13 * 86_400.0);
        }
        try (SyncServer server = startWith(second())) {
            assertEquals(1, count("WARN dev.rejoin.server.transport.Tls"));
        }
    }

    @Test
    void whoeverSpeaksInTheClearIsClosedAndOthersGoOn() throws Exception {
        try (SyncServer server = startWith(first());
                SyncClient client = client(server, TestCertificate.trusting(first()))) {
            write(client, "before");
            for (int i = 0; i < 20; i++) {
                try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
                    socket.getOutputStream().write(REQUEST);
                    byte[] answer = socket.getInputStream().readAllBytes();
                    assertTrue(
                            !new String(answer, StandardCharsets.ISO_8859_1).contains("HTTP"),
                            "at most an alert of TLS");
                } catch (IOException reset) {
                    // closed before it had read everything
                }
            }
            write(client, "after");
            assertEquals(ConnectionStatus.CONNECTED, client.connection());
            until(() -> server.metrics().page().lines().anyMatch("rejoin_connections 1.0"::equals));
            assertEquals(0, count("ERROR") + count("WARN dev.rejoin.server.transport"));
        }
    }

    @Test
    @Timeout(60)
    void aDripInTheHandshakeIsClosedAtTheDeadline() throws Exception {
        try (SyncServer server = startWith(first());
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            OutputStream out = socket.getOutputStream();
            // a record of 16 KiB with a ClientHello that does not come to its end
            out.write(HexFormat.of().parseHex("1603014000010003fc0303"));
            assertThrows(IOException.class, () -> {
                while (true) {
                    out.write(0);
                    Thread.sleep(50);
                }
            });
            assertTrue(server.metrics().page().lines().anyMatch("rejoin_connections_timed_out_total 1.0"::equals));
        }
    }

    @Test
    void aSecondHandshakeEndsTheConnection() throws Exception {
        try (SyncServer server = startWith(first());
                SSLSocket socket = socket(server, TestCertificate.trusting(first()), "TLSv1.2")) {
            for (int i = 0; i < 2; i++) {
                socket.getOutputStream().write(REQUEST);
                assertTrue(answer(socket).startsWith("HTTP/1.1 200"), "one handshake is enough for many requests");
            }
            String answer = "";
            try {
                socket.startHandshake();
                socket.getOutputStream().write(REQUEST);
                answer = answer(socket);
            } catch (IOException closed) {
                // as it should be
            }
            assertEquals("", answer);
            until(() -> server.metrics().page().lines().anyMatch("rejoin_connections 0.0"::equals));
        }
    }

    @Test
    void aForgedRecordEndsAnOpenWebSocketWithoutAStackTrace() throws Exception {
        SSLContext trust = TestCertificate.trusting(first());
        try (SyncServer server = startWith(first());
                Socket wire = new Socket(InetAddress.getLoopbackAddress(), server.port());
                SSLSocket socket =
                        (SSLSocket) trust.getSocketFactory().createSocket(wire, "localhost", server.port(), false)) {
            String upgrade = "GET /sync HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                    + "Sec-WebSocket-Protocol: rejoin.v1\r\n\r\n";
            socket.getOutputStream().write(upgrade.getBytes(StandardCharsets.US_ASCII));
            assertEquals('H', socket.getInputStream().read());
            until(() -> server.metrics().page().lines().anyMatch("rejoin_sessions 1.0"::equals));
            wire.getOutputStream().write(HexFormat.of().parseHex("1703030020" + "00".repeat(32)));
            until(() -> server.metrics().page().lines().anyMatch("rejoin_connections 0.0"::equals));
            assertEquals(0, count("ERROR"));
        }
    }

    /** One answer, which ends with the only "ok" in it; or what came until the end. */
    private static String answer(Socket socket) throws IOException {
        StringBuilder answer = new StringBuilder();
        int read = 0;
        while (read >= 0 && answer.indexOf("\r\n\r\nok\n") < 0) {
            read = socket.getInputStream().read();
            if (read >= 0) {
                answer.append((char) read);
            }
        }
        return answer.toString();
    }
}
