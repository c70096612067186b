package dev.rejoin.server.room;

import dev.rejoin.consistency.session.Freshness;
import dev.rejoin.consistency.session.GuardPolicy;
import dev.rejoin.consistency.session.ReadLevel;
import dev.rejoin.consistency.session.ReadOutcome;
import dev.rejoin.consistency.session.SessionGuard;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Subscription;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.crdt.yjs.MalformedUpdateException;
import dev.rejoin.sync.session.Admission;
import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.LinkMessage;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Verdict;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One live document: who takes part, whether it still lives, and how its parts work together. Owned by one
 * {@link RoomLoop}; nothing here is locked.
 */
final class Room {
    /* What is seen is durable
     * -----------------------
     * `document` runs ahead: it holds everything that was judged. `commits.committed()` is the O(1) snapshot of what the log has
     * confirmed, and the only thing that leaves the room: welcomes, updates, HTTP reads.
     *
     * Failure
     * -------
     * If a commit fails, or judging throws after the document may have changed, memory and log may differ. The room is then
     * given up as a whole: every session is told to come back, and the next visitor loads what the log really holds.
     */
    private static final Logger LOG = LoggerFactory.getLogger(Room.class);
    private static final long UNBEGUN_IDLE_MILLIS = 1_000;
    private static final byte[] NOTHING = {};

    private final String name;
    private final RoomLoop loop;
    private final RoomKit kit;
    private final long epoch;
    private final ReplicaId own;
    private final Document document;
    private final Leases leases;
    private final ChangeListeners listeners;
    private final Consumer<Room> whenGone;
    private final RoomCommits commits;
    private final RoomJudge judge;
    private final RoomContent content;
    private final ServerDesk servers;
    private final EntityTags tags;
    private final RoomWrites writes;
    private final AdmissionListener admissions;
    private final RoomPresence presence;
    private final Freshness freshness;
    private final SessionGuard guard;
    private final SessionDesk sessions;
    private final SessionRelay relay;

    /** Those who came while the document was being deleted; null if it is not. */
    private @Nullable List<Consumer<DocumentUnavailableException>> late;

    private final Set<Seat> seats = new LinkedHashSet<>();
    private boolean gone;

    /** Whether anybody but other servers has been here since it was loaded. */
    private boolean visited;

    private RoomLoop.@Nullable Timer idle;

    /** Of the objects, while somebody wants to know what changes. */
    private @Nullable Subscription watch;

    Room(
            String name,
            RoomLoop loop,
            RoomKit kit,
            HotContents hotContents,
            Recovered recovered,
            ChangeListeners listeners,
            AdmissionListener admissions,
            PresenceListener attention,
            Consumer<Room> whenGone) {
        this.name = name;
        this.loop = loop;
        this.kit = kit;
        this.epoch = recovered.epoch();
        this.document = recovered.document();
        this.own = document.replica();
        this.leases = new Leases(recovered.leases());
        this.listeners = listeners;
        this.admissions = admissions;
        this.whenGone = whenGone;
        this.presence = new RoomPresence(name, loop, seats, attention);
        this.commits = new RoomCommits(this, loop, kit, leases, listeners, recovered);
        this.judge = new RoomJudge(this, commits, kit, document);
        this.content = new RoomContent(
                this, commits, loop, kit, hotContents, document, recovered.content(), recovered.former(), attention);
        this.servers = new ServerDesk(this, commits, content, document);
        this.tags = new RoomTags(epoch, document, content.tiers());
        this.writes = new RoomWrites(this, commits, judge, content, kit, document, tags);
        this.freshness = kit.others().freshness(name);
        this.guard = new SessionGuard(
                name,
                epoch,
                commits.watermark(),
                freshness,
                new GuardedOrigins(kit, name, commits::held),
                (millis, task) -> loop.schedule(task, millis)::cancel,
                kit.time(),
                outcome -> {}); // told where it is known what is answered
        this.sessions = new SessionDesk(this, commits, loop, kit);
        this.relay = new SessionRelay(this, commits, sessions, kit, seats);
        kit.observer().roomOpened();
        restWhenIdle();
    }

