package dev.rejoin.server.replication;

import dev.rejoin.consistency.lag.Lag;
import dev.rejoin.consistency.lag.LagSpike;
import dev.rejoin.consistency.session.Origins;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.server.room.AdmissionListener;
import dev.rejoin.server.room.Admitted;
import dev.rejoin.server.room.DocumentNotice;
import dev.rejoin.server.room.RoomLoop;
import dev.rejoin.server.room.Rooms;
import dev.rejoin.sync.session.ClusterSecret;
import dev.rejoin.sync.session.LinkFailure;
import dev.rejoin.sync.session.LinkOptions;
import dev.rejoin.sync.wire.LinkFrames;
import dev.rejoin.sync.wire.LinkMessage;
import dev.rejoin.sync.wire.OriginLag;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the documents of this server and of its peers the same. Each server dials every other one and follows it over that link: it is told of each
 * entry that the other one admits, and fetches what it lacks. So there are two links between two servers, one for each direction.
 * Decision 0020 has the reasons. The public methods may be called from any thread.
 */
public final class Replication implements AdmissionListener {
    private static final Logger LOG = LoggerFactory.getLogger(Replication.class);
    private static final long BEAT_MILLIS = 1_000;
    private static final long TICK_MILLIS = 250;
    private static final int MAX_FOLLOWERS = 64;
    private static final Duration LAG_WINDOW = Duration.ofMinutes(1);

    private final Rooms rooms;
    private final RoomLoop loop;
    private final ClusterSecret secret;
    private final ClusterEpochs epochs;
    private final LinkOptions linkOptions;
    private final ReplicationOptions options;
    private final Dialler dialler;
    private final TimeSource time;
    private final RandomGenerator random;
    private final ReplicationObserver observer;
    private final Lag lag;
    private final Map<String, Following> followings = new LinkedHashMap<>();
    private volatile List<Following> all = List.of();
    private final Map<String, LinkFaults> faults = new ConcurrentHashMap<>();
    private final Set<Followed> followers = new LinkedHashSet<>();
    private volatile boolean listening;
    private volatile List<LinkStatus> status = List.of();
    private final PresenceExchange presence;
    private long numbers;
    private boolean closed;
    private long beats;
    private long beatDue;

    /**
     * Begins with no peers, see {@link #follow}.
     *
     * @param loop runs all of it
     * @param linkOptions who this server is
     * @param time the clock that peers are told
     */
    public Replication(
            Rooms rooms,
            RoomLoop loop,
            ClusterSecret secret,
            LinkOptions linkOptions,
            ReplicationOptions options,
            Dialler dialler,
            TimeSource time,
            RandomGenerator random,
            ReplicationObserver observer) {
        this.rooms = rooms;
        this.loop = loop;
        this.secret = secret;
        this.epochs = new ClusterEpochs(secret);
        this.linkOptions = linkOptions;
        this.options = options;
        this.dialler = dialler;
        this.time = time;
        this.random = random;
        this.observer = observer;
        this.presence = new PresenceExchange(this);
        this.lag = new Lag(Duration.ofMillis(BEAT_MILLIS), LAG_WINDOW, time, this::spiked);
    }

    /** Begins to listen to the documents and to dial. */
    public void start() {
        rooms.tellOfAdmissions(this);
        rooms.tellOfPresence(presence);
        rooms.onChange(this::noticed);
        loop.execute(() -> {
            beatDue = loop.millis() + BEAT_MILLIS;
            tick();
        });
    }

    /** Follows these peers, and no others any more. */
    public void follow(Collection<URI> peers) {
        loop.execute(() -> {
            if (closed) {
                return;
            }
            Set<String> wanted = new LinkedHashSet<>();
            for (URI peer : peers) {
                wanted.add(peer.toString());
                followings.computeIfAbsent(
                        peer.toString(), address -> new Following(this, peer, --numbers, faults(address)).start());
            }
            for (String address : List.copyOf(followings.keySet())) {
                if (!wanted.contains(address)) {
                    Following gone = followings.remove(address);
                    if (gone != null) {
                        gone.stop();
                    }
                }
            }
            all = List.copyOf(followings.values());
            publish();
        });
    }

