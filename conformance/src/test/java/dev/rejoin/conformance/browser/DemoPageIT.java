package dev.rejoin.conformance.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rejoin.client.SyncClient;
import dev.rejoin.conformance.browser.Browser.Tab;
import dev.rejoin.crdt.Change;
import dev.rejoin.crdt.LwwRegister;
import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.document.Document;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The demo as people use it: its jar in a process, its page in real Chromium, and a Java program beside it. */
@Timeout(150)
class DemoPageIT {
    private static final String STATE =
            "[...rejoin.document.confirmedState()]" + ".map((byte) => byte.toString(16).padStart(2, '0')).join('')";
    private static final String CONNECTED = "rejoin.status.connection === 'connected'";
    private static final String NOTHING_PENDING = CONNECTED + " && rejoin.status.pending === 0";
    private static final String KEPT_FOR_OFFLINE = "document.documentElement.hasAttribute('data-offline-ready')";
    private static final String SAVED_LOCALLY =
            "rejoin.pending().every(({ write }) => write.state !== 'local') && rejoin.status.savesLocally";
    private static final String REASON = "this tag is not allowed here";

    @RegisterExtension
    static final DemoPages PAGES = new DemoPages();

    private final HttpClient http = HttpClient.newHttpClient();
    private final Set<String> seenByJava = ConcurrentHashMap.newKeySet();
    private @Nullable SyncClient program;

    @BeforeEach
    void start() throws Exception {
        program = SyncClient.builder()
                .url(PAGES.demo().syncUri())
                .document("notes/1")
                .outbox(PAGES.folder().resolve("outbox"))
                .build();
        program.onChange(event -> event.changes().forEach(change -> {
            if (change instanceof Change.SetChange set) {
                set.added().forEach(tag -> seenByJava.add(String.valueOf(tag)));
            }
        }));
    }

    @AfterEach
    void end() {
        program.close();
    }

    @Test
    void offlineEditsRefusalsReloadsAndAKilledServerLeaveAllWithTheSameBytes() throws Exception {
        Tab ada = PAGES.open("ada");
        Tab ben = PAGES.open("ben");
        List<Tab> both = List.of(ada, ben);
        everybodySeesEverybody(ada, ben);
        DemoPages.picturesOf(ada, "empty");
        double whereLikesAre = likesButton(ada);
        ada.until(KEPT_FOR_OFFLINE);
        ben.until(KEPT_FOR_OFFLINE);

        whatOneWritesAllSee(ada, ben);
        Set<String> tags = new TreeSet<>(Set.of("bread", "milk", "from java"));
        agree(both, 2, tags);

        whatIsWrittenOfflineSurvivesAReload(ada, ben);
        tags.remove("milk");
        tags.addAll(Set.of("offline", "meanwhile", "meanwhile in java"));
        agree(both, 6, tags);

        aRefusedTagGoesOnceAndTakesNothingAlong(ada, ben);
        tags.addAll(Set.of("before", "after"));
        agree(both, 7, tags);
        assertEquals(whereLikesAre, likesButton(ada), "nothing of this moves the buttons about");

        whatIsWrittenWithoutAServerSurvivesAReload(ada, ben);
        tags.addAll(Set.of("no server", "no server either", "no server in java"));
        agree(both, 10, tags);

        whoLeavesIsGone(ada, ben);
        assertFalse(seenByJava.contains("forbidden"), "the others never see what is refused");
    }

    @Test
    void twoWindowsOfOneBrowserKeepTheirOfflineWritesApart() throws Exception {
        Tab left = PAGES.open("left");
        Tab right = left.openBeside("right", PAGES.uri().toString());
        left.enter("#title", "Shared");
        left.until(NOTHING_PENDING);
        for (Tab window : List.of(left, right)) {
            window.until(KEPT_FOR_OFFLINE);
            window.until("document.querySelector('#title').value === 'Shared'");
            window.click(".switch");
            window.click("#likes-plus");
        }
        left.enter("#tag", "left");
        right.enter("#tag", "right");
        for (Tab window : List.of(left, right)) {
            window.until(SAVED_LOCALLY);
            window.reload();
            window.until("rejoin.status.pending === 2 && document.querySelector('#likes').textContent === '1'");
        }
        assertTrue(left.has("#tags > li[data-tag=\"left\"][data-pending]"));
        assertTrue(right.has("#tags > li[data-tag=\"right\"][data-pending]"));
        left.click(".switch");
        right.click(".switch");
        agree(List.of(left, right), 2, Set.of("left", "right"));
    }