    void join(Seat seat) {
        if (gone || seat.over) {
            return;
        }
        seat.room = this;
        visited = true;
        if (late != null) {
            late.add(cause -> end(seat, cause.code(), String.valueOf(cause.getMessage())));
            return;
        }
        Seat.Join join = seat.join;
        byte[] keyHash = Lease.hash(join.leaseKey());
        Lease lease = leases.of(join.replica());
        // before anything is leased
        boolean isAhead = isAhead(seat);
        if (isAhead && kit.others() == OtherServers.NONE) {
            lost(seat);
            return;
        }
        boolean isUsed = join.replica().equals(own)
                || document.version().highest(join.replica()) > 0
                || isAhead && join.version().highest(join.replica()) > 0;
        if (lease == null && isUsed) {
            // here, or at another server of which not all has come here
            end(seat, FailureCode.REPLICA_CONFLICT, "the replica id is in use");
            return;
        }
        if (lease != null && !lease.belongsTo(keyHash)) {
            end(seat, FailureCode.REPLICA_CONFLICT, "the replica id belongs to somebody else");
            return;
        }
        if (lease == null) {
            if (leases.size() >= kit.options().maxReplicas()) {
                end(seat, FailureCode.OVERLOADED, "the document has too many replicas");
                return;
            }
            lease = new Lease(join.replica(), keyHash);
            leases.add(lease);
            RoomRecord leased = new RoomRecord.Leased(join.replica(), keyHash);
            if (commits.isUnbegun() && seat.readOnly) {
                leases.addReader(leased);
            } else {
                commits.record(leased, keyHash.length);
            }
        }
        if (lease.live != null) {
            end(lease.live, FailureCode.SESSION_REPLACED, "the same replica has opened another session");
        }
        leases.take(lease, seat);
        leases.known(lease, join.verdictsKnown());
        stayAwake();
        commits.whenDurable(failure -> welcome(seat, failure));
    }

    /** Whether the session holds something of this life of the document that is not here. */
    boolean isAhead(Seat seat) {
        return seat.join.epoch() == epoch && !document.version().includes(seat.join.version());
    }

    /** What the log, or all the logs, have lost; the session would go on from what is not there, and never be as the others are. */
    void lost(Seat seat) {
        kit.observer().sessionAhead();
        end(seat, FailureCode.EPOCH_CHANGED, "the server has lost some of what you hold; begin with what it has");
    }

    void join(ContentSeat seat) {
        if (gone) {
            seat.outlet.denied(FailureCode.OVERLOADED, "the document was just unloaded; try again");
        } else if (late != null) {
            seat.room = this;
            late.add(cause -> content.deny(seat, cause.code(), String.valueOf(cause.getMessage())));
        } else if (!seat.over) {
            seat.room = this;
            visited = true;
            stayAwake();
            content.join(seat);
            attendance();
        }
    }

    void leave(ContentSeat seat) {
        content.leave(seat);
        attendance();
        restWhenIdle();
    }

    RoomCommits commits() {
        return commits;
    }

    RoomContent content() {
        return content;
    }

    void change(ContentSeat seat, byte[] update, boolean answer) {
        if (gone || late != null) {
            return;
        }
        watchIfAsked();
        try {
            content.change(seat, update, answer);
        } catch (RuntimeException e) {
            LOG.error("room '{}' is given up: a change of its content failed", name, e);
            giveUp(new DocumentUnavailableException(FailureCode.OVERLOADED, "the server failed; try again", e));
        }
    }

