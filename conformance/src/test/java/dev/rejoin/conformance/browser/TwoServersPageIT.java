package dev.rejoin.conformance.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.conformance.browser.Browser.Tab;
import java.io.IOException;
import java.util.List;
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
    private static final String AGREED = LINKED + " && rejoin.left.shown() === rejoin.right.shown()";

    @RegisterExtension
    static final DemoPages PAGES = new DemoPages();

    @ParameterizedTest
    @ValueSource(ints = {0, 1_000, 3_000})
    void whatIsAddedAtOneServerIsReadThroughTheOther(int lagMillis) throws Exception {
        Tab page = open("lag " + lagMillis);
        page.select("#delay", Integer.toString(lagMillis));
        for (String item : List.of("Blue mug", "Green mug", "Red mug")) {
            add(page, LEFT, item);
            page.until(saved(LEFT, item));
            page.click(LEFT + "[data-part=\"read\"]");
            page.until("document.querySelector('" + LEFT + "[data-part=\"answer\"]').textContent.includes('" + item
                    + "')");
        }
        assertEquals(0, score(page, "stale"));
    }

    @Test
    void withoutGuaranteesTheSameReadIsStale() throws Exception {
        Tab page = open("naive");
        page.select("#delay", "3000");
        page.click("#guarantees");
        add(page, LEFT, "Blue mug");
        page.until(saved(LEFT, "Blue mug"));
        page.click(LEFT + "[data-part=\"read\"]");
        page.until("document.querySelector('" + LEFT + "[data-part=\"read-note\"]').textContent.includes('missing')");
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
        page.evaluate("rejoin.left.text.kept._db ? new Promise((done) => setTimeout(done, 500)) : undefined");
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
    void aKilledServerLosesNothingThatItSaidToBeSaved() throws Exception {
        Tab page = open("killed");
        page.select("#delay", "1000");
        page.evaluate("window.adding = setInterval(() => { window.added = (window.added ?? 0) + 1;"
                + " rejoin.left.add('left ' + window.added); rejoin.right.add('right ' + window.added); }, 100)");
        page.until("rejoin.right.items().some((item) => item.startsWith('left'))");
        page.click("#power");
        page.until("document.querySelector('#link-status').textContent === 'Server A is dead'");
        page.until("rejoin.left.client.status.pending > 10");
        DemoPages.picturesOf(page, "two-servers-killed");
        page.evaluate("clearInterval(window.adding)");
        page.click("#power");
        page.until(AGREED + " && rejoin.left.items().length === 2 * window.added");
        page.evaluate("new Promise((done) => setTimeout(done, 5000))");
        assertNothingToComplainAbout(page);
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
        DemoPages.picturesOf(page, "two-servers-deleted");
    }

    @Test
    void theChartShowsTheLagThatThereIs() throws Exception {
        Tab page = open("chart");
        page.select("#delay", "3000");
        page.until("Math.abs(parseFloat(document.querySelector('#lag').textContent) - 3) < 1.3");
        page.select("#delay", "7000");
        page.until("document.querySelector('#alarm').textContent.startsWith('Above 5 s')");
        DemoPages.picturesOf(page, "two-servers-alarm");
        page.select("#delay", "0");
        page.until("document.querySelector('#alarm').textContent === ''");
    }

    private Tab open(String person) throws IOException {
        Tab page = PAGES.open(person, "servers.html?document=shop/" + person.replace(' ', '-'));
        page.until(LINKED);
        return page;
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