    @Test
    void aReloadInTheSameInstantShowsNothingOlder() throws Exception {
        Tab ada = PAGES.open("ada");
        ada.until(KEPT_FOR_OFFLINE);
        ada.evaluate("""
                window.isBefore = true;
                rejoin.document.set('tags').subscribe(() => {
                  document.querySelector('#offline').click();
                  location.reload();
                })""");
        program.write(document -> tags(document).add("just seen"));
        ada.until("window.isBefore === undefined && window.rejoin !== undefined");
        assertTrue(ada.has("#tags > li[data-tag=\"just seen\"]"));
        assertEquals("disconnected", ada.evaluate("rejoin.status.connection").asText());
    }

    private void everybodySeesEverybody(Tab ada, Tab ben) throws Exception {
        program.presence(Map.of("name", "Java", "colour", "#4e5a60"));
        for (Tab tab : List.of(ada, ben)) {
            tab.until("document.querySelectorAll('#people li').length === 3");
            assertTrue(tab.text("#people").contains("(you)"), tab.text("#people"));
            assertTrue(tab.text("#people").contains("Java"), tab.text("#people"));
        }
        String benName = ben.evaluate("JSON.parse(sessionStorage.getItem('rejoin-demo:me')).name")
                .asText();
        assertTrue(ada.text("#people").contains(benName), ada.text("#people"));
        DemoPages.until(() -> program.presences().size() == 2);
    }

    private void whatOneWritesAllSee(Tab ada, Tab ben) throws Exception {
        ada.enter("#title", "Groceries");
        ada.click("#likes-plus");
        ben.click("#likes-plus");
        ben.click("#likes-plus");
        ben.click("#likes-minus");
        ben.click("#likes-plus");
        ada.click("#likes-minus");
        ada.enter("#tag", "bread");
        ben.enter("#tag", "milk");
        program.write(document -> tags(document).add("from java"));
        for (Tab tab : List.of(ada, ben)) {
            tab.until("document.querySelectorAll('#tags > li:not([data-pending])').length === 3");
            tab.until("document.querySelector('#likes').textContent === '2'");
            tab.until("document.querySelector('#title').value === 'Groceries'");
            tab.until("document.querySelector('#sync-status').textContent === 'Connected. Everything is saved'");
        }
        DemoPages.until(() -> program.snapshot().counter("likes") == 2);
    }

    private void whatIsWrittenOfflineSurvivesAReload(Tab ada, Tab ben) throws Exception {
        ada.click(".switch");
        ada.until("rejoin.status.connection === 'disconnected'");
        ben.until("document.querySelectorAll('#people li').length === 2");
        ada.enter("#tag", "offline");
        ada.click("#likes-plus");
        ada.click("#likes-plus");
        ada.enter("#title", "Groceries, written offline");
        ada.click("#tags > li[data-tag=\"milk\"] button");
        ada.until(SAVED_LOCALLY);
        nothingBlinked(ada, Set.of("milk"));

        ada.reload();
        ada.until("rejoin.status.pending === 5");
        assertTrue(ada.evaluate("document.querySelector('#offline').checked").asBoolean(), "still offline");
        assertTrue(ada.has("#tags > li[data-tag=\"offline\"][data-pending]"));
        assertFalse(ada.has("#tags > li[data-tag=\"milk\"]"));
        assertEquals("4", ada.text("#likes"));
        assertEquals("+2 · On this device", ada.text("#likes-badge"));
        assertEquals("On this device", ada.text("#title-badge"));
        assertEquals("Groceries, written offline", title(ada));
        assertEquals("Offline. 5 changes kept here", ada.text("#sync-status"));
        DemoPages.picturesOf(ada, "offline");

        ben.enter("#tag", "meanwhile");
        ben.click("#likes-plus");
        ben.enter("#title", "Groceries, written by Ben");
        program.write(document -> {
            tags(document).add("meanwhile in java");
            document.counter("likes").increment();
        });
        Optional<String> benTitle = Optional.of("Groceries, written by Ben");
        DemoPages.until(
                () -> program.snapshot().register("title", ValueCodec.STRING).equals(benTitle));
        program.write(document -> title(document).set("Groceries, written in Java"));
        ben.until(NOTHING_PENDING);
        ben.until("document.querySelector('#title').value === 'Groceries, written in Java'");
        assertFalse(ada.has("#tags > li[data-tag=\"meanwhile\"]"), "who is offline hears nothing");

        ada.click(".switch");
        ada.until(NOTHING_PENDING);
        // Ada wrote her title first, so it loses; it is offered to everybody.
        for (Tab tab : List.of(ada, ben)) {
            tab.until("document.querySelector('#title').value === 'Groceries, written in Java'");
            tab.until("document.querySelector('#title-note').textContent.includes('Groceries, written offline')");
        }
        DemoPages.picturesOf(ben, "two-titles");
        ben.click("#title-note button");
        nothingBlinked(ada, Set.of());
        nothingBlinked(ben, Set.of("milk"));
    }

