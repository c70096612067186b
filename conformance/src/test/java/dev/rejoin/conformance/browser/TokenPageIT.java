package dev.rejoin.conformance.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.conformance.browser.Browser.Tab;
import dev.rejoin.conformance.editors.Tokens;
import dev.rejoin.conformance.process.ServerProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A page whose leave to write ends while it is open: a server that wants tokens, the built client and IndexedDB in real Chromium. */
@Timeout(120)
class TokenPageIT {
    private static final Path CLIENT = Path.of("../js-client/packages/client/dist");
    /* Leave by a token ends this long after the token does. */
    private static final long GRACE_SECONDS = 60;
    private static final int ATTEMPTS_OF_A_LOOP = 3;
    /* Long enough for a busy machine to connect. */
    private static final long SHORT_SECONDS = 12;
    private static final long ENDED_MILLIS = 40_000;

    private static final String PAGE = """
            <!doctype html><meta charset="utf-8"><title>Tokens</title><link rel="icon" href="data:,">
            <script type="module">
              import { open } from './rejoin/index.js';
              import { IndexedDbStore } from './rejoin/idb.js';
              window.rejoin = await open({
                url: `ws://${location.host}/sync`,
                document: 'private',
                store: new IndexedDbStore('private'),
                // Read at each connection, so whoever has a new token shows it.
                get token() { return localStorage.token; },
              });
            </script>
            """;
    private static final String COUNT_SOCKETS = """
            window.sockets = 0;
            window.WebSocket = class extends WebSocket { constructor(...all) { super(...all); window.sockets++; } };
            """;

    @TempDir
    Path folder;

    private @Nullable Browser browser;
    private @Nullable ServerProcess server;

    @BeforeEach
    void start() throws Exception {
        browser = Browser.startOrSkip();
        Path web = Files.createDirectories(folder.resolve("web/rejoin"));
        try (Stream<Path> modules = Files.list(CLIENT)) {
            for (Path module :
                    modules.filter(file -> file.toString().endsWith(".js")).toList()) {
                Files.copy(module, web.resolve(module.getFileName()));
            }
        }
        Files.writeString(folder.resolve("web/index.html"), PAGE);
        Files.writeString(folder.resolve("secret"), Tokens.SECRET);
        server = new ServerProcess.Setup(
                        folder,
                        List.of("-Xmx128m"),
                        List.of(
                                "--port",
                                Integer.toString(ServerProcess.freePort(new Random())),
                                "--data",
                                folder.resolve("data").toString(),
                                "--web",
                                folder.resolve("web").toString(),
                                "--jwt-secret-file",
                                folder.resolve("secret").toString()))
                .start();
    }

    @AfterEach
    void end() throws Exception {
        try (Browser first = browser;
                ServerProcess second = server) {
            assertEquals(List.of(), browser.closeAll(), "no page has complained");
        }
    }

    @Test
    void leaveThatEndsIsSaidKeepsWhatIsPendingAndIsTakenUpWithANewToken() throws Exception {
        Tab page = browser.openPrepared(
                "ada", server.uri().toString(), "localStorage.token ??= '" + token(3_600) + "';" + COUNT_SOCKETS);
        page.until("rejoin.status.connection === 'connected'");
        page.evaluate("rejoin.document.set('items').add('while I may').durable");
        page.evaluate("rejoin.goOffline(); localStorage.token = '" + token(SHORT_SECONDS)
                + "'; window.sockets = 0; rejoin.goOnline()");
        page.until("rejoin.status.connection === 'connected'");
        page.until("rejoin.status.connection === 'error' && rejoin.status.code === 'needs-auth'", ENDED_MILLIS);
        page.evaluate("rejoin.document.set('items').add('afterwards').savedLocally");
        assertEquals("blocked", page.evaluate("rejoin.status.sync").asText());
        // A client that came again by itself would wait 200 ms at first, and timers of one page end in their order.
        page.evaluate("new Promise((done) => setTimeout(done, 1000))");
        assertEquals(1, page.evaluate("window.sockets").asInt(), "nobody knocks with what was refused");

        for (int i = 1; i <= ATTEMPTS_OF_A_LOOP; i++) {
            page.evaluate("rejoin.goOnline()");
            page.until("rejoin.status.connection === 'error' && rejoin.status.code === 'needs-auth'");
            assertEquals(1 + i, page.evaluate("window.sockets").asInt(), "once for each time that it is told to");
        }

        page.evaluate("localStorage.token = '" + token(3_600) + "'; rejoin.goOnline()");
        page.until("rejoin.status.connection === 'connected' && rejoin.status.pending === 0");
        assertEquals(2, page.evaluate("rejoin.document.set('items').size").asInt());
    }

    @Test
    void whatIsPendingWithoutLeaveSurvivesAReload() throws Exception {
        Tab page = browser.openPrepared(
                "ada", server.uri().toString(), "localStorage.token ??= '" + token(-10) + "';" + COUNT_SOCKETS);
        page.until("rejoin.status.code === 'needs-auth'");
        page.evaluate("rejoin.document.set('items').add('kept').savedLocally");
        page.reload();
        page.until("rejoin.status.code === 'needs-auth' && rejoin.status.pending === 1");
        assertTrue(page.evaluate("rejoin.document.set('items').has('kept')").asBoolean());
        assertEquals(1, page.evaluate("window.sockets").asInt());
        page.evaluate("localStorage.token = '" + token(3_600) + "'; rejoin.goOnline()");
        page.until("rejoin.status.connection === 'connected' && rejoin.status.pending === 0");
    }

    /** Leave that ends after so many seconds. */
    private static String token(long seconds) throws Exception {
        return Tokens.of("ada", "write", Instant.now().getEpochSecond() + seconds - GRACE_SECONDS);
    }
}
