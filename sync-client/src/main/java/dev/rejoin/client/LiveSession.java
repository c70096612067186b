package dev.rejoin.client;

import dev.rejoin.consistency.session.MalformedTokenException;
import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.ReadFailure;
import dev.rejoin.consistency.session.ReadLevel;
import dev.rejoin.consistency.session.Session;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Subscription;
import dev.rejoin.crdt.document.Snapshot;
import dev.rejoin.sync.wire.Answer;
import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.OriginLag;
import dev.rejoin.sync.wire.ProtocolException;
import dev.rejoin.sync.wire.Standing;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Watermark;
import dev.rejoin.sync.wire.Welcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * What one client has read and written of its document, over all servers: it goes with the client from server to server, and can be handed to others.
 *
 * <p>A server that the client comes to lacks some of it, perhaps. It says so, fetches it, and says when it is there; until then {@link #freshness} tells that
 * what shows is behind. Writes wait that long at the server. Nothing here polls. Made by {@link SyncClient#session}; for any thread; listeners and
 * futures are called on the client's own thread.
 *
 * <p>Source: docs/concepts/read-your-writes.md.
 */
public final class LiveSession {
    /** The longest that anything is waited for. */
    public static final Duration MAX_WAIT = Duration.ofSeconds(60);

    /** How many may wait. */
    public static final int MAX_WAITING = 16;

    /** How many views may be pinned. */
    public static final int MAX_PINS = 16;

    /** After its time is up a question waits this long for the answer that is on the way. */
    private static final long GRACE_MILLIS = 500;

    /** What a session needs of its client. */
    interface Host {
        /** On the client's thread, without its lock. */
        void later(Runnable announcement);

        /** On the client's thread, under its lock, after this many milliseconds. */
        Subscription after(long millis, Runnable step);

        /** Sends a question, if the client is connected; on any thread, under the lock. */
        void ask(Await question);

        /** What shows now; under the lock. */
        Snapshot snapshot();

        /** Own writes without a verdict; under the lock. */
        Map<WriteHandle, Delta> pending();

        /** Any monotonic clock, in milliseconds. */
        long now();
    }

    private static final class Question {
        final SessionToken token;
        final String level;
        final long until;
        final CompletableFuture<Void> shown = new CompletableFuture<>();

        Question(SessionToken token, String level, long until) {
            this.token = token;
            this.level = level;
            this.until = until;
        }

        /** Whether it is about nothing but what the token names, so that what shows answers it. */
        boolean isOfToken() {
            return level.isEmpty();
        }
    }

    private final String document;
    private final Object lock;
    private final Host host;
    private final Session seen = Session.causal();
    private final List<Consumer<SessionFreshness>> freshnessListeners = new CopyOnWriteArrayList<>();
    private final List<Consumer<List<OriginLag>>> lagListeners = new CopyOnWriteArrayList<>();

    // guarded by lock
    private long epoch;
    /* Everything through here shows. */
    private PositionVector shown = PositionVector.EMPTY;
    private PositionVector arriving = PositionVector.EMPTY;
    private boolean allArrives;
    /* What the server of this connection was told of with the Hello. */
    private SessionToken greeted = SessionToken.EMPTY;
    private boolean isOpen;
    private boolean isBehind;
    private String code = "";
    /* The question whose answer ends being behind. */
    private long catchingUp;
    private List<OriginLag> lag = List.of();
    private long lagAt;
    private boolean hasHeard;
    private long heardAt;
    private boolean isClosed;
    private long questionsAsked;
    private final Map<Long, Question> questions = new LinkedHashMap<>();
    private long changesOfOthers;
    private final Set<PinnedView> pins = new LinkedHashSet<>();

    LiveSession(String document, Object lock, Host host) {
        this.document = document;
        this.lock = lock;
        this.host = host;
    }

    // what was read and written

    /** What the client has read and written, for another session of this user, or for anybody: whoever reads with it sees that too. At most 64 bytes for five servers. */
    public SessionToken token() {
        synchronized (lock) {
            return seen.forRead(document);
        }
    }

    /**
     * Takes in what was read and written elsewhere: the token of an HTTP answer, of an earlier run, of somebody's link. The server fetches what it lacks of that,
     * and until it has it this session is behind. What the token says of other documents is passed over.
     */
    public void observe(SessionToken token) {
        synchronized (lock) {
            SessionToken mine = token.only(document);
            seen.observe(mine);
            if (isOpen && !shows(mine)) {
                catchUp(mine);
            }
        }
    }

    private void catchUp(SessionToken with) {
        isBehind = true;
        code = "";
        catchingUp = ++questionsAsked;
        host.ask(new Await(catchingUp, with.encode(), "", MAX_WAIT.toMillis()));
        tellFreshness();
    }

    private boolean shows(SessionToken token) {
        return !token.knowsOtherEpoch(document, epoch)
                && shown.includes(token.reads(document, epoch))
                && shown.includes(token.writes(document, epoch));
    }

    // how fresh it is

    /** How fresh what the client shows is, now. */
    public SessionFreshness freshness() {
        synchronized (lock) {
            return new SessionFreshness(isBehind, code, age());
        }
    }

    /** Calls the listener when {@link SessionFreshness#isBehind} or its code changes; ages change all the time, and are to be asked for. */
    public Subscription onFreshness(Consumer<SessionFreshness> listener) {
        freshnessListeners.add(listener);
        return () -> freshnessListeners.remove(listener);
    }

    private void tellFreshness() {
        SessionFreshness now = new SessionFreshness(isBehind, code, age());
        host.later(() -> freshnessListeners.forEach(listener -> listener.accept(now)));
    }

    private OptionalLong age() {
        if (!hasHeard || lag.stream().anyMatch(one -> one.uncertaintyMillis() == OriginLag.UNKNOWN)) {
            return OptionalLong.empty();
        }
        long unheard = isOpen ? 0 : host.now() - heardAt;
        long oldest = lag.stream()
                .mapToLong(one -> one.ageMillis() + one.uncertaintyMillis() + host.now() - lagAt)
                .max()
                .orElse(0);
        return OptionalLong.of(Math.max(unheard, oldest));
    }

    /**
     * How late the changes of each other server come to the server that this client is at, as that one measures it. It is told at once when it changes by a
     * quarter and at least 250 ms, and every ten seconds. Empty if there are no other servers.
     */
    public List<OriginLag> lag() {
        synchronized (lock) {
            return lag;
        }
    }

    /** Calls the listener with each new {@link #lag}. */
    public Subscription onLag(Consumer<List<OriginLag>> listener) {
        lagListeners.add(listener);
        return () -> lagListeners.remove(listener);
    }

    // waiting

    /**
     * Completes when the client shows everything that the token asks for of its document, or fails with a {@link NotShownException}. The server is asked once and tells; if
     * the connection is lost meanwhile, the next server is asked.
     *
     * @param timeout more than 0, at most {@link #MAX_WAIT}
     */
    public CompletionStage<Void> awaitVisible(SessionToken token, Duration timeout) {
        synchronized (lock) {
            SessionToken mine = token.only(document);
            return shows(mine) ? CompletableFuture.completedFuture(null) : ask(mine, "", timeout);
        }
    }

    /**
     * Reads what shows, as soon as it is as fresh as the level asks for; fails with a {@link NotShownException}. Own writes without a verdict show at every level.
     *
     * @param level all but snapshots, which are {@link #pin}
     * @param timeout more than 0, at most {@link #MAX_WAIT}
     */
    public CompletionStage<Snapshot> read(ReadLevel level, Duration timeout) {
        if (level instanceof ReadLevel.AtSnapshot) {
            throw new IllegalArgumentException("a live client shows no version but its own; pin() keeps one");
        }
        synchronized (lock) {
            SessionToken mine = seen.forRead(document);
            boolean isHere = level instanceof ReadLevel.Eventual || level instanceof ReadLevel.InSession && shows(mine);
            CompletionStage<Void> fresh =
                    isHere ? CompletableFuture.completedFuture(null) : ask(mine, label(level), timeout);
            return fresh.thenApply(nothing -> {
                synchronized (lock) {
                    return host.snapshot();
                }
            });
        }
    }

    /** As the server is asked for it; what it takes for granted is left out. */
    private static String label(ReadLevel level) {
        return level instanceof ReadLevel.InSession ? "" : level.toString();
    }

    private CompletionStage<Void> ask(SessionToken token, String level, Duration timeout) {
        if (timeout.isNegative() || timeout.isZero() || timeout.compareTo(MAX_WAIT) > 0) {
            throw new IllegalArgumentException("timeout outside 0…" + MAX_WAIT + ": " + timeout);
        }
        if (isClosed || questions.size() >= MAX_WAITING) {
            return CompletableFuture.failedFuture(
                    new NotShownException(isClosed ? "closed" : ReadFailure.OVERLOADED.label()));
        }
        long id = ++questionsAsked;
        Question question = new Question(token, level, host.now() + timeout.toMillis());
        questions.put(id, question);
        Subscription timer =
                host.after(timeout.toMillis() + GRACE_MILLIS, () -> settle(id, FailureCode.TIMEOUT.label()));
        question.shown.whenComplete((nothing, failure) -> timer.close());
        if (isOpen) {
            send(id, question);
        }
        return question.shown.copy();
    }

    private void send(long id, Question question) {
        host.ask(new Await(id, question.token.encode(), question.level, Math.max(1, question.until - host.now())));
    }

    private void settle(long id, String failure) {
        Question question = questions.remove(id);
        if (question != null) {
            host.later(
                    failure.isEmpty()
                            ? () -> question.shown.complete(null)
                            : () -> question.shown.completeExceptionally(new NotShownException(failure)));
        }
    }

    // pinning

    /**
     * Pins what the client shows now: a view that others do not change, over which own writes show.
     *
     * @throws PinException with {@code too-many-pins} if there are {@link #MAX_PINS}
     */
    public PinnedView pin() {
        synchronized (lock) {
            if (pins.size() >= MAX_PINS) {
                throw new PinException("too-many-pins", "a client pins " + MAX_PINS + " views at most");
            }
            PinnedView pin = new PinnedView(this, lock);
            pins.add(pin);
            repin(pin);
            return pin;
        }
    }

    void repin(PinnedView pin) {
        if (!pins.contains(pin)) {
            throw new PinException("pin-expired", "it is closed");
        }
        Subscription expiry = host.after(PinnedView.MAX_AGE.toMillis(), pin::release);
        pin.pinAt(host.snapshot(), host.pending(), changesOfOthers, expiry);
    }

    void unpin(PinnedView pin) {
        pins.remove(pin);
    }

    long changesOfOthers() {
        return changesOfOthers;
    }

    // what the client tells of itself; under the lock

    void written(WriteHandle handle, Delta delta) {
        pins.forEach(pin -> pin.written(handle, delta));
    }

    void refused(WriteHandle handle) {
        pins.forEach(pin -> pin.refused(handle));
    }

    /** What was confirmed is dropped: it was of a life of the document that is over. */
    void forget() {
        seen.forget(document);
        shown = PositionVector.EMPTY;
    }

    /** What the Hello says of the session; the client reads all that the server sends after it. */
    byte[] greeting() {
        greeted = seen.forRead(document);
        return greeted.encode();
    }

    void welcomed(Welcome welcome) {
        isOpen = true;
        hear();
        if (epoch != welcome.epoch()) {
            epoch = welcome.epoch();
            shown = PositionVector.EMPTY;
        }
        // shown with the update that follows
        arriving = vector(welcome.standing().held()).with(position(welcome.position()));
        allArrives = welcome.standing().held().length > 0;
        take(welcome.standing());
        boolean was = isBehind;
        isBehind = welcome.behind();
        code = "";
        catchingUp = Answer.OF_HELLO;
        SessionToken all = seen.forRead(document);
        if (!greeted.includes(all)) {
            // taken in while the greetings crossed
            catchUp(all);
        } else if (was || isBehind) {
            tellFreshness();
        }
        questions.forEach(this::send);
    }

    void updated(Update update) {
        hear();
        if (update.fragment().length > 0) {
            changesOfOthers++;
        }
        show(arriving.union(vector(update.held())).with(position(update.position())), allArrives);
        arriving = PositionVector.EMPTY;
        allArrives = false;
    }

    void heard(Watermark watermark) {
        hear();
        byte[] held = watermark.standing().held();
        show(vector(held).with(position(watermark.position())), held.length > 0);
        take(watermark.standing());
    }

    private void hear() {
        hasHeard = true;
        heardAt = host.now();
    }

    /** @param isAll whether no log is left out of it */
    private void show(PositionVector more, boolean isAll) {
        shown = shown.union(more);
        if (isAll && !isBehind) {
            // The server holds all that was seen. It names the latest opening of each log, which holds what was written
            // in those before it:
            // without them a token does not grow with each restart of a server.
            shown = shown.within(more);
            seen.forget(document);
        }
        seen.observe(SessionToken.ofRead(document, epoch, shown));
        if (isBehind && shows(seen.forRead(document))) {
            isBehind = false;
            code = "";
            tellFreshness();
        }
        // the answer of the server is on its way, and says no more
        for (Map.Entry<Long, Question> each : List.copyOf(questions.entrySet())) {
            if (each.getValue().isOfToken() && shows(each.getValue().token)) {
                settle(each.getKey(), "");
            }
        }
    }

    private static Position position(dev.rejoin.sync.wire.Position position) {
        try {
            return Position.of(position.incarnation(), position.sequence());
        } catch (IllegalArgumentException e) {
            throw new ProtocolException(FailureCode.MALFORMED, "position: " + e.getMessage(), e);
        }
    }

    private static PositionVector vector(byte[] encoded) {
        try {
            return PositionVector.decode(encoded);
        } catch (MalformedTokenException e) {
            throw new ProtocolException(FailureCode.MALFORMED, "held: " + e.getMessage(), e);
        }
    }

    private void take(Standing standing) {
        if (!standing.lag().isEmpty()) {
            lag = standing.lag();
            lagAt = host.now();
            List<OriginLag> told = lag;
            host.later(() -> lagListeners.forEach(listener -> listener.accept(told)));
        }
        standing.answers().forEach(this::answered);
    }

    private void answered(Answer answer) {
        settle(answer.id(), answer.code());
        if (answer.id() != catchingUp || !isBehind && answer.isShown()) {
            return;
        }
        code = answer.code();
        isBehind = code.equals(ReadFailure.SESSION_NOT_SATISFIED.label());
        if (code.equals(ReadFailure.SESSION_LOST_WRITES.label())) {
            seen.giveUp(document, epoch, vector(answer.lost()), vector(answer.surviving()));
        } else if (code.equals(ReadFailure.EPOCH_CHANGED.label()) || code.equals(MalformedTokenException.CODE)) {
            seen.forget(document);
            seen.observe(SessionToken.ofRead(document, epoch, shown));
        }
        tellFreshness();
    }

    void disconnected() {
        isOpen = false;
        arriving = PositionVector.EMPTY;
    }

    void closed() {
        isClosed = true;
        List.copyOf(questions.keySet()).forEach(id -> settle(id, "closed"));
        new ArrayList<>(pins).forEach(PinnedView::close);
    }
}
