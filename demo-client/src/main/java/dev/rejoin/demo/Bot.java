package dev.rejoin.demo;

import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.server.SyncServer;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Java that shops along in the process of the server: it puts one thing after the other on the list, takes its oldest off, and brings a guest each time. Belongs to one thread. */
final class Bot {
    private static final Logger LOG = LoggerFactory.getLogger(Bot.class);
    private static final long PERIOD_MILLIS = 1_500;
    private static final int ON_THE_LIST = 3;
    private static final List<String> THINGS = List.of("Bread", "Butter", "Cheese", "Olives", "Tea");

    private final SyncServer server;
    private final ScheduledExecutorService thread;
    private @Nullable ScheduledFuture<?> work;

    /** @param thread runs it, and calls {@link #writeIn} */
    Bot(SyncServer server, ScheduledExecutorService thread) {
        this.server = server;
        this.thread = thread;
    }

    /** Writes in this document from now on, and in no other; in none if it is null. */
    void writeIn(@Nullable String document) {
        if (work != null) {
            work.cancel(false);
            work = null;
        }
        if (document != null) {
            int[] step = {0};
            work = thread.scheduleWithFixedDelay(
                    () -> write(document, step[0]++), 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void write(String document, int step) {
        server.document(document).transact(change -> shop(change, step)).exceptionally(failure -> {
            LOG.info("the bot could not write in '{}': {}", document, failure.getMessage());
            return null;
        });
    }

    private static void shop(Document document, int step) {
        document.set("items", ValueCodec.STRING).add(thing(step));
        if (step >= ON_THE_LIST) {
            document.set("items", ValueCodec.STRING).remove(thing(step - ON_THE_LIST));
        }
        document.counter("guests").increment();
    }

    private static String thing(int step) {
        return THINGS.get(step % THINGS.size()) + " (bot)";
    }
}
