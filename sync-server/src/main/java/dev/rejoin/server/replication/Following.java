package dev.rejoin.server.replication;

import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.server.room.Arrival;
import dev.rejoin.server.room.HeldPositions;
import dev.rejoin.server.room.Taken;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.session.FollowerEffects;
import dev.rejoin.sync.session.FollowerSession;
import dev.rejoin.sync.session.LinkFailure;
import dev.rejoin.sync.wire.LinkMessage;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How this server follows one peer: dials it, takes its changes, fetches what it lacks. Belongs to the loop of the replication. */
final class Following implements LineEnd, FollowerEffects {
    /* In order, or not at all
     * -----------------------
     * A change names what the peer held before it. A room takes it only where all of that is held, and claims what it names in the same step.
     * A change that comes too early, because something from a third server is still on its way, waits a moment (Parked.java) and is then fetched
     * with what it lacks (DocumentSync.java). So nothing is shown that is not claimed, and nothing claimed that is not shown.
     *
     * Heartbeats
     * ----------
     * A heartbeat counts when everything that came before it has been dealt with: `unfinished` holds what has not. One that says that more changes
     * were sent than have come has all documents compared first.
     */
    private static final Logger LOG = LoggerFactory.getLogger(Following.class);
    private static final long FIRST_BACKOFF_MILLIS = 100;
    private static final int MAX_REMEMBERED_HOLDINGS = 4_096;

    private final Replication home;
    private final URI peer;
    private final long number;
    private final String address;
    private final LinkFaults faults;
    private final Unfinished unfinished = new Unfinished();
    private final Parked parked;
    private final Catching catching;