    /** Somebody has opened a line to this server; says who is at this end of it. On the loop. */
    public LineEnd accept(Line line) {
        Followed follower = new Followed(this, line);
        followers.add(follower);
        if (followers.size() > MAX_FOLLOWERS || closed) {
            follower.fail(
                    closed ? LinkFailure.SHUTTING_DOWN : LinkFailure.OVERLOADED,
                    closed ? "the server is closing" : "more than " + MAX_FOLLOWERS + " servers follow");
        }
        return follower;
    }

    /** What a test, or a demonstration, does to what comes from the peer at this address. */
    public LinkFaults faults(String peer) {
        return faults.computeIfAbsent(peer, address -> new LinkFaults());
    }

    /** How this server follows each of its peers; at most a second old. */
    public List<LinkStatus> links() {
        return status;
    }

    /** How late the peers' changes are here. */
    public Lag lag() {
        return lag;
    }

    /** How late the peers' changes are here, as clients are told; at most a second old. */
    public List<OriginLag> originLags() {
        long now = time.millis();
        return status.stream()
                .flatMap(link -> link.lag().stream())
                .map(reading -> new OriginLag(
                        reading.origin(),
                        reading.lagMillis(),
                        reading.p50Millis(),
                        reading.p95Millis(),
                        bounded(now - reading.shownThroughMillis()),
                        bounded(reading.uncertaintyMillis()),
                        reading.isSilent()))
                .toList();
    }

    private static long bounded(long millis) {
        return Math.max(0, Math.min(millis, OriginLag.UNKNOWN));
    }

    /** An upper bound of how far this server is behind its peers, in milliseconds; unknown while one of them has never been heard of. */
    public long stalenessMillis() {
        boolean unheard = status.stream().anyMatch(link -> link.opening() == 0);
        return unheard ? Long.MAX_VALUE : status.isEmpty() ? 0 : lag.stalenessMillis();
    }

    /** The other servers, as the guard of one document asks them. */
    public Origins origins(String document) {
        return new PeerOrigins(this, document);
    }

    /** The address of a peer that is known to hold this of a document. */
    Optional<String> holder(String document, PositionVector needs) {
        return all.stream()
                .filter(one ->
                        one.holding(document).orElse(PositionVector.EMPTY).includes(needs))
                .map(Following::address)
                .findFirst();
    }

