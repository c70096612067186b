package dev.rejoin.conformance.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rejoin.conformance.browser.Browser.Tab;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two servers with a lag between them, a person at each, in the demo's jar and real Chromium: what they see of the lag, with and without guarantees. */
@Timeout(240)
class TwoServersPageIT {
    private static final String LEFT = "[data-side=\"left\"] ";
    private static final String RIGHT = "[data-side=\"right\"] ";
    private static final String LINKED = "document.querySelector('#link-status').textContent === 'Connected'"
            + " && rejoin.left.isSettled() && rejoin.right.isSettled()";
    /* Both sides write, and the left one reads through server B, one read after the other. */
    private static final String ADDING = "window.added = 0; window.adding = setInterval(() => { window.added++;"
            + " rejoin.left.add('left ' + window.added); rejoin.right.add('right ' + window.added); }, 250);";
    private static final String READING = "window.reads = 0; window.isReading = true;"
            + " const note = document.querySelector('[data-side=\"left\"] [data-part=\"read-note\"]');"
            + " new MutationObserver(() => { window.reads++; if (window.isReading)"
            + "   setTimeout(() => document.querySelector('[data-side=\"left\"] [data-part=\"read\"]').click(), 100); })"
            + "   .observe(note, { childList: true }); document.querySelector('[data-side=\"left\"] [data-part=\"read\"]').click();";
    private static final String ENOUGH = "clearInterval(window.adding); window.isReading = false;";
    /* Longer than a client waits for its server and, at random, for its next attempt. */
    private static final long MOVE_MILLIS = 60_000;
    private static final String AGREED = LINKED + " && rejoin.left.shown() === rejoin.right.shown()";

    @RegisterExtension
    static final DemoPages PAGES = new DemoPages();

    private final HttpClient http = HttpClient.newHttpClient();

    @ParameterizedTest
    @ValueSource(ints = {0, 1_000, 3_000})
    void whatIsAddedAtOneServerIsReadThroughTheOther(int lagMillis) throws Exception {
        Tab page = open("lag " + lagMillis);
        page.select("#delay", Integer.toString(lagMillis));
        for (String item : List.of("Blue mug", "Green mug", "Red mug")) {
            add(page, LEFT, item);
            page.until(saved(LEFT, item));
            page.click(LEFT + "[data-part=\"read\"]");
            page.until(answered(item));
        }
        assertEquals(0, score(page, "stale"));
    }

    @Test
    void withoutGuaranteesTheSameReadIsStale() throws Exception {
        Tab page = open("naive");
        page.select("#delay", "7000");
        page.click("#guarantees");
        add(page, LEFT, "Blue mug");
        page.until(saved(LEFT, "Blue mug"));
        page.click(LEFT + "[data-part=\"read\"]");
        page.until(note("missing"));
        assertEquals(1, score(page, "stale"), "the page counts what a user would complain about");
        DemoPages.picturesOf(page, "two-servers-naive");
    }

    @Test
    void anOfflineSideKeepsEverythingOverAReloadAndAgreesAfterwards() throws Exception {
        Tab page = open("offline");
        page.select("#delay", "1000");
        page.click(LEFT + ".switch");
        for (String item : List.of("Apples", "Pears", "Plums")) {
            add(page, LEFT, item);
        }
        for (int i = 0; i < 5; i++) {
            page.click(LEFT + "[data-part=\"plus\"]");
        }
        page.type(LEFT + ".ProseMirror", "written on a train");
        page.type(RIGHT + ".ProseMirror", "written at home");
        add(page, RIGHT, "Bread");
        page.until("rejoin.left.client.pending().every(({ write }) => write.state === 'saved-locally')"
                + " && rejoin.left.client.status.pending === 8");
        DemoPages.awaitKept(page, "two-servers:left", "two-servers:right");
        page.reload();
        page.until("rejoin.left.client.status.pending === 8 && rejoin.left.items().length === 3"
                + " && rejoin.left.text.html().includes('train')");
        DemoPages.picturesOf(page, "two-servers-offline");

        page.click(LEFT + ".switch");
        page.until(AGREED + " && rejoin.right.items().length === 4 && rejoin.right.text.html().includes('train')"
                + " && rejoin.left.text.html().includes('home')");
        assertNothingToComplainAbout(page);
    }