    private void aRefusedTagGoesOnceAndTakesNothingAlong(Tab ada, Tab ben) throws Exception {
        ada.click(".switch");
        ada.enter("#tag", "before");
        ada.click("#tag-forbidden");
        ada.enter("#tag", "after");
        ada.click("#likes-plus");
        ada.until("document.querySelector('#tags > li[data-tag=\"forbidden\"][data-pending]') !== null");
        DemoPages.picturesOf(ada, "before-the-refusal");
        ada.click(".switch");
        ada.until(NOTHING_PENDING);
        ada.until("document.querySelector('#tags > li[data-tag=\"forbidden\"]') === null");
        assertEquals(1, ada.evaluate("rejoin.rejections.length").asInt());
        assertTrue(ada.text("#rejections li[data-code=\"content-rejected\"]").contains("Tag “forbidden” added"));
        assertTrue(ada.text("#rejections li[data-code=\"content-rejected\"]").contains(REASON));
        assertTrue(ada.text("#rejections-news").contains(REASON), "it is said, too");
        DemoPages.picturesOf(ada, "refused");
        nothingBlinked(ada, Set.of("forbidden"));
        assertEquals(1, timesShown(ada, "forbidden"));

        ada.reload();
        ada.until("rejoin.rejections.length === 1 && document.querySelector('#rejections li') !== null");
        assertEquals(0, timesShown(ada, "forbidden"), "what was refused does not come back");
        ada.click("#rejections li button:first-child");
        ada.until(NOTHING_PENDING + " && rejoin.rejections.length === 1");
        assertEquals(1, timesShown(ada, "forbidden"), "a second attempt shows at once, and goes again");
        ada.click("#rejections li button:last-child");
        ada.until("rejoin.rejections.length === 0 && document.querySelector('#rejections li') === null");
        nothingBlinked(ada, Set.of("forbidden"));
        ben.until("document.querySelector('#tags > li[data-tag=\"after\"]') !== null");
        assertEquals(0, timesShown(ben, "forbidden"), "the others never see it");
    }

    private void whatIsWrittenWithoutAServerSurvivesAReload(Tab ada, Tab ben) throws Exception {
        PAGES.demo().kill();
        ada.enter("#tag", "no server");
        ada.click("#likes-plus");
        ben.enter("#tag", "no server either");
        ben.click("#likes-plus");
        program.write(document -> {
            tags(document).add("no server in java");
            document.counter("likes").increment();
        });
        ada.until(SAVED_LOCALLY);
        ada.reload();
        ada.until("rejoin.status.pending === 2 && document.querySelector('#likes').textContent === '8'");
        assertTrue(ada.has("#tags > li[data-tag=\"no server\"][data-pending]"));
        ada.until("document.querySelector('#sync-status').textContent === 'No connection. 2 changes kept here'");
        ben.until("document.querySelector('#sync-status').textContent === 'No connection. 2 changes kept here'");
        DemoPages.picturesOf(ada, "no-server");

        PAGES.startAgain();
        // One is impatient; the others come back by themselves.
        ben.click("#try-now");
        ada.until(NOTHING_PENDING);
        ben.until(NOTHING_PENDING);
        DemoPages.until(() -> program.pending().isEmpty());
        nothingBlinked(ada, Set.of());
        nothingBlinked(ben, Set.of("milk"));
    }