    private void welcome(Seat seat, @Nullable DocumentUnavailableException failure) {
        Lease lease = seat.lease;
        if (failure != null || seat.over || lease == null || lease.live != seat) {
            return;
        }
        List<Verdict> verdicts = new ArrayList<>();
        for (Judgement judgement : lease.verdicts()) {
            verdicts.add(new Verdict(judgement.last(), judgement.chain(), judgement.code(), judgement.message()));
        }
        seat.session = kit.random().nextLong() | 1;
        Version theirs = seat.join.epoch() == epoch ? seat.join.version() : Version.EMPTY;
        seat.outlet.welcome(
                new Admission(
                        epoch,
                        seat.session,
                        lease.judgedThrough(),
                        lease.chain(),
                        verdicts,
                        sessions.standing(seat),
                        sessions.greet(seat)),
                Update.of(
                        commits.position(),
                        RoomCommits.bytes(commits.committed().deltaSince(theirs))));
        presence.introduce(seat);
        seat.admitted = true;
        seats.add(seat);
        attendance();
        sessions.admitted(seat);
    }

    void await(Seat seat, Await question) {
        sessions.await(seat, question);
    }

    Set<Seat> seats() {
        return seats;
    }

    void leave(Seat seat) {
        seat.over = true;
        leases.leave(seat);
        if (seats.remove(seat)) {
            presence.show(seat, NOTHING);
            attendance();
        }
        restWhenIdle();
    }

    void end(Seat seat, FailureCode code, String message) {
        leave(seat);
        seat.outlet.fail(code, message);
    }

    void submit(Seat seat, byte[] fragment) {
        Lease lease = seat.lease;
        if (gone || late != null || lease == null || sessions.holdsBack(seat, fragment)) {
            return;
        }
        if (commits.isUnbegun() && seat.readOnly) {
            end(seat, FailureCode.FORBIDDEN, "this session may read only, and nobody has begun the document");
            return;
        }
        Delta delta;
        try {
            delta = Delta.decode(fragment, kit.deltaLimits());
        } catch (MalformedDeltaException e) {
            end(seat, FailureCode.MALFORMED, "the fragment does not decode: " + e.getMessage());
            return;
        }
        watchIfAsked();
        try {
            judge.judge(seat, lease, delta, fragment);
        } catch (RuntimeException e) {
            LOG.error("room '{}' is given up: judging a transaction of {} failed", name, lease.replica(), e);
            giveUp(new DocumentUnavailableException(FailureCode.OVERLOADED, "the server failed; try again", e));
        }
    }

    void progress(Seat seat, long verdictsKnownThrough) {
        if (seat.lease != null) {
            leases.known(seat.lease, verdictsKnownThrough);
        }
    }

    /** Whether nothing can be written any more, which the writer is told then or now. */
    boolean isClosedTo(CompletableFuture<?> writer) {
        if (gone) {
            writer.completeExceptionally(unavailable());
        } else if (late != null) {
            late.add(writer::completeExceptionally);
        }
        return gone || late != null;
    }

    /** What changes in objects costs something to tell, so it is told only while somebody asks. */
    void watchIfAsked() {
        boolean asked = listeners.watches(name);
        if (asked && watch == null) {
            watch = document.onCommit(event -> commits.heard(event.changes()));
        } else if (!asked && watch != null) {
            watch.close();
            watch = null;
        }
    }

    /** A batch is durable: everybody gets what is theirs of it. */
    void show(Batch batch, Version before) {
        relay.deliver(batch, before);
        if (batch.contentAfter != null) {
            content.deliver(batch.contentChanges, batch.contentAfter);
        }
        batch.waiting.forEach(waiter -> waiter.accept(null));
        tell(batch);
    }

    /** After those who wait here. */
    void tellServers(Batch batch, HeldPositions heldBefore) {
        if (admissions.isListening()) {
            admissions.admitted(new Admitted(
                    name,
                    epoch,
                    batch.sequence,
                    heldBefore,
                    commits.held(),
                    RoomCommits.bytes(batch.ownChanges()),
                    batch.ownContent()));
        }
    }