    /** What the peer held of documents when it last spoke of them. For any thread. */
    private final Map<String, PositionVector> holdings =
            Collections.synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, PositionVector> eldest) {
                    return size() > MAX_REMEMBERED_HOLDINGS;
                }
            });

    private final Map<Long, CompletableFuture<Answer>> answers = new HashMap<>();
    private final ArrayDeque<Beat> beats = new ArrayDeque<>();

    /** Counts the lines: what an earlier one had under way is of no interest any more. */
    private long life;

    /** Whether the rooms may have heard of those who are at the peer. */
    private boolean acquainted;

    /** Whether the address leads to this server itself, as one of those that a name resolves to does. */
    private boolean isOwn;

    private boolean stopped;
    private boolean dialling;
    private int failures;
    private String problem = "not dialled yet";
    private @Nullable Line line;
    private @Nullable FollowerSession session;
    private long opening;
    private long log;
    private long changes;
    private long takingBytes;
    private boolean paused;
    private long deliveredAt;

    /** When a heartbeat counted last; when it was begun to follow the peer, if none has. */
    private long heardAt;

    /** The answer to a pull. */
    @SuppressWarnings("ArrayRecordComponent") // passed on, never compared
    record Answer(LinkMessage.StateHead head, byte[] fragment, byte[] update) {}

    private record Beat(long mark, LinkMessage.Heartbeat heartbeat) {}

    /** @param number a negative one that is its own */
    Following(Replication home, URI peer, long number, LinkFaults faults) {
        this.home = home;
        this.peer = peer;
        this.number = number;
        this.address = peer.toString();
        this.faults = faults;
        this.parked = new Parked(home.options().maxParkedBytes());
        this.catching = new Catching(home, this);
        this.heardAt = home.loop().millis();
    }

    Following start() {
        faults.onChange(() -> home.loop().execute(this::faultsChanged));
        dial();
        return this;
    }

    void stop() {
        stopped = true;
        if (session != null) {
            session.fail(LinkFailure.SHUTTING_DOWN, "the server follows no more");
        }
        home.lag().retire(origin());
        hungUp("stopped");
    }

    private void faultsChanged() {
        if (faults.isCut() && line != null) {
            line.close();
            hungUp("cut");
        } else if (!faults.isCut() && line == null) {
            failures = 0;
            dial();
        }
    }

    // the line

    private void dial() {
        if (stopped || dialling || line != null || faults.isCut()) {
            return;
        }
        dialling = true;
        home.dialler().dial(peer, this::dialled, why -> {
            dialling = false;
            hungUp(why);
        });
    }

    private LineEnd dialled(Line opened) {
        dialling = false;
        life++;
        if (stopped || faults.isCut()) {
            opened.close();
            return this;
        }
        line = opened;
        session = new FollowerSession(
                home.linkOptions(),
                home.secret(),
                this,
                home.nonce(),
                home.time()::millis,
                home.loop().millis());
        long own = life;
        return new LineEnd() {
            @Override
            public void received(byte[] frame) {
                if (own == life) {
                    Following.this.received(frame);
                }
            }

            @Override
            public void drained() {}

            @Override
            public void closed() {
                if (own == life) {
                    Following.this.closed();
                }
            }
        };
    }

    /** Nobody is to be followed at this address, as long as it is this server's; looked at again now and then, since addresses move. */
    private void leadsHere() {
        if (!isOwn) {
            LOG.info("{} is this server", address);
        }
        isOwn = true;
        life++;
        line = null;
        session = null;
        if (!stopped) {
            home.loop().schedule(this::dial, home.options().repair().toMillis());
        }
        home.publish();
    }

    /** The line is gone, or could not be opened: begins anew after a random while. */
    private void hungUp(String why) {
        boolean was = isLinked();
        life++;
        line = null;
        session = null;
        paused = false;
        takingBytes = 0;
        answers.values()
                .forEach(one ->
                        one.completeExceptionally(new IllegalStateException("the link to " + address + " is closed")));
        answers.clear();
        beats.clear();
        unfinished.clear();
        parked.clear();
        catching.stop();
        if (acquainted) {
            acquainted = false;
            home.presence().unlinked(this);
        }
        if (was || !why.equals(problem)) {
            LOG.info("no link to {}: {}", address, why);
        }
        problem = why;
        home.observer().unlinked(address, why);
        if (stopped) {
            return;
        }
        long most = Math.min(home.options().maxBackoffMillis(), FIRST_BACKOFF_MILLIS << Math.min(failures, 16));
        failures++;
        home.loop().schedule(this::dial, 1 + home.random().nextLong(most));
    }

    @Override
    public void received(byte[] frame) {
        FollowerSession current = session;
        if (current != null) {
            home.observer().received(address, frame.length);
            current.received(frame, home.loop().millis());
        }
    }

    @Override
    public void drained() {}

    @Override
    public void closed() {
        if (session != null) {
            session.disconnected();
        }
        hungUp("the connection was closed");
    }

    @Override
    public void send(byte[] frame) {
        if (line != null) {
            line.send(frame);
        }
    }

    @Override
    public void ended(LinkFailure why, String message) {
        if (line != null) {
            line.close();
        }
        if (why == LinkFailure.WRONG_SECRET || why == LinkFailure.OTHER_CLUSTER || why == LinkFailure.DUPLICATE_LOG) {
            LOG.error("{} is not followed: {}: {}", address, why, message);
            failures = Math.max(failures, 8);
        }
        if (why == LinkFailure.OWN_ADDRESS) {
            leadsHere();
            return;
        }
        hungUp(why + ": " + message);
    }

    void tick(long now) {
        if (session != null) {
            session.tick(now);
        }
        catching.tick(now);
    }

    @Override
    public void linked(LinkMessage.Welcome welcome) {
        if (opening != 0 && opening != welcome.opening()) {
            home.lag().retire(origin());
        }
        opening = welcome.opening();
        log = welcome.log();
        failures = 0;
        problem = "";
        changes = 0;
        deliveredAt = 0;
        LOG.info("following {}, log {}, opening {}", address, Long.toHexString(log), Long.toHexString(opening));
        home.observer().linked(address);
        acquainted = true;
        isOwn = false;
        home.presence().linked(this);
        catching.compareAll();
    }

    // what comes, later if a test says so

    private void deliver(Runnable action) {
        long delay = faults.delayMillis();
        long now = home.loop().millis();
        if (delay == 0 && deliveredAt <= now) {
            action.run();
            return;
        }
        deliveredAt = Math.max(deliveredAt, now + delay);
        long own = life;
        home.loop()
                .schedule(
                        () -> {
                            if (own == life) {
                                action.run();
                            }
                        },
                        deliveredAt - now);
    }

    @Override
    public void standings(LinkMessage.Standings standings) {
        deliver(() -> catching.standings(standings));
    }

    @Override
    public void state(LinkMessage.StateHead head, byte[] fragment, byte[] update) {
        // at once: a delay makes the peer's changes late, not its answers
        CompletableFuture<Answer> waiting = answers.remove(head.request());
        if (waiting != null) {
            waiting.complete(new Answer(head, fragment, update));
        }
    }

    @Override
    public void change(LinkMessage.Change change) {
        if (faults.drop() > 0 && home.random().nextDouble() < faults.drop()) {
            return;
        }
        changes++;
        deliver(() -> take(change));
    }

    @Override
    public void heartbeat(LinkMessage.Heartbeat heartbeat) {
        long received = changes;
        deliver(() -> {
            if (heartbeat.changes() != received) {
                // something was lost in between: a line does not do that, what stands in between may
                changes = Math.max(changes, heartbeat.changes());
                home.observer().gap(address);
                catching.compareAll();
            }
            beats.add(new Beat(unfinished.mark(), heartbeat));
            beat();
        });
    }

    @Override
    public void exchanged(long sent, long answered, long received) {
        home.lag().exchanged(origin(), sent, answered, received);
    }

    @Override
    public void presence(LinkMessage.Presence presence) {
        deliver(() -> home.presence().told(this, presence));
    }

    /** Somebody is at these documents here, or nobody is any more. */
    void attend(List<String> documents, boolean present) {
        FollowerSession current = session;
        if (current != null && current.isOpen()) {
            current.attend(documents, present);
        }
    }

    private void beat() {
        while (!beats.isEmpty() && unfinished.passed(beats.element().mark())) {
            LinkMessage.Heartbeat heartbeat = beats.remove().heartbeat();
            home.lag().heartbeat(Position.of(opening, heartbeat.number()), heartbeat.millis());
            heardAt = home.loop().millis();
        }
    }

    /** Something begins that heartbeats wait for; to be given to {@link #finish}. */
    long begin() {
        return unfinished.begin();
    }

    void finish(long operation) {
        unfinished.finish(operation);
        beat();
    }

    // changes

    private void take(LinkMessage.Change change) {
        HeldPositions before;
        HeldPositions after;
        try {
            before = HeldPositions.decode(change.before());
            after = HeldPositions.decode(change.after());
        } catch (IllegalArgumentException e) {
            fail(LinkFailure.MALFORMED, String.valueOf(e.getMessage()));
            return;
        }
        holdings.put(change.document(), after.vector());
        long operation = begin();
        offer(change, new Arrival(change.epoch(), change.fragment(), change.update(), before, after, false), operation);
    }

    private void offer(LinkMessage.Change change, Arrival arrival, long operation) {
        int size = Followed.size(change);
        pause(size);
        long own = life;
        home.then(home.rooms().take(DocumentName.of(change.document()), arrival), (taken, failure) -> {
            if (own != life) {
                return;
            }
            pause(-size);
            if (taken == null) {
                catching.due(change.document());
                finish(operation);
                return;
            }
            settle(change, arrival, operation, taken);
        });
    }

    private void settle(LinkMessage.Change change, Arrival arrival, long operation, Taken taken) {
        switch (taken.outcome()) {
            case TAKEN -> {
                catching.known(change.document(), change.epoch(), change.sequence());
                home.observer().taken(address);
                finish(operation);
                home.taken(change.document());
            }
            case LACKING -> {
                home.observer().gap(address);
                park(change, arrival, operation);
            }
            case OTHER_LIFE -> {
                catching.due(change.document());
                finish(operation);
            }
            case REFUSED -> {
                catching.refused(change.document(), change.epoch(), taken.message());
                finish(operation);
            }
        }
    }

    /** It waits for what comes before it; after a while that is fetched. */
    private void park(LinkMessage.Change change, Arrival arrival, long operation) {
        String document = change.document();
        if (!parked.add(document, Followed.size(change), () -> offer(change, arrival, operation), operation)) {
            catching.due(document);
            finish(operation);
            return;
        }
        long own = life;
        home.loop()
                .schedule(
                        () -> {
                            if (own == life && parked.holds(document)) {
                                catching.due(document);
                                parked.forget(document, this::finish);
                            }
                        },
                        home.options().parkMillis());
    }

    /** Something came into the document. */
    void retry(String document) {
        parked.take(document).forEach(Runnable::run);
    }

    /** The peer is not read from while too much of it is on its way into documents. */
    private void pause(int bytes) {
        takingBytes += bytes;
        long most = home.options().maxTakingBytes();
        if (line != null && paused != (paused ? takingBytes > most / 2 : takingBytes > most)) {
            paused = !paused;
            line.read(!paused);
        }
    }

    // questions

    /** Asks for a document; fails if the link ends before it has come. */
    CompletionStage<Answer> pull(String document, long epoch, byte[] version, byte[] stateVector, boolean headsOnly) {
        FollowerSession current = session;
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        if (current == null || !current.isOpen()) {
            answer.completeExceptionally(new IllegalStateException("no link to " + address));
            return answer;
        }
        answers.put(current.pull(document, epoch, version, stateVector, headsOnly), answer);
        return answer;
    }

    void list(String after) {
        if (session != null) {
            session.list(after);
        }
    }

    void fail(LinkFailure why, String message) {
        if (session != null) {
            session.fail(why, message);
        }
    }

    Catching catching() {
        return catching;
    }

    /** The peer said that it holds this of a document. */
    void holds(String document, PositionVector held) {
        holdings.put(document, held);
    }

    /** What the peer held of a document when it last spoke of it. On any thread. */
    Optional<PositionVector> holding(String document) {
        return Optional.ofNullable(holdings.get(document));
    }

    boolean isOwn() {
        return isOwn;
    }

    boolean isLinked() {
        return session != null && session.isOpen();
    }

    long life() {
        return life;
    }

    /** Names the peer to the rooms. */
    long number() {
        return number;
    }

    String address() {
        return address;
    }

    /** Of the peer's positions. */
    long origin() {
        return Position.originOf(opening);
    }

    LinkStatus status() {
        return new LinkStatus(
                address,
                isLinked(),
                isLinked() && catching.isCaughtUp(),
                opening,
                catching.dueCount(),
                opening == 0 ? Optional.empty() : home.lag().reading(origin()),
                home.loop().millis() - heardAt,
                problem);
    }
}
