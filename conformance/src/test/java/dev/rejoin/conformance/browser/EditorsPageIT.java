package dev.rejoin.conformance.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.rejoin.conformance.browser.Browser.Tab;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** CodeMirror over y-websocket and Tiptap over Hocuspocus on one document, in the demo's jar and real Chromium. */
@Timeout(240)
class EditorsPageIT {
    private static final String CODE = "#code .cm-content";
    private static final String PROSE = "#prose .ProseMirror";
    private static final String SAVED =
            "document.querySelector('#prose-status').textContent === 'Connected. On the server’s disk'"
                    + " && document.querySelector('#code-status').textContent === 'Connected. On the server’s disk'"
                    + " && document.querySelector('#status').dataset.tone === 'good'";
    private static final String KEPT_FOR_OFFLINE = "document.documentElement.hasAttribute('data-offline-ready')";
    private static final String UNDERLINED =
            "[...document.querySelectorAll('#code .unsaved')].map((word) => word.textContent).join('')";
    private static final String CODE_TEXT = "rejoin.code.view.state.doc.toString()";
    private static final String PROSE_HTML = "rejoin.prose.editor.getHTML()";

    @RegisterExtension
    static final DemoPages PAGES = new DemoPages();

    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectMapper json = new ObjectMapper();

    @Test
    void whatTwoPeopleTypeInTwoEditorsOnlineAndOfflineIsWhatJavaReads() throws Exception {
        String page = "editors.html";
        Tab ada = PAGES.open("ada", page);
        Tab ben = PAGES.open("ben", page);
        for (Tab tab : List.of(ada, ben)) {
            tab.until(SAVED);
            tab.until("document.querySelectorAll('#people li').length === 2");
            tab.until(KEPT_FOR_OFFLINE);
        }
        DemoPages.picturesOf(ada, "editors-empty");

        whatOneTypesTheOtherSees(ada, ben);
        cursorsBearTheNamesOfThePeople(ada, ben);
        DemoPages.picturesOf(ben, "editors");
        undoTakesBackOwnChangesOnly(ada, ben);
        agree(ada, ben);

        whatIsTypedOfflineSurvivesAReload(ada, ben);
        agree(ada, ben);
        DemoPages.picturesOf(ada, "editors-again");
    }

    @Test
    void wordsThatAreNotSavedAreUnderlinedUntilTheyAre() throws Exception {
        Tab ada = PAGES.open("ada", "editors.html");
        ada.until(SAVED);
        ada.type(CODE, "let saved = 1;");
        ada.until(SAVED);
        ada.until(CODE_TEXT + " === 'let saved = 1;' && " + UNDERLINED + " === ''");
        assertEquals(
                "true true",
                ada.evaluate("rejoin.code.view.dispatch({ changes: { from: 0, insert: '// ' } }),"
                                + " rejoin.code.provider.synced + ' ' + rejoin.code.saves.unsaved")
                        .asText(),
                "the provider calls itself synced while something is not saved");
        ada.until(SAVED);

        ada.click("#offline");
        ada.type(CODE, "{Control+End}{Enter}let kept = 2;");
        ada.until(UNDERLINED + ".trim() === 'let kept = 2;'");
        assertEquals(
                "dotted",
                ada.evaluate("getComputedStyle(document.querySelector('#code .unsaved')).textDecorationStyle")
                        .asText());
        DemoPages.picturesOf(ada, "editors-unsaved");
        DemoPages.awaitKept(ada, "code", "prose");
        ada.reload();
        ada.until(UNDERLINED + ".trim() === 'let kept = 2;'");
        ada.click("#offline");
        ada.until(SAVED);
        ada.until(CODE_TEXT + ".endsWith('let kept = 2;') && " + UNDERLINED + " === ''");
    }

    @Test
    void aReloadWithoutAServerShowsBothPagesAndTheText() throws Exception {
        Tab ada = PAGES.open("ada", "editors.html?document=lists%2Ftwo%20words");
        ada.until(SAVED);
        ada.until(KEPT_FOR_OFFLINE);
        ada.type(CODE, "kept");
        ada.type(PROSE, "kept, too");
        ada.until(SAVED);
        DemoPages.awaitKept(ada, "code", "prose");
        Tab first = ada.openBeside("first", PAGES.uri().toString());
        first.until(KEPT_FOR_OFFLINE);
        PAGES.demo().kill();

        ada.reload();
        ada.until(CODE_TEXT + " === 'kept' && " + PROSE_HTML + " === '<p>kept, too</p>'");
        ada.until("document.querySelector('#sync-status').textContent === 'No connection. Kept in this browser'");
        ada.type(CODE, "{Control+End} without a server");
        first.reload();
        first.until("document.querySelector('#sync-status').textContent === 'No connection'");

        PAGES.startAgain();
        ada.until(SAVED);
        awaitServed("lists/two%20words", ada);
        assertEquals("kept without a server", ada.evaluate(CODE_TEXT).asText());
    }