    private void tell(Batch batch) {
        if (batch.changes.isEmpty() && batch.contentChanges.isEmpty()) {
            return;
        }
        listeners.tell(new DocumentNotice(DocumentNotice.Kind.CHANGED, name, epoch, commits.position()));
        if (!batch.heard.isEmpty() || !batch.contentChanges.isEmpty()) {
            listeners.tell(new DocumentChange(commits.view(), batch.heard, !batch.contentChanges.isEmpty()));
        }
    }

    RoomWrites writes() {
        return writes;
    }

    ServerDesk servers() {
        return servers;
    }

    SessionRelay relay() {
        return relay;
    }

    RoomPresence presence() {
        return presence;
    }

    private void attendance() {
        presence.attendance(!seats.isEmpty() || content.hasSeats());
    }

    /** Who is here, for another server. */
    LinkMessage.Presence everybody() {
        return presence.everybody(content.presence().everybodyHere());
    }

    /**
     * Another server says who is at the document there.
     *
     * @throws MalformedUpdateException if what it says of editors does not decode
     */
    void hear(long server, LinkMessage.Presence news) {
        content.presence().hear(server, news);
        presence.hear(server, news);
    }

    /** Another server is not heard of any more, and so are those who are there. */
    void lose(long server) {
        content.presence().lose(server);
        presence.lose(server);
    }

    private boolean isIdle() {
        return late == null && !leases.hasSessions() && !content.hasSeats() && commits.isQuiet();
    }

    void restWhenIdle() {
        if (!gone && idle == null && isIdle()) {
            long wait = kit.options().idleUnloadMillis();
            idle = loop.schedule(this::rest, commits.isUnbegun() ? Math.min(wait, UNBEGUN_IDLE_MILLIS) : wait);
        }
    }

    void stayAwake() {
        if (idle != null) {
            idle.cancel();
            idle = null;
        }
    }

    private void rest() {
        idle = null;
        if (gone || !isIdle()) {
            return;
        }
        commits.tidy(() -> {
            if (isIdle()) {
                go();
            }
        });
    }

    /** Other servers have brought it up to date: if nobody else was here it leaves memory without waiting to be idle for long. */
    void letGo() {
        if (!visited && !gone && isIdle()) {
            stayAwake();
            rest();
        }
    }

    private void go() {
        gone = true;
        stayAwake();
        content.tiers().gone();
        whenGone.accept(this);
        kit.observer().roomClosed();
    }

    /**
     * Ends this life of the document: what was taken before is committed, what comes afterwards finds it deleted, and everybody is told so.
     *
     * @param precondition asked with the entity tags that the document has now
     * @param why what everybody is told
     * @param result whether there was a document
     */
    void delete(
            Predicate<EntityTags> precondition, DocumentUnavailableException why, CompletableFuture<Boolean> result) {
        if (gone) {
            result.completeExceptionally(unavailable());
        } else if (late != null) {
            late.add(result::completeExceptionally);
        } else if (commits.isUnbegun() && commits.isUntouched()) {
            result.complete(false);
        } else if (!precondition.test(tags)) {
            result.completeExceptionally(new WriteRefusedException(
                    WriteRefusedException.PRECONDITION_FAILED, "the document has changed since"));
        } else {
            late = new ArrayList<>();
            commits.whenDurable(failure -> {
                if (failure != null) {
                    result.completeExceptionally(failure);
                    return;
                }
                commits.delete().whenComplete((nothing, lost) -> loop.execute(() -> deleted(lost, why, result)));
            });
        }
    }

    private void deleted(
            @Nullable Throwable failure, DocumentUnavailableException why, CompletableFuture<Boolean> result) {
        if (failure != null) {
            DocumentUnavailableException cause = DocumentUnavailableException.of(failure);
            giveUp(cause);
            result.completeExceptionally(cause);
            return;
        }
        kit.observer().deleted();
        listeners.tell(new DocumentNotice(DocumentNotice.Kind.DELETED, name, epoch, commits.position()));
        giveUp(why);
        result.complete(true);
    }