    private void whoLeavesIsGone(Tab ada, Tab ben) throws Exception {
        ada.until("document.querySelectorAll('#people li').length === 3");
        ben.close();
        ada.until("document.querySelectorAll('#people li').length === 2");
        DemoPages.until(() -> program.presences().size() == 1);
        program.presence(null);
        ada.until("document.querySelectorAll('#people li').length === 1");
    }

    /** The pages, the Java client and the server hold the same bytes, and they mean what is expected. */
    private void agree(List<Tab> tabs, long likes, Set<String> tags) throws Exception {
        for (Tab tab : tabs) {
            tab.until(NOTHING_PENDING);
        }
        DemoPages.until(() -> program.pending().isEmpty());
        DemoPages.until(() -> {
            String server = stateOfServer();
            for (Tab tab : tabs) {
                if (!tab.evaluate(STATE).asText().equals(server)) {
                    return false;
                }
            }
            return HexFormat.of().formatHex(program.snapshot().state().encode()).equals(server);
        });
        String title = program.snapshot().register("title", ValueCodec.STRING).orElseThrow();
        assertEquals(likes, program.snapshot().counter("likes"));
        assertEquals(tags, new TreeSet<>(program.snapshot().set("tags", ValueCodec.STRING)));
        for (Tab tab : tabs) {
            JsonNode now = tab.shown().get(tab.shown().size() - 1);
            assertEquals(Long.toString(likes), now.get("likes").asText());
            assertEquals(tags, new TreeSet<>(tagsOf(now)));
            assertEquals(title, title(tab));
            assertFalse(tab.has("li[data-pending], .badge:not([hidden])"), "nothing claims to be pending");
        }
    }

    private String stateOfServer() throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(PAGES.uri().resolve("/v1/documents/notes/1?format=state"))
                .build();
        HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
        assertEquals(200, response.statusCode());
        return HexFormat.of().formatHex(response.body());
    }

    /** Whatever appeared since the page was loaded stayed there, save for these tags, and none came twice. */
    private static void nothingBlinked(Tab tab, Set<String> leaving) throws IOException {
        Set<String> there = Set.of();
        Set<String> gone = new TreeSet<>();
        List<JsonNode> moments = tab.shown();
        for (JsonNode moment : moments) {
            Set<String> now = Set.copyOf(tagsOf(moment));
            Set<String> lost = new TreeSet<>(there);
            lost.removeAll(now);
            assertTrue(leaving.containsAll(lost), () -> "lost " + lost + " in " + moments);
            assertTrue(now.stream().noneMatch(gone::contains), () -> "came back: " + gone + " in " + moments);
            gone.addAll(lost);
            there = now;
        }
    }

    /** How often the tag came onto the screen since the page was loaded. */
    private static int timesShown(Tab tab, String tag) throws IOException {
        int times = 0;
        boolean isThere = false;
        for (JsonNode moment : tab.shown()) {
            boolean isNow = tagsOf(moment).contains(tag);
            times += isNow && !isThere ? 1 : 0;
            isThere = isNow;
        }
        return times;
    }

    private static List<String> tagsOf(JsonNode moment) {
        List<String> tags = new ArrayList<>();
        moment.get("tags").forEach(tag -> tags.add(tag.asText()));
        return tags;
    }

    private static String title(Tab tab) throws IOException {
        return tab.evaluate("document.querySelector('#title').value").asText();
    }

    private static double likesButton(Tab tab) throws IOException {
        return tab.evaluate("document.querySelector('#likes-plus').getBoundingClientRect().top + scrollY")
                .asDouble();
    }

    private static OrSet<String> tags(Document document) {
        return document.set("tags", ValueCodec.STRING);
    }

    private static LwwRegister<String> title(Document document) {
        return document.register("title", ValueCodec.STRING);
    }
}
