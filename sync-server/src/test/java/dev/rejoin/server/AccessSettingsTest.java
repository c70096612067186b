package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.server.access.Access;
import dev.rejoin.server.access.AccessPolicy;
import dev.rejoin.server.access.AccessRequest;
import dev.rejoin.server.access.Capability;
import dev.rejoin.server.access.Denied;
import dev.rejoin.server.access.Grant;
import dev.rejoin.server.access.Principal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Settings for access, as the command line gives them. */
@Timeout(120)
final class AccessSettingsTest {
    private static final String SECRET = "0123456789abcdef0123456789abcdef";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    Path directory;

    private String file(String name, String content) {
        try {
            return Files.writeString(directory.resolve(name), content).toString();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private int run(Consumer<SyncServer> serve, String... arguments) {
        List<String> all = new ArrayList<>(List.of("--port", "0"));
        all.addAll(List.of(arguments));
        return Main.run(
                all.toArray(String[]::new),
                new Terminal(
                        Map.of(),
                        InputStream.nullInputStream(),
                        new PrintStream(out, true),
                        new PrintStream(err, true),
                        false),
                serve);
    }

    private String complaint(String... arguments) {
        err.reset();
        assertEquals(
                Main.BAD_OPTION,
                run(
                        server -> {
                            throw new AssertionError("it started");
                        },
                        arguments));
        String said = err.toString(StandardCharsets.UTF_8).strip();
        assertEquals(1, said.lines().count(), said);
        return said;
    }

    private void complains(String beginning, String... arguments) {
        String said = complaint(arguments);
        assertTrue(said.startsWith(beginning), said);
    }

    /** What a peer with this token gets: a capability, or the code of a denial. */
    private static String answer(SyncServer server, String token) {
        Access answer = server.access()
                .authorise(new AccessRequest("notes", token, ""))
                .toCompletableFuture()
                .join();
        return answer instanceof Grant grant ? grant.capability().toString() : ((Denied) answer).code();
    }

    private String summary() {
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void withoutSettingsEverybodyOnThisMachineWrites() {
        for (String host : List.of("127.0.0.1", "localhost")) {
            assertEquals(Main.OK, run(server -> assertEquals("write", answer(server, "")), "--host", host));
        }
        assertTrue(summary().contains("access      NONE: everybody on this machine writes"), summary());
    }

    @Test
    void withoutSettingsNobodyElseCanReachTheServer() {
        for (String host : List.of("0.0.0.0", "192.0.2.1", "::", "host.invalid")) {
            assertEquals(
                    "host: expected a loopback address as long as access is not configured, got \"" + host
                            + "\"; give one of jwt-secret-file, jwt-jwks-file, jwt-jwks-url, or --open to let everybody"
                            + " write",
                    complaint("--host", host));
        }
    }

    @Test
    void whoSaysOpenGetsIt() {
        for (List<String> open : List.of(List.of("--open"), List.of("--open", "true"), List.of("--open=true"))) {
            List<String> arguments = new ArrayList<>(List.of("--host", "0.0.0.0"));
            arguments.addAll(open);
            int code = run(server -> assertEquals("write", answer(server, "")), arguments.toArray(String[]::new));
            assertEquals(Main.OK, code);
        }
        assertTrue(summary().contains("access      open: everybody writes every document"), summary());
        complains("host: ", "--host", "0.0.0.0", "--open", "false");
        assertEquals("open: expected true or false, got \"yes\" (from --open)", complaint("--open", "yes"));
    }

    @Test
    void withASecretATokenIsNeeded() {
        int code = run(
                server -> {
                    assertEquals(Denied.NEEDS_AUTH, answer(server, ""));
                    assertEquals(Denied.NEEDS_AUTH, answer(server, "token"));
                },
                "--host",
                "0.0.0.0",
                "--jwt-secret-file",
                file("secret", SECRET),
                "--jwt-revocations-file",
                file("revoked", "# nobody\n"));
        assertEquals(Main.OK, code, err.toString(StandardCharsets.UTF_8));
        assertTrue(summary().contains("access      by signed token"), summary());
    }

    @Test
    void whatCannotBeUsedIsSaidWithTheNameOfTheSetting() {
        String secret = file("secret", SECRET);
        String nowhere = directory.resolve("nowhere").toString();
        assertEquals(
                "jwt-secret-file: " + directory.resolve("short")
                        + ": HS256 takes a secret of at least 32 bytes, this one has 31",
                complaint("--jwt-secret-file", file("short", "x".repeat(31))));
        assertEquals(
                "jwt-secret-file: " + secret + ": HS512 takes a secret of at least 64 bytes, this one has 32",
                complaint("--jwt-secret-file", secret, "--jwt-algorithms", "HS512"));
        assertEquals(
                "jwt-algorithms: RS256 takes no secret but a key set",
                complaint("--jwt-secret-file", secret, "--jwt-algorithms", "RS256"));
        complains("jwt-secret-file: " + nowhere + " cannot be read", "--jwt-secret-file", nowhere);
        complains("jwt-jwks-file: " + nowhere + " cannot be read", "--jwt-jwks-file", nowhere);
        complains(
                "jwt-jwks-file: " + directory.resolve("empty") + ": none of the 0 keys can be used",
                "--jwt-jwks-file",
                file("empty", "{\"keys\":[]}"));
        complains("jwt-jwks-file: " + secret + ": this is no JSON Web Key Set", "--jwt-jwks-file", secret);
        complains("jwt-jwks-url: http://127.0.0.1:1/k cannot be read", "--jwt-jwks-url", "http://127.0.0.1:1/k");
        complains("jwt-jwks-url: expected an address", "--jwt-jwks-url", "file:///keys.json");
        complains("jwt-jwks-url: expected an address", "--jwt-jwks-url", "https://me:pw@id.example/keys.json");
        complains(
                "jwt-revocations-file: " + nowhere + " cannot be read",
                "--jwt-secret-file",
                secret,
                "--jwt-revocations-file",
                nowhere);
        for (String none : List.of("none", "hs256", "HS256 RS256", "ES256K")) {
            complains(
                    "jwt-algorithms: expected some of HS256, ", "--jwt-secret-file", secret, "--jwt-algorithms", none);
        }
    }

    @Test
    void settingsThatContradictEachOtherAreRefused() {
        String secret = file("secret", SECRET);
        assertEquals("open: contradicts jwt-secret-file", complaint("--open", "--jwt-secret-file", secret));
        assertEquals(
                "jwt-jwks-file: keys come from one place, and jwt-secret-file is given already",
                complaint("--jwt-jwks-file", secret, "--jwt-secret-file", secret));
        for (String lonely : List.of("jwt-issuer", "jwt-audience", "jwt-algorithms", "jwt-revocations-file")) {
            assertEquals(
                    lonely + ": means nothing without one of jwt-secret-file, jwt-jwks-file, jwt-jwks-url",
                    complaint("--" + lonely, lonely.equals("jwt-algorithms") ? "HS256" : "x"));
        }
    }

    @Test
    void aPolicyOfTheEmbeddingProgramDecides() throws IOException {
        AccessPolicy readers = request ->
                CompletableFuture.completedFuture(new Grant(new Principal("ben", "Ben"), Capability.READ, Grant.NEVER));
        try (SyncServer server =
                SyncServer.builder().host("0.0.0.0").port(0).access(readers).start()) {
            assertEquals("read", answer(server, ""));
        }
        assertThrows(
                BadOptionException.class,
                () -> SyncServer.builder().host("0.0.0.0").port(0).start());
    }
}
