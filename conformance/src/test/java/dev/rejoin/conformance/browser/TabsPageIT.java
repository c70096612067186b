package dev.rejoin.conformance.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rejoin.conformance.browser.Browser.Tab;
import dev.rejoin.server.SyncServer;
import dev.rejoin.server.room.MutationValidator;
import dev.rejoin.server.transport.WebRoot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several tabs of one browser with one connection, in a React page that is bundled from the npm packages: real Chromium, real IndexedDB and Web Locks. */
@Timeout(120)
class TabsPageIT {
    private static final Path SOURCE = Path.of("browser/tabs");
    private static final Path PACKAGES = Path.of("../js-client/node_modules");
    private static final String SAVED = "rejoin.status.connection === 'connected' && rejoin.status.pending === 0";
    private static final String SHOWN =
            "({ count: rejoin.document.counter('count').value, items: [...rejoin.document.set('items').values].sort() })";
    private static final int BURST = 40;

    private static @Nullable Browser browser;
    private static @Nullable Path page;

    @TempDir
    static Path bundle;

    @TempDir
    Path folder;

    private @Nullable SyncServer server;
    private @Nullable Line line;

    @BeforeAll
    static void bundleThePageAndStartABrowser() throws Exception {
        page = PageBundle.build(SOURCE, "page.jsx", PACKAGES, bundle, "--jsx=automatic");
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
        server = SyncServer.builder()
                .port(0)
                .data(folder)
                .web(WebRoot.directory(page))
                .validator(change -> change.mutations().stream().anyMatch(each -> "forbidden".equals(each.value()))
                        ? MutationValidator.Decision.reject("content-rejected", "this is not allowed here")
                        : MutationValidator.Decision.accept())
                .start();
        line = Line.to(server.port());
    }

    @AfterEach
    void end() throws Exception {
        try (SyncServer first = server;
                Line second = line) {
            assertEquals(List.of(), browser.closeAll(), "no page has complained");
        }
    }

    @Test
    void twoTabsHaveOneConnectionAndShowTheSame() throws Exception {
        Tab left = open("left");
        Tab right = left.openBeside("right", address());
        left.until(SAVED);
        right.until(SAVED);
        right.evaluate("void add('from the right')");
        right.until("document.querySelector('[data-item=\"from the right\"]') !== null");
        left.until("document.querySelector('[data-item=\"from the right\"]:not([data-pending])') !== null");
        assertEquals(List.of(1, 0), List.of(number(left, "sockets"), number(right, "sockets")));

        right.evaluate("void add('forbidden')");
        for (Tab tab : List.of(left, right)) {
            tab.until("document.querySelector('#rejections').textContent === 'content-rejected'");
            tab.until("document.querySelector('[data-item=\"forbidden\"]') === null");
            assertEquals("1", tab.text("#count"));
        }
        left.evaluate("void rejoin.rejections[0].discard()");
        right.until("document.querySelector('#rejections').textContent === ''");
    }

    @Test
    void aMountThatReactRepeatsOpensOneConnection() throws Exception {
        Tab tab = open("strict");
        tab.until(SAVED);
        assertEquals(1, number(tab, "opens"));
        assertEquals(1, number(tab, "sockets"));
        tab.click("button");
        tab.until("document.querySelector('#count').textContent === '1'");
    }

    @Test
    void theLeaderIsClosedInTheMidstOfSendingAndEachWriteCountsOnce() throws Exception {
        Tab leader = open("leader");
        Tab follower = leader.openBeside("follower", address());
        leader.until(SAVED);
        follower.until(SAVED);
        assertEquals(List.of(1, 0), List.of(number(leader, "sockets"), number(follower, "sockets")));
        follower.evaluate("void (window.mine = Array.from({ length: " + BURST + " }, (_, i) => add(`follower ${i}`)))");
        leader.evaluate(
                "(async () => { const writes = Array.from({ length: " + BURST + " }, (_, i) => add(`leader ${i}`));"
                        + " await Promise.all(writes.map((write) => write.savedLocally)); })()");
        leader.close();
        follower.until(SAVED);
        follower.evaluate("Promise.all(mine.map((write) => write.durable)).then(() => true)");
        // it takes the connection over, also where the other one had sent everything before it was closed
        follower.until("window.sockets === 1");
        assertShows(follower, 2 * BURST);
        assertShows(open("somebody else"), 2 * BURST);
    }

    @Test
    void tabsAreClosedWhileOfflineAndTheOneThatIsLeftSendsWhatTheyHaveWritten() throws Exception {
        Tab first = open("first");
        Tab second = first.openBeside("second", address());
        Tab left = first.openBeside("left", address());
        first.until(SAVED);
        second.until(SAVED);
        second.evaluate("rejoin.goOffline()");
        for (Tab tab : List.of(first, second)) {
            tab.until("rejoin.status.code === 'offline'");
            tab.evaluate("add('written offline in ' + Math.random()).savedLocally.then(() => true)");
        }
        first.close();
        second.close();
        left.until("rejoin.status.code === 'offline' && rejoin.status.pending === 2");
        left.evaluate("rejoin.goOnline()");
        assertShows(left, 2);
        assertShows(open("somebody else"), 2);
    }

    @Test
    void aConnectionThatIsCutComesBackAndNothingIsLost() throws Exception {
        Tab tab = open("cut");
        Tab beside = tab.openBeside("beside", address());
        tab.until(SAVED);
        beside.until(SAVED);
        tab.evaluate("void (window.codes = [], rejoin.onStatus(({ code }) => code && codes.push(code)))");
        for (int i = 0; i < 3; i++) {
            beside.evaluate("void Array.from({ length: 10 }, (_, i) => add(`" + i + " ${i}`))");
            line.cut();
            tab.until(SAVED);
            beside.until(SAVED);
        }
        tab.until("codes.includes('close-1006')");
        assertShows(tab, 30);
        assertShows(open("somebody else"), 30);
    }

    private Tab open(String name) throws IOException {
        return browser.open(name, address());
    }

    private String address() {
        return "http://127.0.0.1:" + line.port() + "/";
    }

    private static int number(Tab tab, String name) throws IOException {
        return tab.evaluate("window." + name).asInt();
    }

    private static void assertShows(Tab tab, int writes) throws IOException {
        tab.until(SAVED);
        tab.until("rejoin.document.set('items').size === " + writes);
        JsonNode shown = tab.evaluate(SHOWN);
        assertEquals(writes, shown.get("count").asInt(), shown.toString());
        assertEquals(writes, shown.get("items").size(), shown.toString());
    }
}