    private static void whatOneTypesTheOtherSees(Tab ada, Tab ben) throws IOException {
        ada.type(CODE, "function greet(name) {{Enter}return 'Hello ' + name;");
        ben.type(PROSE, "Shopping for {Control+B}Sunday{Control+B}{Enter}");
        ben.click("#prose-bulletList");
        ben.type(PROSE, "bread{Enter}milk");
        ada.until(PROSE_HTML + ".includes('<li><p>milk</p></li>')");
        ben.until(CODE_TEXT + ".includes('Hello')");
        ben.type(CODE, "{Control+Home}// by Ben{Enter}");
        putCursor(ada, "end");
        ada.type(PROSE, "{Enter}eggs");
        ada.until(CODE_TEXT + ".startsWith('// by Ben\\nfunction')");
        ben.until(PROSE_HTML + ".includes('<li><p>eggs</p></li>')");
        String expected = "<p>Shopping for <strong>Sunday</strong></p>"
                + "<ul><li><p>bread</p></li><li><p>milk</p></li><li><p>eggs</p></li></ul>";
        assertEquals(expected, ada.evaluate(PROSE_HTML).asText());
        assertEquals(expected, ben.evaluate(PROSE_HTML).asText());
        assertEquals(
                "true",
                ben.evaluate("String(rejoin.prose.editor.isActive('bulletList'))")
                        .asText());
    }

    private static void cursorsBearTheNamesOfThePeople(Tab ada, Tab ben) throws IOException {
        String adasName = nameOf(ada);
        String bensName = nameOf(ben);
        ben.until(isShown(".cm-ySelectionInfo", adasName));
        ada.until(isShown(".cm-ySelectionInfo", bensName));
        // Tiptap shows the cursor of an editor as long as it has the keyboard
        ben.until(isShown(".collaboration-carets__label", adasName));
        putCursor(ben, "start");
        ada.until(isShown(".collaboration-carets__label", bensName));
        assertTrue(ben.evaluate(
                        "getComputedStyle(document.querySelector('.collaboration-carets__label')).backgroundColor"
                                + " === getComputedStyle(document.querySelector('#people li:last-child .circle')).backgroundColor")
                .asBoolean());
    }

    /** Tiptap's own command: a key that moves the cursor of the page is heard of only later, and what is typed meanwhile goes elsewhere. */
    private static void putCursor(Tab tab, String where) throws IOException {
        tab.evaluate("rejoin.prose.editor.commands.focus('" + where + "')");
    }

    private static String isShown(String label, String name) {
        return "[...document.querySelectorAll('" + label + "')].some((label) => label.textContent === '" + name
                + "' && getComputedStyle(label).opacity === '1')";
    }

    private static void undoTakesBackOwnChangesOnly(Tab ada, Tab ben) throws IOException {
        ada.type(CODE, "{Control+End}{Enter}// a mistake");
        ben.until(CODE_TEXT + ".includes('a mistake')");
        ben.type(CODE, "{Control+Home}'use strict';{Enter}");
        ada.until(CODE_TEXT + ".includes('use strict')");
        ada.click("#code-undo");
        ben.until("!" + CODE_TEXT + ".includes('a mistake') && " + CODE_TEXT + ".includes('use strict')");
        ada.click("#code-redo");
        ben.until(CODE_TEXT + ".includes('a mistake')");

        ben.evaluate("rejoin.prose.editor.commands.setTextSelection({ from: 1, to: 9 })");
        ben.click("#prose-bold");
        ada.until(PROSE_HTML + ".includes('<strong>Shopping</strong>')");
        ben.click("#prose-undo");
        ada.until("!" + PROSE_HTML + ".includes('<strong>Shopping</strong>') && " + PROSE_HTML + ".includes('eggs')");
    }

    private void whatIsTypedOfflineSurvivesAReload(Tab ada, Tab ben) throws Exception {
        ada.click("#offline");
        ada.until("document.querySelector('#sync-status').textContent === 'Offline. Kept in this browser'");
        ada.type(CODE, "{Control+End}{Enter}// offline");
        putCursor(ada, "start");
        ada.type(PROSE, "Offline: ");
        ben.type(CODE, "{Control+Home}// meanwhile{Enter}");
        putCursor(ben, "end");
        ben.type(PROSE, "{Enter}meanwhile");
        ben.until(SAVED);
        DemoPages.awaitKept(ada, "code", "prose");
        ada.reload();
        ada.until(CODE_TEXT + ".endsWith('// offline') && " + PROSE_HTML + ".startsWith('<p>Offline: Shopping')");
        assertTrue(ada.evaluate("document.querySelector('#offline').checked").asBoolean());
        assertTrue(!ada.evaluate(CODE_TEXT).asText().contains("meanwhile"), "offline means offline");
        DemoPages.picturesOf(ada, "editors-offline");
        putCursor(ada, "start");
        ada.type(PROSE, "Still ");
        ada.click("#offline");
        ada.until(SAVED);
        for (Tab tab : List.of(ada, ben)) {
            tab.until(CODE_TEXT + ".startsWith('// meanwhile') && " + CODE_TEXT + ".endsWith('// offline')");
            tab.until(PROSE_HTML + ".startsWith('<p>Still Offline: ') && " + PROSE_HTML
                    + ".includes('<li><p>meanwhile</p></li>')");
        }
    }

