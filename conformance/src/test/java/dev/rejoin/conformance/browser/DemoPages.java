package dev.rejoin.conformance.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.conformance.browser.Browser.Tab;
import dev.rejoin.conformance.process.ServerProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The stage of a test of the demo's pages: one Chromium for the class, and for each test a demo in a process of its own with a folder of its own. At
 * the end of each test no page may have complained.
 *
 * <p>{@code @RegisterExtension static final DemoPages PAGES = new DemoPages();}
 */
final class DemoPages implements BeforeAllCallback, AfterAllCallback, BeforeEachCallback, AfterEachCallback {
    private static final Path PICTURES = Path.of("target/screenshots");
    private static final int DESKTOP = 1280;
    private static final int PHONE = 390;
    private static final long UNTIL_MILLIS = 60_000;
    private static final long LOOK_MILLIS = 50;

    private @Nullable Browser browser;
    private @Nullable Path folder;
    private @Nullable DemoProcess demo;

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        Files.createDirectories(PICTURES);
        browser = Browser.startOrSkip();
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        if (browser != null) {
            browser.close();
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        folder = Files.createTempDirectory("rejoin-pages");
        demo = DemoProcess.start(ServerProcess.freePort(new Random()), folder);
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        try (DemoProcess last = demo) {
            assertEquals(List.of(), browser.closeAll(), "no page has complained");
        }
        delete(folder);
    }

    Browser browser() {
        return browser;
    }

    DemoProcess demo() {
        return demo;
    }

    /** The address of the demo's first page. */
    URI uri() {
        return demo.uri();
    }

    /** Where this test may keep files of its own. */
    Path folder() {
        return folder;
    }

    /** Opens a page of the demo in a browser of somebody's own; the path may have a query. */
    Tab open(String person, String path) throws IOException {
        return browser.open(person, uri().resolve(path).toString());
    }

    /** Opens the first page. */
    Tab open(String person) throws IOException {
        return open(person, "");
    }

    /** Starts the demo again after it was killed, at the address and with the data that it had. */
    void startAgain() throws IOException, InterruptedException {
        demo = DemoProcess.start(uri().getPort(), folder);
    }

    /** Takes four pictures of a page, light and dark, on a desktop and a phone, and checks that it fits both. */
    static void picturesOf(Tab tab, String name) throws IOException {
        for (String scheme : List.of("light", "dark")) {
            for (int width : List.of(DESKTOP, PHONE)) {
                Path file = PICTURES.resolve(name + "-" + width + "-" + scheme + ".png");
                assertEquals(0, tab.screenshot(file, width, scheme), "the page fits " + width + " pixels");
            }
        }
    }

    /**
     * Waits until what was typed into the texts of a page is in its browser's store. y-indexeddb does not say when it has written, and a page that ends takes its
     * open transactions along. One that is begun afterwards on the same store ends after them.
     *
     * @param texts what the names of their stores say of them
     */
    static void awaitKept(Tab tab, String... texts) throws IOException {
        tab.evaluate(
                "indexedDB.databases().then((all) => Promise.all(all.filter(({ name }) => /:(" + String.join("|", texts)
                        + "):/.test(name)).map(({ name }) => new Promise((done, failed) => {"
                        + "  const opening = indexedDB.open(name);"
                        + "  opening.onerror = () => failed(opening.error);"
                        + "  opening.onsuccess = () => {"
                        + "    const isText = opening.result.objectStoreNames.contains('updates');"
                        + "    const end = () => { opening.result.close(); done(isText); };"
                        + "    if (!isText) { end(); return; }"
                        + "    const last = opening.result.transaction(['updates'], 'readwrite');"
                        + "    last.objectStore('updates').count();"
                        + "    last.onabort = () => failed(last.error);"
                        + "    last.oncomplete = end;"
                        + "  };"
                        + "})))).then((written) => { if (written.filter((isText) => isText).length < " + texts.length
                        + ") throw new Error('not all texts are kept'); })");
    }

    /** A condition that may need a look at a page or a server. */
    interface Condition {
        boolean holds() throws Exception;
    }

    /** Waits until the condition holds. */
    static void until(Condition condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(UNTIL_MILLIS);
        while (!condition.holds()) {
            assertTrue(System.nanoTime() < end, "waited in vain");
            Thread.sleep(LOOK_MILLIS);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.deleteIfExists(file);
                } catch (IOException failure) {
                    throw new UncheckedIOException(failure);
                }
            });
        }
    }
}