    @Test
    void whatIsRefusedGoesAgainWithItsReasonAndTakesNothingAlong() throws Exception {
        Tab page = open("refused");
        add(page, LEFT, "before");
        page.click("#try-forbidden");
        add(page, LEFT, "after");
        page.until(LINKED + " && rejoin.left.client.rejections.length === 1");
        page.until(AGREED + " && rejoin.right.items().join() === 'after,before'");
        assertTrue(page.text(LEFT + "[data-part=\"rejections\"]").contains("not allowed here"));
        page.reload();
        page.until("rejoin.left.client.rejections.length === 1");
        assertNothingToComplainAbout(page);
    }

    @Test
    void twoHundredAcknowledgementsMakeNothingFlicker() throws Exception {
        Tab page = open("flicker");
        page.evaluate("(async () => { for (let i = 0; i < 200; i++) await rejoin.left.add('thing ' + i).durable; })()");
        page.until(AGREED + " && rejoin.right.items().length === 200");
        assertEquals(0, score(page, "flickers"));
        // The detector sees one that is made on purpose.
        page.evaluate("(async () => { const list = document.querySelector('" + LEFT + "[data-part=\"items\"]');"
                + " const line = list.firstElementChild; line.remove(); await new Promise((done) => setTimeout(done, 50));"
                + " list.prepend(line); await new Promise((done) => setTimeout(done, 50)); })()");
        assertEquals(1, score(page, "flickers"));
    }

    @Test
    void aServerKilledUnderLoadLosesNothingThatItSaidToBeSavedAndReadsGoOnMeanwhile() throws Exception {
        // Nobody moves, so that it is this server that has to answer for its writes.
        Tab page = open("killed&move=600");
        page.evaluate(ADDING + READING);
        page.until("rejoin.right.items().some((item) => item.startsWith('left')) && window.reads > 2");
        page.click("#power");
        page.until("document.querySelector('#link-status').textContent === 'Server A is dead'");
        page.evaluate("window.reads = 0");
        page.until("rejoin.left.client.status.pending > 5 && window.reads > 5");
        page.evaluate(ENOUGH);
        DemoPages.picturesOf(page, "two-servers-killed");
        page.click("#power");
        page.until(AGREED + " && rejoin.left.items().length === 2 * window.added && rejoin.score.isSure()");
        assertNothingToComplainAbout(page);
        page.until("document.querySelectorAll('" + LEFT + "[data-item][data-seen]').length === 2 * window.added");
    }

    @Test
    void aBrowserWhoseServerIsGoneGoesOnAtTheOtherAndCanGoBack() throws Exception {
        Tab page = open("moved");
        add(page, LEFT, "before");
        page.until(AGREED + " && rejoin.right.items().length === 1 && rejoin.score.isSure()");
        String replica = page.evaluate("rejoin.left.client.replica").asText();
        page.click("#power");
        page.until("document.querySelector('#link-status').textContent === 'Server A is dead'");
        page.evaluate(ADDING + READING);
        page.until(at("server B"), MOVE_MILLIS);
        page.type(LEFT + ".ProseMirror", "written at B");
        page.evaluate("window.reads = 0");
        page.until("rejoin.right.items().some((item) => item.startsWith('left')) && window.reads > 3"
                + " && rejoin.right.text.html().includes('written at B')");
        page.evaluate(ENOUGH);
        page.until("document.querySelector('#alarm').textContent.startsWith('Above 5 s')");
        DemoPages.picturesOf(page, "two-servers-moved");
        assertNotEquals(
                replica, page.evaluate("rejoin.left.client.replica").asText(), "another judge, another replica id");
        page.click("#power");
        page.until(AGREED + " && rejoin.left.items().length === 2 * window.added + 1 && rejoin.score.isSure()");
        page.click(LEFT + "[data-part=\"back\"]");
        page.until(at("server A") + " && " + AGREED, MOVE_MILLIS);
        assertNothingToComplainAbout(page);
    }

    @Test
    void aCutLinkIsShownAndBothSidesGoOnAndAgreeAfterwards() throws Exception {
        Tab page = open("cut");
        cut(page);
        add(page, LEFT, "on the left");
        add(page, RIGHT, "on the right");
        page.until(saved(LEFT, "on the left") + " && " + saved(RIGHT, "on the right"));
        page.until("document.querySelector('#alarm').textContent.startsWith('Above 5 s')");
        page.click(LEFT + "[data-part=\"read\"]");
        page.until(note("session-not-satisfied"));
        assertEquals(0, score(page, "stale"), "no answer is no stale answer");
        page.click("#guarantees");
        page.click(LEFT + "[data-part=\"read\"]");
        page.until(note("missing"));
        assertEquals(1, score(page, "stale"), "without guarantees the same read is");
        assertTrue(
                page.evaluate("rejoin.right.items().join() === 'on the right'").asBoolean());
        page.click("#cut");
        page.until(AGREED + " && rejoin.right.items().length === 2 && rejoin.score.isSure()");
        assertEquals(0, score(page, "divergences"));
        assertEquals(0, score(page, "lost"));
    }