    @Test
    void aForbiddenWordGoesFromBothEditorsAndWhatIsTypedAfterItStays() throws Exception {
        String page = "editors.html";
        Tab ada = PAGES.open("ada", page);
        Tab ben = PAGES.open("ben", page);
        ada.until(SAVED);
        ben.until(SAVED);
        ada.type(CODE, "let a;");
        ada.type(PROSE, "Dear all, ");
        ben.until(CODE_TEXT + " === 'let a;' && " + PROSE_HTML + ".includes('Dear all')");
        recordWhatIsShown(ben);

        ada.evaluate(
                "rejoin.code.view.dispatch({ changes: { from: 4, insert: 'forbidden' }, selection: { anchor: 13 } })");
        ada.type(CODE, "B");
        ada.until(CODE_TEXT + " === 'let Ba;'");
        putCursor(ada, "end");
        ada.evaluate("rejoin.prose.editor.commands.insertContent('forbidden')");
        ada.type(PROSE, "still here");
        ada.until(PROSE_HTML + " === '<p>Dear all, still here</p>'");
        ada.until("document.querySelector('#prose-refusal').textContent.startsWith('Not accepted: ')");
        ada.until("document.querySelector('#served').textContent.includes('still here')");
        DemoPages.picturesOf(ada, "editors-refused");
        ada.until(SAVED);
        // the step back before the word, not the word
        ada.click("#code-undo");
        ada.until("!" + CODE_TEXT + ".includes('B')");
        ada.click("#code-redo");

        ben.until(PROSE_HTML + " === '<p>Dear all, still here</p>' && " + CODE_TEXT + " === 'let Ba;'");
        ada.until(CODE_TEXT + " === 'let Ba;'");
        assertEquals(
                "false",
                ben.evaluate("String(shown.some((text) => text.includes('forbidden')))")
                        .asText());
        awaitServed("notes/1", ada, ben);
    }

    /** Keeps everything that the texts of a page have been. */
    private static void recordWhatIsShown(Tab tab) throws IOException {
        tab.evaluate("window.shown = [];"
                + " for (const doc of [rejoin.code.doc, rejoin.prose.doc]) doc.on('afterTransaction', () =>"
                + " shown.push(String(doc.getText('code')) + String(doc.getXmlFragment('prose'))))");
    }

    /** Both pages hold the same, the server answers it to Java's HTTP client, and both pages show that. */
    private void agree(Tab ada, Tab ben) throws Exception {
        for (Tab tab : List.of(ada, ben)) {
            tab.until(SAVED);
        }
        JsonNode served = awaitServed("notes/1", ada, ben);
        for (Tab tab : List.of(ada, ben)) {
            assertEquals(
                    tab.evaluate("rejoin.prose.doc.getText('code').toString()"), served.get("code"), "one document");
            tab.until("document.querySelector('#served').textContent === JSON.stringify(" + served + ", null, 2)");
        }
        assertEquals(ada.evaluate(PROSE_HTML), ben.evaluate(PROSE_HTML));
    }

    /** Waits until the server has what the pages hold, those of others included. */
    private JsonNode awaitServed(String document, Tab... tabs) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            JsonNode served = served(document);
            List<List<JsonNode>> differences = new ArrayList<>();
            for (Tab tab : tabs) {
                List<JsonNode> held = List.of(
                        tab.evaluate(CODE_TEXT), tab.evaluate("rejoin.prose.doc.getXmlFragment('prose').toString()"));
                if (!held.equals(List.of(served.get("code"), served.get("prose")))) {
                    differences.add(held);
                }
            }
            if (differences.isEmpty()) {
                return served;
            }
            assertTrue(System.nanoTime() < end, () -> "the server has " + served + ", pages have " + differences);
            Thread.sleep(50);
        }
    }

    private JsonNode served(String document) throws IOException, InterruptedException {
        URI uri = PAGES.uri().resolve("/v1/documents/" + document + "?format=content&text=code&xml=prose");
        HttpResponse<String> answer =
                http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        assertEquals(200, answer.statusCode());
        return json.readTree(answer.body());
    }

    private static String nameOf(Tab tab) throws IOException {
        return tab.evaluate("JSON.parse(sessionStorage.getItem('rejoin-demo:me')).name")
                .asText();
    }
}
