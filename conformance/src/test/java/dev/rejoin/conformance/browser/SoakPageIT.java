package dev.rejoin.conformance.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rejoin.conformance.browser.Browser.Tab;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Two people at two servers go on working while things go wrong at random: lag, a cut link, a killed server, a browser offline, reloads, refusals, revoked
 * rights. After each round all is mended, both sides have to agree, and the page has nothing to complain about.
 *
 * <p>Only by flag: {@code -Drejoin.soak.minutes=30}; {@code -Drejoin.soak.seed=N} repeats the choices of a run.
 */
@EnabledIfSystemProperty(named = "rejoin.soak.minutes", matches = "\\d+")
class SoakPageIT {
    private static final int FAULTS_IN_A_ROUND = 12;
    private static final long AGREE_MILLIS = 90_000;
    private static final List<Integer> DELAYS = List.of(0, 500, 1_000, 3_000);

    @RegisterExtension
    static final DemoPages PAGES = new DemoPages();

    private final TreeMap<String, Integer> done = new TreeMap<>();
    private int things;

    @Test
    void whateverGoesWrongNothingIsStaleLostFlickeringOrDifferent() throws Exception {
        Duration length = Duration.ofMinutes(Long.getLong("rejoin.soak.minutes"));
        long seed = Long.getLong("rejoin.soak.seed", System.nanoTime());
        String replay = "replay: -Drejoin.soak.seed=" + seed;
        System.out.println("SoakPageIT: " + replay);
        Random random = new Random(seed);
        Tab page = PAGES.open("soak", "servers.html?document=shop/soak&move=600");
        page.until(agreed(), AGREE_MILLIS);
        long end = System.nanoTime() + length.toNanos();
        int rounds = 0;
        do {
            for (int i = 0; i < FAULTS_IN_A_ROUND; i++) {
                String side = random.nextBoolean() ? "left" : "right";
                work(page, side, random);
                fault(page, side, random);
                page.evaluate("new Promise((done) => setTimeout(done, " + random.nextInt(800) + "))");
            }
            mend(page);
            for (String what : List.of("stale", "lost", "flickers", "divergences")) {
                assertEquals(
                        0,
                        page.evaluate("rejoin.score.counts." + what).asInt(),
                        what + " in round " + rounds + " after " + done + ", " + replay + ", "
                                + page.evaluate("document.querySelector('#score-" + what + "').title")
                                        .asText());
            }
            rounds++;
        } while (System.nanoTime() < end);
        System.out.println("SoakPageIT: " + rounds + " rounds, " + things + " things, " + done);
    }

    /** What people do meanwhile. */
    private void work(Tab page, String side, Random random) throws IOException {
        for (int i = 0; i <= random.nextInt(3); i++) {
            page.evaluate("void rejoin." + side + ".add('thing " + things++ + "')");
        }
        page.evaluate("void rejoin." + side + ".client.document.counter('guests').increment()");
        if (random.nextInt(3) == 0) {
            page.evaluate("void rejoin." + side + ".client.document.register('title').set('title " + things + "')");
        }
        if (random.nextInt(3) == 0) {
            page.evaluate("void rejoin." + side + ".text.editor.commands.insertContent('word" + things + " ')");
        }
        if (random.nextInt(4) == 0) {
            page.evaluate(
                    "document.querySelector('[data-side=\"" + side + "\"] [data-part=\"items\"] li button')?.click()");
        }
        page.click("[data-side=\"left\"] [data-part=\"read\"]");
    }

    private void fault(Tab page, String side, Random random) throws IOException {
        String offline = "[data-side=\"" + side + "\"] [data-part=\"offline\"]";
        String what = List.of("lag", "cut", "kill", "offline", "reload", "reject", "revoke")
                .get(random.nextInt(7));
        switch (what) {
            case "lag" ->
                page.evaluate("void rejoin.stage.want('delay', " + DELAYS.get(random.nextInt(DELAYS.size())) + ")");
            case "cut" -> page.click("#cut");
            case "kill" -> page.evaluate("document.querySelector('#power').click()"); // not while it starts
            case "offline" -> page.click(offline);
            case "reload" -> page.reload();
            case "reject" -> page.evaluate("void rejoin." + side + ".add('forbidden')");
            default -> page.click("#revoke");
        }
        done.merge(what, 1, Integer::sum);
    }

    /** Everything works again, and both sides agree. */
    private static void mend(Tab page) throws IOException {
        page.evaluate(
                "(() => { const { stage } = rejoin; stage.want('delay', 0); stage.want('cut', false); stage.want('revoked', false);"
                        + " stage.want('power', 'on'); for (const box of document.querySelectorAll('[data-part=\"offline\"]:checked')) box.click(); })()");
        page.until("document.querySelector('#link-status').textContent === 'Connected'", AGREE_MILLIS);
        // What a right was missing for is offered again only by who comes anew.
        page.reload();
        page.until("rejoin.left.client.status.pending === 0 && rejoin.right.client.status.pending === 0", AGREE_MILLIS);
        page.evaluate(
                "for (const { client } of [rejoin.left, rejoin.right]) for (const each of client.rejections) each.discard()");
        page.until(agreed() + " && rejoin.score.isSure()", AGREE_MILLIS);
    }

    private static String agreed() {
        return "document.querySelector('#link-status').textContent === 'Connected' && rejoin.left.isSettled() && rejoin.right.isSettled()"
                + " && rejoin.left.shown() === rejoin.right.shown()";
    }
}