    @Test
    void whatServerBHadToFetchIsToldToBePulled() throws Exception {
        Tab page = open("pulled");
        page.select("#delay", "7000");
        add(page, LEFT, "Blue mug");
        page.until(saved(LEFT, "Blue mug"));
        page.click(LEFT + "[data-part=\"read\"]");
        page.until(note("pulled from server A in"));
        page.until(answered("Blue mug"));
        assertEquals(0, score(page, "stale"));
    }

    @Test
    void anOldAnswerIsShownWithItsAge() throws Exception {
        Tab page = open("old");
        // Of a document that nobody has begun at a server there is no old answer either.
        add(page, LEFT, "Green mug");
        page.until(AGREED + " && rejoin.right.items().length === 1");
        cut(page);
        add(page, LEFT, "Blue mug");
        page.until(saved(LEFT, "Blue mug"));
        page.until("document.querySelector('#alarm').textContent.startsWith('Above 5 s')");
        page.click(LEFT + "[data-part=\"lenient\"]");
        page.click(LEFT + "[data-part=\"read\"]");
        page.until(note(" s old, and says so. “Blue mug” is missing"));
        String said = page.text(LEFT + "[data-part=\"read-note\"]");
        int age = Integer.parseInt(said.substring(0, said.indexOf(' ')));
        assertTrue(age >= 5, said);
        assertEquals(0, score(page, "stale"), "an answer that says that it is old is no stale one");
        DemoPages.picturesOf(page, "two-servers-old");
    }

    @Test
    void aPageThatIsLoadedAnewWithoutItsServerStillKnowsWhatItHasRead() throws Exception {
        Tab page = open("reloaded");
        cut(page);
        add(page, LEFT, "Blue mug");
        page.until(saved(LEFT, "Blue mug"));
        page.click(LEFT + ".switch");
        page.reload();
        page.until("rejoin.left.items().join() === 'Blue mug' && rejoin.left.client.status.connection !== 'connected'");
        page.click(LEFT + "[data-part=\"read\"]");
        page.until(note("session-not-satisfied"));
        assertEquals(0, score(page, "stale"));
    }

    @Test
    void whatJavaWritesInTheServerShowsOnBothSides() throws Exception {
        Tab page = open("bot");
        page.click("#bot");
        for (String side : List.of("left", "right")) {
            page.until("rejoin." + side + ".items().includes('Tea (bot)') && !rejoin." + side
                    + ".items().includes('Bread (bot)')");
        }
        DemoPages.picturesOf(page, "two-servers-bot");
        page.click("#bot");
        page.until("document.querySelector('#bot').textContent === 'Let Java write at B'");
        page.until(AGREED + " && rejoin.left.items().length >= 3 && rejoin.score.isSure()");
        assertNothingToComplainAbout(page);
    }

    /** Cuts the link once server A was heard: how old what is here is of somebody who has never said anything is unknown. */
    private static void cut(Tab page) throws IOException {
        page.until("fetch('/metrics').then((answer) => answer.text()).then((text) =>"
                + " /^rejoin_replication_watermark_timestamp_seconds\\{[^}]*\\} \\d/m.test(text))");
        page.click("#cut");
        page.until("document.querySelector('#link-status').textContent === 'The link is cut'");
    }

    @Test
    void whoWaitsIsToldWhatWasMeasured() throws Exception {
        Tab slow = PAGES.browser()
                .openSlow(
                        "slow",
                        PAGES.uri().resolve("servers.html?document=shop/slow").toString(),
                        1_200);
        slow.until(LINKED);
        usuallyIsWhatWasMeasured(slow);
        assertFalse(
                slow.evaluate("window.said.includes('under')").asBoolean(),
                "a text that is the same for all would be wrong here");
        Tab quick = open("quick");
        usuallyIsWhatWasMeasured(quick);
    }