    /** Commits what is open, then tells everybody that the server is closing; {@code done} runs last. */
    void shutDown(Runnable done) {
        end(new DocumentUnavailableException(FailureCode.SHUTTING_DOWN, "the server is closing", null), done);
    }

    /** Commits what is open, then tells everybody why it is over; {@code done} runs when the log hears nothing more of this room. */
    void retire(DocumentUnavailableException why, Runnable done) {
        end(why, () -> commits.tail().whenImaged(done));
    }

    private void end(DocumentUnavailableException why, Runnable done) {
        commits.whenDurable(failure -> {
            giveUp(why);
            done.run();
        });
    }

    /** Everybody is sent away, with the reason, and the next visitor loads what the log really holds. */
    void giveUp(DocumentUnavailableException cause) {
        if (gone) {
            return;
        }
        go();
        commits.fail(cause);
        Set<Seat> all = new LinkedHashSet<>(seats);
        leases.addSessions(all);
        for (Seat seat : all) {
            end(seat, cause.code(), String.valueOf(cause.getMessage()));
        }
        content.end(cause.code(), String.valueOf(cause.getMessage()));
        if (late != null) {
            late.forEach(one -> one.accept(cause));
        }
    }

    DocumentUnavailableException unavailable() {
        return new DocumentUnavailableException(
                FailureCode.OVERLOADED, "the document was just unloaded; try again", null);
    }

    boolean isGone() {
        return gone;
    }

    String name() {
        return name;
    }

    /**
     * Calls {@code then} on the loop once it is decided whether this session may read, or write, here.
     *
     * @param writes whether it wants to write, which nobody does without what the session has seen
     */
    void guarded(boolean writes, SessionToken token, ReadLevel level, GuardPolicy policy, Consumer<ReadOutcome> then) {
        decide(writes, token, level, policy, outcome -> {
            kit.observer().decided(outcome);
            then.accept(outcome);
        });
    }

    /** The same, and the caller tells the observer what comes of it. */
    void decide(boolean writes, SessionToken token, ReadLevel level, GuardPolicy policy, Consumer<ReadOutcome> then) {
        CompletableFuture<ReadOutcome> decided =
                (writes ? guard.write(token, policy) : guard.read(token, level, policy)).toCompletableFuture();
        if (decided.isDone()) {
            then.accept(decided.join());
            return;
        }
        stayAwake();
        decided.thenAccept(outcome -> loop.execute(() -> {
            then.accept(outcome);
            restWhenIdle();
        }));
    }

    /** Whether everything that the session has read and written is here. */
    boolean satisfies(SessionToken token) {
        return guard.isSatisfied(token);
    }

    /** What a guard has decided, with the view that it has let through. */
    <V> GuardedRead<V> guardedRead(ReadOutcome outcome, Optional<V> shownView) {
        return new GuardedRead<>(outcome, epoch, commits.held().latest(), freshness.stalenessMillis(), shownView);
    }

    /** Completes with the content as it is now, when all that is in it is durable. */
    void readContent(CompletableFuture<Optional<ContentView>> result) {
        visited = true;
        ContentView now;
        try {
            now = content.tiers().view();
        } catch (RuntimeException e) {
            result.completeExceptionally(e);
            return;
        }
        commits.whenDurable(failure -> {
            if (failure == null) {
                result.complete(Optional.of(now));
            } else {
                result.completeExceptionally(failure);
            }
        });
    }

    /** What there is to count now. */
    DocumentStats stats() {
        return new DocumentStats(
                commits.view(),
                commits.tail().stored(),
                new DocumentStats.Visitors(seats.size(), content.seatCount(), leases.size()),
                document.hasContent(),
                content.tiers().image());
    }

    long epoch() {
        return epoch;
    }

    /** The document as it durably is, for somebody who may come again. */
    DocumentView read() {
        visited = true;
        return commits.view();
    }
}
