package dev.rejoin.demo;

import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.document.Snapshot;
import dev.rejoin.server.Peers;
import dev.rejoin.server.SyncServer;
import dev.rejoin.server.replication.LinkFaults;
import dev.rejoin.server.room.DocumentChange;
import dev.rejoin.server.room.RoomHandle;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the page of two servers asks for, carried out: it writes its wishes into a document, and this reads them there. Server B is the one that
 * serves the page; server A is the {@link Neighbour}, started when the page is opened first.
 */
final class Stage implements AutoCloseable {
    /** The document of the wishes; {@code stage.js} has the same names. */
    static final String DOCUMENT = "demo/stage";

    private static final Logger LOG = LoggerFactory.getLogger(Stage.class);

    private final SyncServer server;
    private final Peers peers;
    private final Writers writers;
    private final RoomHandle wishes;
    private final Bot bot;
    private final Neighbour neighbour;
    /* Starting and killing a process takes its time, and the listener is called by the thread of the document. */
    private final ScheduledExecutorService hands = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "stage");
        thread.setDaemon(true);
        return thread;
    });

    /** Written and read by {@link #hands} only. */
    private Wishes carriedOut = Wishes.NONE;

    /**
     * What the page wants.
     *
     * @param delayMillis how long changes take between the servers
     * @param cut whether none get through
     * @param power whether server A runs; null if nobody has said so yet
     * @param revoked whether nobody may write at server B
     * @param bot the document that the {@link Bot} writes in; null if none
     */
    private record Wishes(
            long delayMillis,
            boolean cut,
            @Nullable String power,
            boolean revoked,
            @Nullable String bot) {
        static final Wishes NONE = new Wishes(0, false, null, false, null);

        static Wishes of(Snapshot document) {
            Object delay = document.toMap().get("delay");
            return new Wishes(
                    delay instanceof Number millis ? Math.max(0, millis.longValue()) : 0,
                    Boolean.TRUE.equals(document.toMap().get("cut")),
                    document.toMap().get("power") instanceof String power ? power : null,
                    Boolean.TRUE.equals(document.toMap().get("revoked")),
                    document.toMap().get("bot") instanceof String bot ? bot : null);
        }
    }

    private Stage(SyncServer server, Writers writers, Neighbour neighbour) {
        this.server = server;
        this.peers = server.peers().orElseThrow();
        this.writers = writers;
        this.neighbour = neighbour;
        this.wishes = server.document(DOCUMENT);
        this.bot = new Bot(server, hands);
    }

    /** Obeys from now on. What the page wanted in an earlier run of the demo is forgotten. */
    static Stage open(SyncServer server, Writers writers, Neighbour neighbour) {
        Stage stage = new Stage(server, writers, neighbour);
        stage.wishes.transact(document -> {
            document.register("power", ValueCodec.STRING).clear();
            document.register("delay", ValueCodec.VALUE).clear();
            document.register("cut", ValueCodec.VALUE).clear();
            document.register("revoked", ValueCodec.VALUE).clear();
            document.register("bot", ValueCodec.VALUE).clear();
            document.register("neighbour", ValueCodec.VALUE).clear();
        });
        stage.wishes.onChange(stage::changed);
        return stage;
    }

    private void changed(DocumentChange change) {
        Wishes wanted = Wishes.of(change.view().snapshot());
        hands.execute(() -> {
            try {
                carryOut(wanted);
            } catch (IOException | RuntimeException failure) {
                LOG.error("the page of two servers was not obeyed", failure);
            }
        });
    }

    private void carryOut(Wishes wanted) throws IOException {
        if (wanted.equals(carriedOut)) {
            return;
        }
        if (!Objects.equals(wanted.bot(), carriedOut.bot())) {
            bot.writeIn(wanted.bot());
        }
        carriedOut = wanted;
        writers.revoke(wanted.revoked());
        if (wanted.power() != null && wanted.power().equals("on") != neighbour.isUp()) {
            if (neighbour.isUp()) {
                neighbour.kill();
            } else {
                say("starting");
                neighbour.start(URI.create("ws://127.0.0.1:" + server.port()));
                peers.follow(List.of(neighbour.peer()));
            }
            say(neighbour.isUp() ? "up" : "down");
        }
        neighbour.link(wanted.delayMillis(), wanted.cut());
        if (wanted.power() != null) {
            LinkFaults link = peers.faults(neighbour.peer());
            link.delay(Duration.ofMillis(wanted.delayMillis()));
            link.cut(wanted.cut());
        }
    }

    private void say(String state) {
        wishes.transact(document -> document.register("neighbour", ValueCodec.VALUE)
                .set(Map.of("state", state, "address", neighbour.address().toString())));
    }

    @Override
    public void close() {
        hands.shutdownNow();
        neighbour.kill();
    }
}