    /** Saves some things, measuring from outside, and compares with what is said of the next one. */
    private static void usuallyIsWhatWasMeasured(Tab page) throws IOException {
        page.evaluate("(async () => { window.said = ''; const line = document.querySelector('" + LEFT
                + "[data-part=\"status\"]');"
                + " new MutationObserver(() => { if (line.textContent.includes('usually')) window.said = line.textContent; })"
                + "   .observe(line, { childList: true, characterData: true, subtree: true });"
                + " const save = async (i) => { const began = performance.now(); await rejoin.left.add('thing ' + i).durable;"
                + "   return performance.now() - began; };"
                + " window.took = []; for (let i = 0; i < 6; i++) window.took.push(await save(i));"
                + " await save('of interest'); })()");
        page.until("window.said !== ''");
        double median =
                page.evaluate("window.took.sort((a, b) => a - b)[2] / 1000").asDouble();
        String said = page.evaluate("window.said").asText();
        Matcher usually = Pattern.compile("^Saving 1, usually (?:(\\d+)–|up to |under )(\\d+) s$")
                .matcher(said);
        assertTrue(usually.matches(), said);
        double from = usually.group(1) == null ? 0 : Double.parseDouble(usually.group(1));
        assertTrue(
                from - 0.7 <= median && median <= Double.parseDouble(usually.group(2)) + 0.2,
                said + ", measured " + median);
    }

    @Test
    void aRevokedRightIsKnownWithinASecondAndTheOtherSideGoesOn() throws Exception {
        Tab page = open("revoked");
        add(page, RIGHT, "allowed");
        page.until(AGREED + " && rejoin.right.items().length === 1");
        double millis = page.evaluate("(async () => { const began = performance.now();"
                        + " document.querySelector('#revoke').click();"
                        + " for (;;) { const write = rejoin.right.client.transact((d) => d.counter('guests').increment());"
                        + "   const state = await write.settled({ timeout: 3000 });"
                        + "   if (state === 'rejected') return performance.now() - began; } })()")
                .asDouble();
        System.out.println(
                "TwoServersPageIT: a write after the revocation was refused after " + Math.round(millis) + " ms");
        page.until(notice(RIGHT, "You may only read here now. 1 change is not saved."));
        DemoPages.picturesOf(page, "two-servers-revoked");
        add(page, LEFT, "still allowed here");
        page.until(saved(LEFT, "still allowed here"));
    }

    @Test
    void aDeletedDocumentDoesNotComeBackFromABrowserThatWasAway() throws Exception {
        Tab page = open("deleted");
        add(page, LEFT, "old");
        page.type(LEFT + ".ProseMirror", "old words");
        page.until(AGREED + " && rejoin.right.items().length === 1 && rejoin.right.text.html().includes('old words')");
        page.click(LEFT + ".switch");
        add(page, LEFT, "written meanwhile");
        page.click("#delete");
        page.until("rejoin.right.client.status.code === 'document-deleted'");
        page.click(LEFT + ".switch");
        page.until("rejoin.left.client.status.code === 'document-deleted'"
                + " && rejoin.left.client.rejections.some(({ code }) => code === 'document-deleted')");
        page.until(notice(LEFT, "This document was deleted. What stood here last can be kept."));
        DemoPages.picturesOf(page, "two-servers-deleted");
        page.evaluate(
                "void (URL.createObjectURL = (blob) => { blob.text().then((text) => (window.copied = text)); return 'data:,'; })");
        page.click(LEFT + "[data-part=\"notice-copy\"]");
        page.until("window.copied?.includes('written meanwhile') && window.copied.includes('old words')");
    }

    @Test
    void aBrowserThatWasAwayBringsNothingIntoTheNextLifeOfADocument() throws Exception {
        Tab page = open("again");
        add(page, LEFT, "old");
        page.type(LEFT + ".ProseMirror", "old words");
        page.until(AGREED + " && rejoin.right.items().length === 1 && rejoin.right.text.html().includes('old words')");
        page.click(LEFT + ".switch");
        add(page, LEFT, "written meanwhile");
        page.until("rejoin.left.client.pending().every(({ write }) => write.state === 'saved-locally')");
        page.click("#delete");
        page.until("rejoin.right.client.status.code === 'document-deleted'");
        page.evaluate("fetch('/v1/documents/shop/again/restore?empty=true', { method: 'POST' })"
                + ".then(({ ok, status }) => { if (!ok) throw new Error(status); })");
        page.evaluate("rejoin.right.client.goOnline()");
        page.until("rejoin.right.client.status.connection === 'connected'");
        add(page, RIGHT, "new");
        page.until(saved(RIGHT, "new"));
        page.click(LEFT + ".switch");
        page.until(
                "rejoin.left.items().join() === 'new'"
                        + " && rejoin.left.client.rejections.some(({ code }) => ['epoch-changed', 'document-deleted'].includes(code))");
        page.reload();
        page.until("rejoin.left.items().join() === 'new' && rejoin.right.items().join() === 'new'");
        // server A answers no page of server B, so the test asks itself
        URI leftServer = URI.create(page.evaluate("rejoin.left.url()").asText().replaceFirst("ws", "http"));
        for (URI server : List.of(PAGES.uri(), leftServer)) {
            URI document = server.resolve("/v1/documents/shop/again");
            DemoPages.until(() -> get(document).contains("\"items\":[\"new\"]"));
            DemoPages.until(() ->
                    !get(URI.create(document + "?format=content&xml=note")).contains("old"));
        }
    }