    /** Ends all links; nothing is taken or told any more. */
    public CompletionStage<Void> close() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        loop.execute(() -> {
            closed = true;
            listening = false;
            List.copyOf(followings.values()).forEach(Following::stop);
            followings.clear();
            List.copyOf(followers).forEach(one -> one.fail(LinkFailure.SHUTTING_DOWN, "the server is closing"));
            done.complete(null);
        });
        return done;
    }

    // what happens here

    @Override
    public boolean isListening() {
        return listening;
    }

    @Override
    public void admitted(Admitted entry) {
        loop.execute(() -> followers.forEach(one -> one.admitted(entry)));
    }

    private void noticed(DocumentNotice notice) {
        // of a document in its first life the first entry tells enough
        boolean first =
                notice.kind() == DocumentNotice.Kind.CREATED && notice.epoch() == epochs.first(notice.document());
        if (listening && notice.kind() != DocumentNotice.Kind.CHANGED && !first) {
            loop.execute(() -> followers.forEach(one -> one.noticed(notice)));
        }
    }

    private @Nullable Admitted written;
    private LinkMessage.@Nullable Change writtenAs;

    /** Written once for all followers. */
    LinkMessage.Change message(Admitted entry) {
        LinkMessage.Change change = writtenAs;
        if (change == null || written != entry) {
            change = new LinkMessage.Change(
                    entry.document(),
                    entry.epoch(),
                    entry.sequence(),
                    entry.before().encode(),
                    entry.after().encode(),
                    entry.fragment(),
                    entry.update());
            written = entry;
            writtenAs = change;
        }
        return change;
    }

    // time

    private void tick() {
        if (closed) {
            return;
        }
        long now = loop.millis();
        if (now >= beatDue) {
            beatDue = Math.max(beatDue + BEAT_MILLIS, now);
            beats++;
            List.copyOf(followers).forEach(one -> one.beat(beats));
            lag.tick();
            publish();
        }
        List.copyOf(followers).forEach(one -> one.tick(now));
        followings.values().forEach(one -> one.tick(now));
        loop.schedule(this::tick, TICK_MILLIS);
    }

    void publish() {
        List<LinkStatus> now = new ArrayList<>();
        followings().forEach(one -> now.add(one.status()));
        status = List.copyOf(now);
    }

    private void spiked(LagSpike spike) {
        for (Following one : followings.values()) {
            if (one.origin() == spike.origin()) {
                LOG.warn(
                        "changes of {} come {} ms late, {} times the usual: {}",
                        one.address(),
                        spike.lagMillis(),
                        Math.round(spike.factor()),
                        spike.begins() ? "a spike begins" : "the spike is over");
                observer.spike(one.address(), spike);
            }
        }
    }

    // for the links

    void follows(Followed follower) {
        // a server that has come back replaces its old link, whose end nobody has noticed yet
        List.copyOf(followers).stream()
                .filter(other -> other != follower
                        && other.follower() == follower.follower()
                        && other.followerOpening() == follower.followerOpening())
                .forEach(other -> other.fail(LinkFailure.OVERLOADED, "the same server has opened another link"));
        boolean copied = followers.stream()
                .anyMatch(other -> other != follower
                        && other.isOpen()
                        && other.follower() == follower.follower()
                        && other.followerOpening() != follower.followerOpening());
        if (copied) {
            LOG.error(
                    "two servers name the log {}: one of them has a copy of the other one's data directory",
                    Long.toHexString(follower.follower()));
            follower.fail(
                    LinkFailure.DUPLICATE_LOG,
                    "another running server has the log " + Long.toHexString(follower.follower())
                            + ": one of the two has a copy of the other one's data directory and must begin with an empty one");
            return;
        }
        listening = true;
        observer.followers(openFollowers());
    }

    void left(Followed follower) {
        if (followers.remove(follower)) {
            listening = followers.stream().anyMatch(Followed::isOpen);
            observer.followers(openFollowers());
        }
    }

    private int openFollowers() {
        return (int) followers.stream().filter(Followed::isOpen).count();
    }

    /** Something came into a document: changes that waited for it may be taken now. */
    void taken(String document) {
        followings.values().forEach(one -> one.retry(document));
    }

    /** Calls back on the loop with what came of the stage. */
    <T> void then(CompletionStage<T> stage, BiConsumer<@Nullable T, @Nullable Throwable> action) {
        stage.whenComplete((value, failure) -> loop.execute(() -> action.accept(
                value,
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure)));
    }

    /** The peers, without the server itself. */
    Collection<Following> followings() {
        return followings.values().stream().filter(one -> !one.isOwn()).toList();
    }

    Collection<Followed> followers() {
        return followers;
    }

    PresenceExchange presence() {
        return presence;
    }

    byte[] nonce() {
        byte[] nonce = new byte[LinkFrames.NONCE_BYTES];
        random.nextBytes(nonce);
        return nonce;
    }

    Rooms rooms() {
        return rooms;
    }

    RoomLoop loop() {
        return loop;
    }

    ClusterSecret secret() {
        return secret;
    }

    ClusterEpochs epochs() {
        return epochs;
    }

    LinkOptions linkOptions() {
        return linkOptions;
    }

    ReplicationOptions options() {
        return options;
    }

    Dialler dialler() {
        return dialler;
    }

    TimeSource time() {
        return time;
    }

    RandomGenerator random() {
        return random;
    }

    ReplicationObserver observer() {
        return observer;
    }

    Optional<Following> linkTo(long origin) {
        return followings.values().stream()
                .filter(one -> one.isLinked() && one.origin() == origin)
                .findFirst();
    }
}
