package dev.rejoin.conformance.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.rejoin.conformance.browser.Browser.Tab;
import dev.rejoin.conformance.editors.Tokens;
import dev.rejoin.conformance.process.ServerProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Somebody types in CodeMirror over the stock Hocuspocus provider while the leave to do so ends: real Chromium, and an application that hands out tokens. */
@Timeout(240)
class HocuspocusTokenPageIT {
    private static final Path SOURCE = Path.of("browser/tokens");
    private static final Path PACKAGES = Path.of("../demo-client/web/node_modules");
    private static final String EDITOR = "#editor .cm-content";
    private static final String SAVED = "document.querySelector('#status').textContent === 'Saved'";
    private static final String SIGNED_OUT = "document.querySelector('#status').textContent"
            + " === 'You are signed out. What you type is kept on this page only'";

    /* Leave by a token ends this long after the token does. */
    private static final long GRACE_SECONDS = 60;

    /* Half of it is left when the server asks for another token; long enough for a busy machine to answer. */
    private static final long SHORT_SECONDS = 12;
    private static final int REPLACED = 3;

    @TempDir
    static Path bundle;

    private static @Nullable Browser browser;
    private static @Nullable Path page;

    @TempDir
    Path folder;

    private @Nullable ServerProcess server;
    private @Nullable HttpServer application;

    /** Whether the application knows who is at the page. */
    private volatile boolean signedIn = true;

    @BeforeAll
    static void bundleThePageAndStartABrowser() throws Exception {
        page = PageBundle.build(SOURCE, "page.js", PACKAGES, bundle);
        browser = Browser.startOrSkip();
    }

    @AfterAll
    static void endBrowser() throws Exception {
        if (browser != null) {
            browser.close();
        }
    }

    @BeforeEach
    void start() throws Exception {
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
                                page.toString(),
                                "--jwt-secret-file",
                                folder.resolve("secret").toString()))
                .start();
        application = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        application.createContext("/token", this::handOut);
        application.start();
    }

    @AfterEach
    void end() throws Exception {
        application.stop(0);
        try (ServerProcess last = server) {
            assertEquals(List.of(), browser.closeAll(), "no page has complained");
        }
    }

    private void handOut(HttpExchange asked) throws IOException {
        byte[] body;
        try {
            body = token(SHORT_SECONDS).getBytes(StandardCharsets.UTF_8);
        } catch (Exception e) {
            throw new IOException(e);
        }
        asked.getResponseHeaders().add("Access-Control-Allow-Origin", "*");
        asked.sendResponseHeaders(signedIn ? 200 : 401, signedIn ? body.length : -1);
        if (signedIn) {
            asked.getResponseBody().write(body);
        }
        asked.close();
    }

    @Test
    void aTokenIsReplacedOnTheSameSocketWhileSomebodyTypesAndNothingIsLost() throws Exception {
        Tab ada = open("ada");
        Tab ben = open("ben");
        StringBuilder typed = new StringBuilder();
        for (int word = 0; ada.evaluate("tokens").asInt() <= REPLACED; word++) {
            String next = "word" + word + " ";
            typed.append(next);
            ada.type(EDITOR, next);
            assertEquals("[]", ada.evaluate("failures").toString());
        }
        ada.until(SAVED);
        ben.until("rejoin.text.toString() === '" + typed + "'");
        assertEquals(typed.toString(), ada.evaluate("rejoin.text.toString()").asText());
        assertEquals(typed.toString(), served());
        for (Tab tab : List.of(ada, ben)) {
            assertEquals(1, tab.evaluate("sockets").asInt(), "the socket it began with");
            assertEquals("[]", tab.evaluate("failures").toString());
        }
    }

    @Test
    void whoeverGetsNoOtherTokenIsToldSoKeepsWhatIsTypedAndGoesOnOnTheSameSocket() throws Exception {
        Tab ada = open("ada");
        ada.type(EDITOR, "while I may, ");
        ada.until(SAVED);
        signedIn = false;
        ada.until("failures.length > 0");
        String first = ada.evaluate("failures[0]").asText();
        assertTrue(first.contains("the application gives no token: 401"), first);
        ada.until(SIGNED_OUT);
        assertEquals(
                "needs-auth: the token has expired",
                ada.evaluate("failures.at(-1)").asText());
        ada.type(EDITOR, "afterwards, ");
        assertTrue(ada.evaluate("rejoin.provider.hasUnsyncedChanges").asBoolean());
        assertEquals("while I may, ", served());

        signedIn = true;
        ada.click("#sign-in");
        ada.until(SAVED);
        ada.type(EDITOR, "and again");
        ada.until(SAVED);
        assertEquals("while I may, afterwards, and again", served());
        assertEquals(1, ada.evaluate("sockets").asInt(), "the socket it began with");
    }

    private Tab open(String person) throws Exception {
        String address = "http://127.0.0.1:" + application.getAddress().getPort() + "/token";
        Tab tab = browser.open(person, server.uri() + "?application=" + address);
        tab.until(SAVED);
        return tab;
    }

    /** What the server answers to an application that asks for the document. */
    private String served() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(
                        server.uri().resolve("/v1/documents/private?format=text&text=body"))
                .header("Authorization", "Bearer " + token(3_600))
                .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        assertEquals(200, answer.statusCode(), answer.body());
        return answer.body();
    }

    /** Leave that ends after so many seconds. */
    private static String token(long seconds) throws Exception {
        return Tokens.of("ada", "write", Instant.now().getEpochSecond() + seconds - GRACE_SECONDS);
    }
}