    @Test
    void theChartShowsTheLagThatThereIs() throws Exception {
        Tab page = open("chart");
        for (int seconds : List.of(1, 3)) {
            page.select("#delay", Integer.toString(1_000 * seconds));
            page.until(lagIs(seconds));
            /* A machine that stalls is late, so not each reading has to fit, but most of ten in succession. The age of
             * what is here is about a second more by itself. */
            JsonNode readings = page.evaluate("(async () => { const right = [], naive = [];"
                    + " const fitting = (readings) => readings.slice(-10).filter(Boolean).length;"
                    + " while (right.length < 10 || (fitting(right) < 8 && right.length < 40)) {"
                    + " await new Promise((done) => new MutationObserver((_, watch) => { watch.disconnect(); done(); })"
                    + "   .observe(document.querySelector('#chart polyline'), { attributes: true }));"
                    + " const metrics = await (await fetch('/metrics')).text();"
                    + " const through = Number(/^rejoin_replication_watermark_timestamp_seconds\\{[^}]*\\} (\\S+)$/m.exec(metrics)[1]);"
                    + " const fits = (lag) => Math.abs(lag - " + seconds + ") <= " + seconds / 10.0 + " + 0.05;"
                    + " right.push(fits(parseFloat(document.querySelector('#lag').textContent)));"
                    + " naive.push(fits(Date.now() / 1000 - through)); }"
                    + " return { right: fitting(right), naive: fitting(naive), of: right.length }; })()");
            System.out.println(
                    "TwoServersPageIT: of the last 10 readings at " + seconds + " s within 10 %: " + readings);
            assertTrue(readings.get("right").asInt() >= 8, readings.toString());
            assertTrue(readings.get("naive").asInt() < 8, "the age of what is here does not: " + readings);
        }
        page.select("#delay", "7000");
        page.until("document.querySelector('#alarm').textContent.startsWith('Above 5 s')");
        DemoPages.picturesOf(page, "two-servers-alarm");
        page.select("#delay", "0");
        page.until("document.querySelector('#alarm').textContent === ''");
    }

    private static String notice(String side, String text) {
        return "document.querySelector('" + side + "[data-part=\"notice-text\"]').textContent === '" + text + "'";
    }

    private static String at(String server) {
        return "document.querySelector('" + LEFT + "h2').textContent === 'Left, at " + server
                + "' && rejoin.left.client.status.connection === 'connected'";
    }

    private static String lagIs(int seconds) {
        return "Math.abs(parseFloat(document.querySelector('#lag').textContent) - " + seconds + ") <= "
                + seconds / 10.0;
    }

    private static String note(String text) {
        return "document.querySelector('" + LEFT + "[data-part=\"read-note\"]').textContent.includes('" + text + "')";
    }

    private static String answered(String item) {
        return "document.querySelector('" + LEFT + "[data-part=\"answer\"]').textContent.includes('" + item + "')";
    }

    private Tab open(String person) throws IOException {
        Tab page = PAGES.open(person, "servers.html?document=shop/" + person.replace(' ', '-'));
        page.until(LINKED);
        return page;
    }

    private String get(URI address) throws IOException, InterruptedException {
        HttpResponse<String> answer =
                http.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
        assertEquals(200, answer.statusCode(), answer.body());
        return answer.body();
    }

    private static void add(Tab page, String side, String item) throws IOException {
        page.enter(side + "[name=\"thing\"]", item);
    }

    private static String saved(String side, String item) {
        return "document.querySelector('" + side + "[data-item=\"" + item + "\"]')?.dataset.state === 'durable'";
    }

    private static int score(Tab page, String what) throws IOException {
        return Integer.parseInt(page.text("#score-" + what));
    }

    private static void assertNothingToComplainAbout(Tab page) throws IOException {
        for (String what : List.of("stale", "lost", "flickers", "divergences")) {
            assertEquals(0, score(page, what), what);
        }
    }
}
