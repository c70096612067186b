package dev.rejoin.conformance.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.conformance.browser.Browser.Tab;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What tests of pages lean on: waiting in a tab of real Chromium. */
@Timeout(120)
class BrowserIT {
    private static final String PAGE = "data:text/html,<title>Nothing</title>";
    private static final long IN_VAIN_MILLIS = 500;

    private static @Nullable Browser browser;

    private @Nullable Tab tab;

    @BeforeAll
    static void startBrowser() throws Exception {
        browser = Browser.startOrSkip();
    }

    @AfterAll
    static void endBrowser() throws Exception {
        if (browser != null) {
            browser.close();
        }
    }

    @BeforeEach
    void openAPage() throws Exception {
        browser.closeAll();
        tab = browser.openPrepared("tab", PAGE, "window.rejoin = {}; window.asked = 0;");
    }

    @Test
    void aConditionIsMetWhenItIsTrue() throws Exception {
        tab.until("++asked > 3");
        assertEquals(4, tab.evaluate("asked").asInt());
    }

    @Test
    void aPromiseIsMetWhenWhatItPromisesIsTrue() throws Exception {
        tab.until("Promise.resolve(++asked > 3)");
        assertEquals(4, tab.evaluate("asked").asInt());
    }

    @Test
    void aPromiseOfWhatIsNotTrueIsWaitedForInVain() {
        for (String promised : new String[] {"false", "0", "''", "null", "undefined"}) {
            AssertionError late = assertThrows(
                    AssertionError.class, () -> tab.until("Promise.resolve(" + promised + ")", IN_VAIN_MILLIS));
            assertTrue(late.getMessage().contains("Timeout"), late.getMessage());
        }
    }

    @Test
    void aPromiseThatIsNeverKeptIsWaitedForInVain() {
        AssertionError late =
                assertThrows(AssertionError.class, () -> tab.until("new Promise(() => {})", IN_VAIN_MILLIS));
        assertTrue(late.getMessage().contains("Timeout"), late.getMessage());
    }

    @Test
    void aPromiseThatIsBrokenSaysWhy() {
        AssertionError broken = assertThrows(
                AssertionError.class, () -> tab.until("Promise.reject(new Error('there is no such thing'))"));
        assertTrue(broken.getMessage().contains("there is no such thing"), broken.getMessage());
    }
}
