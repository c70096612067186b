package dev.rejoin.conformance.hostile;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.client.SyncClient;
import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.document.Document;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** One who works on a document as if nothing were the matter: writes, waits until it is durable and the other has it. */
final class HonestClient implements AutoCloseable {
    private static final String NOTES = "notes";
    private static final int PAGE_CHARACTERS = 32_768;
    private static final int PAUSE_MILLIS = 10;
    private static final long PATIENCE_SECONDS = 30;

    private final String name;
    private final SyncClient client;
    private final Random random;
    private final List<String> written = new ArrayList<>();
    private long slowestMillis;

    HonestClient(URI server, String document, String name, Random random) {
        this.name = name;
        this.random = random;
        this.client = SyncClient.builder().url(server).document(document).build();
    }

    /** A note that stays, and a page that replaces the one before: much to relay, little to keep. */
    void writeNote(HonestClient other) throws Exception {
        String note = name + "-" + written.size();
        String page = page();
        long begun = System.nanoTime();
        client.write(document -> {
                    notes(document).add(note);
                    document.register("page of " + name, ValueCodec.STRING).set(page);
                })
                .durable()
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        written.add(note);
        long end = begun + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!other.sees(note)) {
            assertTrue(System.nanoTime() < end, note + " is durable and the other does not see it");
            Thread.sleep(1);
        }
        slowestMillis = Math.max(slowestMillis, (System.nanoTime() - begun) / 1_000_000);
        Thread.sleep(PAUSE_MILLIS);
    }

    private boolean sees(String note) {
        return client.read(document -> notes(document).contains(note));
    }

    private static OrSet<String> notes(Document document) {
        return document.set(NOTES, ValueCodec.STRING);
    }

    private String page() {
        StringBuilder page = new StringBuilder(PAGE_CHARACTERS);
        while (page.length() < PAGE_CHARACTERS) {
            page.append((char) ('a' + random.nextInt(26)));
        }
        return page.toString();
    }

    /** The notes whose durability it was told of. */
    List<String> written() {
        return written;
    }

    /** All notes it has, its own and the others'. */
    List<String> notes() {
        return client.read(document -> List.copyOf(notes(document).elements()));
    }

    /** From a write to the other's seeing it, at worst. */
    long slowestMillis() {
        return slowestMillis;
    }

    /** The canonical bytes of what it has, with nothing pending. */
    byte[] state() {
        return client.snapshot().state().encode();
    }

    @Override
    public void close() {
        client.close();
    }
}
