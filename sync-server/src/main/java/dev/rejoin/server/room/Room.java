package dev.rejoin.server.room;

import dev.rejoin.consistency.session.Freshness;
import dev.rejoin.consistency.session.GuardPolicy;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.ReadLevel;
import dev.rejoin.consistency.session.ReadOutcome;
import dev.rejoin.consistency.session.SessionGuard;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.consistency.session.Watermark;
import dev.rejoin.crdt.Chain;
import dev.rejoin.crdt.Commit;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.ReplicaConflictException;
import dev.rejoin.crdt.Subscription;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.crdt.document.Snapshot;
import dev.rejoin.crdt.yjs.ApplyResult;
import dev.rejoin.crdt.yjs.ContradictoryUpdateException;
import dev.rejoin.crdt.yjs.MalformedUpdateException;
import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocView;
import dev.rejoin.sync.session.Admission;
import dev.rejoin.sync.wire.AckLevel;
import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.Frames;
import dev.rejoin.sync.wire.LinkMessage;
import dev.rejoin.sync.wire.Position;
import dev.rejoin.sync.wire.Rejection;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Verdict;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One live document: who takes part, in which order changes are admitted, and when they may be seen. Owned by one
 * {@link RoomLoop}; nothing here is locked.
 */
final class Room {
    /* What is seen is durable
     * -----------------------
     * `document` runs ahead: it holds everything that was judged. `committed` is the O(1) snapshot of what the log has
     * confirmed, and the only thing that leaves the room: welcomes, updates, HTTP reads. A write is judged at once, goes
     * into the batch `open`, and waits there while `inFlight` is being committed; then the whole of `open` follows as one
     * entry of the log. So a room has at most one commit under way, its entries are in order, and under load the batches
     * grow by themselves.
     *
     * Whoever needs an answer that covers what it has just seen of `document` (a welcome, a write without effect) waits in
     * the last batch that is not yet durable, see whenDurable().
     *
     * What is held
     * ------------
     * `held` says of which log everything is durable and shown through which entry; a batch brings its own number and what
     * came with it of other logs. `watermark` is told of a batch when everybody has been sent it, in one call, so that whoever is
     * woken sees no more than the token of the answer says (decision 0018).
     *
     * Failure
     * -------
     * If a commit fails, or judging throws after the document may have changed, memory and log may differ. The room is then
     * given up as a whole: every session is told to come back, and the next visitor loads what the log really holds.
     */
    private static final Logger LOG = LoggerFactory.getLogger(Room.class);
    private static final long RETRY_MILLIS = 10;

    /** How many reads and writes of one document may wait for what their sessions have seen; more are told {@code overloaded}. */
    private static final int MAX_WAITING_READS = 1_000;

    private static final long UNBEGUN_IDLE_MILLIS = 1_000;
    private static final int FOLD_AT_LEAST_CELLS = 16;
    private static final byte[] NOTHING = {};

    private final String name;
    private final RoomLoop loop;
    private final RoomKit kit;
    private final long epoch;
    private final ReplicaId own;
    private final Document document;
    private final Map<ReplicaId, Lease> leases;
    private final AdmissionRules rules;
    private final ChangeListeners listeners;
    private final Consumer<Room> whenGone;
    private final RoomContent content;
    private final AdmissionListener admissions;
    private final RoomPresence presence;

    /** What is held with all that was judged or came from other servers. */
    private HeldPositions ahead;

    /** What is held of the logs of other servers and is not in the own log: not worth an entry, it goes along with the next one. */
    private HeldPositions owed = HeldPositions.NONE;

    private final Freshness freshness;
    private final Watermark watermark;
    private final SessionGuard guard;
    private final SessionDesk sessions;

    /** Null until the document has begun, which it does with its first record. */
    private RoomLog.@Nullable DocumentLog log;

    private boolean beginning;

    /** Leases of readers of a document that nobody has begun; not worth beginning it. */
    private final List<RoomRecord> readers = new ArrayList<>();

    /** Those who came while the document was being deleted; null if it is not. */
    private @Nullable List<Consumer<DocumentUnavailableException>> late;

    private final Set<Seat> seats = new LinkedHashSet<>();
    private final Map<ReplicaId, Long> verdictsKnown = new LinkedHashMap<>();
    private Batch open = new Batch();
    private @Nullable Batch inFlight;
    private boolean flushScheduled;
    private boolean gone;

    /** Whether anybody but other servers has been here since it was loaded. */
    private boolean visited;

    /** Sessions that hold a lease, admitted or about to be. */
    private int present;

    private Snapshot committed;
    private long committedSequence;
    private HeldPositions held;
    private @Nullable DocumentView view;

    private long tailBytes;
    private int tailEntries;
    private long imageBytes;
    private boolean imaging;
    private final List<Runnable> whenImaged = new ArrayList<>();
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
        this.log = recovered.log();
        this.epoch = recovered.epoch();
        this.document = recovered.document();
        this.own = document.replica();
        this.leases = recovered.leases();
        this.rules = new AdmissionRules(kit.options());
        this.listeners = listeners;
        this.admissions = admissions;
        this.whenGone = whenGone;
        this.presence = new RoomPresence(name, loop, seats, attention);
        this.content = new RoomContent(
                this, loop, kit, hotContents, document, recovered.content(), recovered.former(), attention);
        this.committed = document.snapshot();
        this.committedSequence = recovered.sequence();
        this.held = recovered.held();
        this.ahead = held;
        this.freshness = kit.others().freshness(name);
        this.watermark = new Watermark(shown(), MAX_WAITING_READS);
        this.guard = new SessionGuard(
                name,
                epoch,
                watermark,
                freshness,
                new GuardedOrigins(kit, name, this::held),
                (millis, task) -> loop.schedule(task, millis)::cancel,
                kit.time(),
                outcome -> {}); // told where it is known what is answered
        this.sessions = new SessionDesk(this, loop, kit);
        this.tailBytes = recovered.tailBytes();
        this.tailEntries = recovered.tailEntries();
        this.imageBytes = recovered.imageBytes();
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
        Lease lease = leases.get(join.replica());
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
            leases.put(join.replica(), lease);
            RoomRecord leased = new RoomRecord.Leased(join.replica(), keyHash);
            if (isUnbegun() && seat.readOnly) {
                readers.add(leased);
            } else {
                record(leased, keyHash.length);
            }
        }
        if (lease.live != null) {
            end(lease.live, FailureCode.SESSION_REPLACED, "the same replica has opened another session");
        }
        lease.live = seat;
        seat.lease = lease;
        present++;
        known(lease, join.verdictsKnown());
        stayAwake();
        whenDurable(failure -> welcome(seat, failure));
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

    /**
     * A change of the content goes into the open batch.
     *
     * @param update for the log
     * @param integrated what it did to the content
     */
    void contentChanged(@Nullable ContentSeat author, byte[] update, byte[] integrated) {
        open.contentChanges.add(new Batch.ContentChange(author, integrated, null, true));
        record(new RoomRecord.Content(update), update.length);
    }

    /** What makes void a change of the author goes into the open batch. */
    void contentVoided(ContentSeat author, byte[] integrated, String refusal, boolean settles) {
        open.contentChanges.add(new Batch.ContentChange(author, integrated, refusal, settles));
        record(new RoomRecord.Content(integrated), integrated.length);
    }

    /** Whether there are changes of the content that are not durable. */
    boolean hasContentUnderWay() {
        return !open.contentChanges.isEmpty() || inFlight != null && !inFlight.contentChanges.isEmpty();
    }

    boolean isFull() {
        return imageBytes + tailBytes + open.bytes > kit.options().maxDocumentBytes();
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
                Update.of(position(), bytes(committed.deltaSince(theirs))));
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
        if (seat.lease != null && seat.lease.live == seat) {
            seat.lease.live = null;
            present--;
        }
        if (seats.remove(seat)) {
            presence.show(seat, NOTHING);
            attendance();
        }
        restWhenIdle();
    }

    private void end(Seat seat, FailureCode code, String message) {
        leave(seat);
        seat.outlet.fail(code, message);
    }

    void submit(Seat seat, byte[] fragment) {
        Lease lease = seat.lease;
        if (gone || late != null || lease == null || sessions.holdsBack(seat, fragment)) {
            return;
        }
        if (isUnbegun() && seat.readOnly) {
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
            judge(seat, lease, delta, fragment);
        } catch (RuntimeException e) {
            LOG.error("room '{}' is given up: judging a transaction of {} failed", name, lease.replica(), e);
            giveUp(new DocumentUnavailableException(FailureCode.OVERLOADED, "the server failed; try again", e));
        }
    }

    private void judge(Seat seat, Lease lease, Delta delta, byte[] fragment) {
        ReplicaId author = lease.replica();
        AdmissionRules.Finding finding = rules.check(
                delta, author, lease.judgedThrough(), document, kit.time().millis());
        if (finding instanceof AdmissionRules.Malformed malformed) {
            long last = delta.context().highest(author);
            if (last <= lease.judgedThrough() && delta.cellCount() > 0 && lease.contradicts(last, fragment)) {
                kit.observer().equivocated();
                end(seat, FailureCode.EQUIVOCATION, "the replica has written something else at " + last);
                return;
            }
            end(seat, FailureCode.MALFORMED, malformed.message());
        } else if (finding instanceof AdmissionRules.Unfit unfit) {
            refuse(seat, lease, fragment, unfit.first(), unfit.last(), unfit.code(), unfit.message());
        } else if (finding instanceof AdmissionRules.Fit fit) {
            MutationValidator.Decision decision = seat.readOnly
                    ? MutationValidator.Decision.reject("read-only", "this session may read only")
                    : validate(author, () -> document.describe(delta));
            if (decision.accepted()) {
                accept(seat, lease, delta, fragment, fit.first(), fit.last());
            } else {
                refuse(seat, lease, fragment, fit.first(), fit.last(), decision.code(), decision.message());
            }
        }
    }

    private MutationValidator.Decision validate(@Nullable ReplicaId author, Supplier<List<Mutation>> mutations) {
        MutationValidator.Decision size = checkSize();
        if (!size.accepted()) {
            return size;
        }
        MutationValidator validator = kit.validator();
        if (validator == MutationValidator.ACCEPT_ALL) {
            return MutationValidator.Decision.accept();
        }
        try {
            return validator.judge(
                    new MutationValidator.ProposedChange(name, author, mutations.get(), document.snapshot()));
        } catch (RuntimeException e) {
            LOG.error("the validator failed on a change of '{}'; the change is refused", name, e);
            return MutationValidator.Decision.reject("validator-failed", "the server could not check this change");
        }
    }

    private MutationValidator.Decision checkSize() {
        return isFull()
                ? MutationValidator.Decision.reject("document-full", "the document has reached its size limit")
                : MutationValidator.Decision.accept();
    }

    private void accept(Seat seat, Lease lease, Delta delta, byte[] fragment, long first, long last) {
        document.merge(delta, seat);
        Judgement judgement = new Judgement(first, last, Chain.extend(lease.chain(), fragment), "", "");
        lease.judged(judgement);
        open.changes.add(new Batch.Change(seat, judgement, delta));
        record(new RoomRecord.Merged(lease.replica(), judgement, fragment), fragment.length);
    }

    private void refuse(Seat seat, Lease lease, byte[] fragment, long first, long last, String code, String message) {
        Delta claim = Delta.voided(lease.replica(), first, last);
        document.merge(claim, seat);
        Judgement judgement = new Judgement(first, last, Chain.extend(lease.chain(), fragment), code, message);
        lease.judged(judgement);
        open.changes.add(new Batch.Change(seat, judgement, claim));
        record(new RoomRecord.Voided(lease.replica(), judgement), code.length() + message.length());
        kit.observer().rejected(code);
    }

    void progress(Seat seat, long verdictsKnownThrough) {
        if (seat.lease != null) {
            known(seat.lease, verdictsKnownThrough);
        }
    }

    /** Not worth a commit of its own: it goes along with the next one, and if it is lost the client says it again. */
    private void known(Lease lease, long through) {
        if (lease.known(through)) {
            verdictsKnown.put(lease.replica(), lease.verdictsKnown());
        }
    }

    /** One transaction on the server's own replica; completes when it is durable. */
    void transact(Consumer<Document> change, CompletableFuture<DocumentView> result) {
        write(() -> document.transact(() -> change.accept(document)), result, view -> view);
    }

    /** As {@link #transact}, but past the precondition on the present entity tags, the bound on the size, and the validator. */
    void apply(DocumentWrite write, Predicate<EntityTags> precondition, CompletableFuture<WriteResult> result) {
        if (isClosedTo(result)) {
            return;
        }
        byte[] update = write.update();
        YDoc engine;
        ContentRulings rulings = content.rulings();
        try {
            if (!precondition.test(new Tags())) {
                throw new WriteRefusedException(
                        WriteRefusedException.PRECONDITION_FAILED, "the document has changed since", view());
            }
            MutationValidator.Decision decision =
                    write.mutations().isEmpty() ? checkSize() : validate(null, write::mutations);
            if (!decision.accepted()) {
                kit.observer().rejected(decision.code());
                throw new WriteRefusedException(decision.code(), decision.message());
            }
            engine = write.touchesContent() ? content.engine() : null;
            if (update != null) {
                content.checkLineage(update);
            }
        } catch (RuntimeException refused) {
            result.completeExceptionally(refused);
            return;
        }
        @Nullable ApplyResult[] applied = new ApplyResult[1];
        YDocView[] contentAfter = new YDocView[1];
        write(
                () -> document.transact(() -> {
                    if (!write.mutations().isEmpty()) {
                        document.apply(write.mutations());
                    }
                    if (engine != null && rulings != null) {
                        rulings.write(engine, write);
                    } else if (engine != null) {
                        new ContentEditor(engine).apply(write.edits());
                        // last, since what waits for earlier updates is not taken back
                        applied[0] = update == null ? null : engine.applyUpdate(update, this);
                    }
                }),
                result,
                view -> new WriteResult(
                        view, contentAfter[0], applied[0] != null && !applied[0].complete(), held.latest()),
                () -> {
                    if (engine != null) {
                        contentAfter[0] = engine.view();
                    }
                    if (update != null && applied[0] != null && !applied[0].complete()) {
                        content.stalled();
                        contentChanged(null, update, RoomContent.EMPTY_UPDATE);
                    }
                });
    }

    private final class Tags implements EntityTags {
        @Override
        public String objects() {
            return DocumentView.etag(epoch, document.snapshot());
        }

        @Override
        public String content() {
            return content.view().etag();
        }
    }

    private <T> void write(
            Supplier<Commit> transaction, CompletableFuture<T> result, Function<DocumentView, T> answer) {
        write(transaction, result, answer, () -> {});
    }

    /**
     * Runs a transaction that nobody judges.
     *
     * @param answer made of the document just after it, when that is durable
     * @param then runs when the transaction stands, to add to its batch
     */
    private <T> void write(
            Supplier<Commit> transaction,
            CompletableFuture<T> result,
            Function<DocumentView, T> answer,
            Runnable then) {
        if (isClosedTo(result)) {
            return;
        }
        watchIfAsked();
        Commit commit;
        content.forgetView();
        try {
            commit = transaction.get();
        } catch (RuntimeException | Error e) {
            if (e instanceof WriteRefusedException refused && !refused.isMisfit()) {
                kit.observer().rejected(refused.code());
            }
            result.completeExceptionally(e);
            return;
        }
        stayAwake();
        unjudged(commit.delta());
        byte[] update = commit.content();
        if (update != null) {
            content.engine(); // counts for the budget
            contentChanged(null, update, update);
        }
        then.run();
        Snapshot after = document.snapshot();
        whenDurable(failure -> {
            if (failure == null) {
                result.complete(answer.apply(new DocumentView(name, epoch, position(), after)));
            } else {
                result.completeExceptionally(failure);
            }
            restWhenIdle();
        });
    }

    // other servers

    /** Takes in what another server has admitted; nobody judges it again. Completes when it is durable. */
    void take(Arrival arrival, CompletableFuture<Taken> result) {
        if (isClosedTo(result)) {
            return;
        }
        if (arrival.epoch() != epoch) {
            result.complete(new Taken(Taken.Outcome.OTHER_LIFE, epoch, held, "another life of the document"));
        } else if (!ahead.vector().includes(arrival.before().latest())) {
            result.complete(new Taken(Taken.Outcome.LACKING, epoch, held, "what comes before it is not here"));
        } else {
            try {
                merge(arrival);
            } catch (MalformedDeltaException
                    | MalformedUpdateException
                    | ContradictoryUpdateException
                    | ReplicaConflictException
                    | TooManyLogsException e) {
                result.complete(new Taken(Taken.Outcome.REFUSED, epoch, held, String.valueOf(e.getMessage())));
                return;
            } catch (RuntimeException e) {
                LOG.error("room '{}' is given up: taking in what another server has admitted failed", name, e);
                giveUp(new DocumentUnavailableException(FailureCode.OVERLOADED, "the server failed; try again", e));
                result.completeExceptionally(unavailable());
                return;
            }
            stayAwake();
            whenDurable(failure -> {
                if (failure == null) {
                    result.complete(new Taken(Taken.Outcome.TAKEN, epoch, held, ""));
                } else {
                    result.completeExceptionally(failure);
                }
                restWhenIdle();
            });
        }
    }

    private void merge(Arrival arrival) {
        HeldPositions after = union(ahead, arrival.after());
        if (!ahead.vector().includes(arrival.after().vector()) && !arrival.isEmpty()) {
            Delta delta = arrival.fragment().length == 0 ? Delta.EMPTY : Delta.decode(arrival.fragment());
            watchIfAsked();
            Version version = document.version();
            byte[] integrated = content.arrived(delta, arrival.update());
            if (!document.version().equals(version)) {
                Batch.Change change = new Batch.Change(null, null, delta);
                open.foreign.add(change);
                open.changes.add(change);
                record(new RoomRecord.Merged(null, null, arrival.fragment()), arrival.fragment().length);
            }
            if (integrated != null) {
                Batch.ContentChange change = new Batch.ContentChange(null, integrated, null, true);
                open.foreign.add(change);
                open.contentChanges.add(change);
                record(new RoomRecord.Content(arrival.update()), arrival.update().length);
            }
        }
        if (after.equals(ahead)) {
            return;
        }
        PositionVector fetched =
                arrival.fetched() ? arrival.after().vector().beyond(ahead.vector()) : PositionVector.EMPTY;
        ahead = after;
        owed = owed.union(arrival.after());
        Batch batch = open.isEmpty() ? inFlight : open;
        if (batch != null) {
            batch.arrived = batch.arrived.union(arrival.after());
            batch.fetched = batch.fetched.union(fetched);
        } else {
            held = held.union(arrival.after());
            watermark.advance(shown(), fetched);
        }
    }

    private static HeldPositions union(HeldPositions some, HeldPositions others) {
        try {
            return some.union(others);
        } catch (IllegalArgumentException tooMany) {
            throw new TooManyLogsException(tooMany);
        }
    }

    /** The document would have entries of more logs than it may. */
    private static final class TooManyLogsException extends RuntimeException {
        private static final long serialVersionUID = 1;

        TooManyLogsException(IllegalArgumentException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /** What is durably here, in short. */
    Holding holding() {
        return new Holding(
                epoch, false, committed.version().encode(), content.durable().encode(), held);
    }

    /**
     * What somebody lacks, when all that is in it is durable.
     *
     * @param theirEpoch the life of the document that the others are about; of another one nothing but the epoch is told
     */
    void excerpt(
            long theirEpoch,
            Version version,
            StateVector stateVector,
            boolean headsOnly,
            CompletableFuture<Optional<Excerpt>> result) {
        if (isClosedTo(result)) {
            return;
        }
        if (theirEpoch != 0 && theirEpoch != epoch && !headsOnly) {
            result.complete(Optional.of(new Excerpt(epoch, HeldPositions.NONE, NOTHING, NOTHING)));
            return;
        }
        if (open.isEmpty()) {
            excerpt(version, stateVector, headsOnly, result);
        } else {
            // the content can be written as it is after a batch only when the next one has not begun
            open.waiting.add(failure -> {
                if (failure != null) {
                    result.completeExceptionally(failure);
                }
            });
            open.whenHandedOver.add(() -> excerpt(version, stateVector, headsOnly, result));
        }
    }

    private void excerpt(
            Version version, StateVector stateVector, boolean headsOnly, CompletableFuture<Optional<Excerpt>> result) {
        byte[] update;
        try {
            update = headsOnly ? NOTHING : content.excerpt(stateVector);
        } catch (RuntimeException e) {
            result.completeExceptionally(e);
            return;
        }
        whenDurable(failure -> {
            if (failure != null) {
                result.completeExceptionally(failure);
                return;
            }
            byte[] fragment = headsOnly ? NOTHING : bytes(committed.deltaSince(version));
            result.complete(Optional.of(new Excerpt(epoch, held, fragment, update)));
        });
    }

    /** Whether nothing can be written any more, which the writer is told then or now. */
    private boolean isClosedTo(CompletableFuture<?> writer) {
        if (gone) {
            writer.completeExceptionally(unavailable());
        } else if (late != null) {
            late.add(writer::completeExceptionally);
        }
        return gone || late != null;
    }

    /** What changes in objects costs something to tell, so it is told only while somebody asks. */
    private void watchIfAsked() {
        boolean asked = listeners.watches(name);
        if (asked && watch == null) {
            watch = document.onCommit(event -> open.heard.addAll(event.changes()));
        } else if (!asked && watch != null) {
            watch.close();
            watch = null;
        }
    }

    private void unjudged(Delta delta) {
        if (!delta.isEmpty()) {
            byte[] fragment = delta.encode();
            open.changes.add(new Batch.Change(null, null, delta));
            record(new RoomRecord.Merged(null, null, fragment), fragment.length);
        }
    }

    private void record(RoomRecord record, int size) {
        if (open.isEmpty()) {
            open.sinceMillis = kit.time().millis();
            readers.forEach(reader -> open.add(reader, 0));
            readers.clear();
        }
        open.add(record, size);
        if (!flushScheduled && inFlight == null) {
            flushScheduled = true;
            loop.execute(this::flush);
        }
    }

    /**
     * What another server holds is held here too, with the open batch and all that has been put into it; to be called after the changes themselves.
     *
     * @throws IllegalArgumentException if the document has entries of too many logs; nothing has happened then
     */
    void hold(HeldPositions theirs) {
        HeldPositions underWay = inFlight == null ? held : held.union(inFlight.arrived);
        HeldPositions arrived = open.arrived.union(theirs);
        if (!underWay.union(arrived).equals(underWay)) {
            open.arrived = arrived;
            byte[] positions = theirs.encode();
            record(new RoomRecord.Held(positions), positions.length);
        }
    }

    private void flush() {
        flushScheduled = false;
        if (gone || inFlight != null || open.isEmpty()) {
            return;
        }
        if (log == null) {
            begin();
            return;
        }
        verdictsKnown.forEach((replica, through) -> open.add(new RoomRecord.VerdictsKnown(replica, through), 0));
        verdictsKnown.clear();
        if (!owed.isEmpty()) {
            open.add(new RoomRecord.Held(owed.encode()), 0);
            owed = HeldPositions.NONE;
        }
        boolean image = wantsImage();
        if (image) {
            fold();
        }
        Batch batch = open;
        try {
            batch.sequence = log.append(batch.records, failure -> loop.execute(() -> committed(batch, failure)));
        } catch (DocumentUnavailableException e) {
            giveUp(e);
            return;
        }
        if (batch.sequence == RoomLog.DocumentLog.REFUSED) {
            flushScheduled = true;
            loop.schedule(this::flush, RETRY_MILLIS);
            return;
        }
        batch.held = held.union(batch.arrived).with(kit.log().name(), kit.log().incarnation(), batch.sequence);
        ahead = ahead.union(batch.held);
        // a snapshot of the content would have each commit copy what the next keystroke touches; nobody reads it there
        batch.after = batch.changes.isEmpty() ? committed : document.snapshot();
        if (!batch.contentChanges.isEmpty()) {
            batch.contentAfter = content.stateVector();
        }
        if (image) {
            batch.leases = leaseImages();
            batch.contentImage = content.image();
        }
        inFlight = batch;
        open = new Batch();
        batch.whenHandedOver.forEach(Runnable::run);
    }

    private void begin() {
        if (beginning) {
            return;
        }
        beginning = true;
        kit.log()
                .create(name, epoch)
                .whenComplete((stored, failure) -> loop.execute(() -> {
                    if (gone) {
                        return;
                    }
                    if (failure != null) {
                        giveUp(DocumentUnavailableException.of(failure));
                    } else {
                        log = stored.log();
                        listeners.tell(new DocumentNotice(
                                DocumentNotice.Kind.CREATED,
                                name,
                                epoch,
                                new Position(kit.log().incarnation(), stored.sequence())));
                        flush();
                    }
                }));
    }

    /** Whether nobody has written to the document, so that it is in memory only. */
    boolean isUnbegun() {
        return log == null;
    }

    /** Whether there is nothing in it that wants to be kept. */
    boolean isUntouched() {
        return open.isEmpty() && !beginning;
    }

    /** Amounts whose verdicts their authors know become one total per author, which keeps counters small. */
    private void fold() {
        Map<ReplicaId, Long> known = new LinkedHashMap<>();
        leases.forEach((replica, lease) -> {
            if (lease.verdictsKnown() > 0) {
                known.put(replica, lease.verdictsKnown());
            }
        });
        Delta folded = document.fold(known, FOLD_AT_LEAST_CELLS);
        if (!folded.isEmpty()) {
            byte[] fragment = folded.encode();
            open.changes.add(new Batch.Change(null, null, folded));
            open.add(new RoomRecord.Merged(null, null, fragment), fragment.length);
        }
    }

    private void committed(Batch batch, @Nullable DocumentUnavailableException failure) {
        if (gone) {
            return;
        }
        if (failure != null) {
            giveUp(failure);
            return;
        }
        Version before = committed.version();
        inFlight = null;
        committed = Objects.requireNonNull(batch.after);
        committedSequence = batch.sequence;
        HeldPositions heldBefore = held.union(batch.arrived);
        // what came meanwhile without a change of its own is held as well
        held = heldBefore.union(batch.held);
        view = null;
        tailBytes += batch.bytes;
        tailEntries++;
        kit.observer()
                .committed(
                        batch.changes.size() + batch.contentChanges.size(),
                        kit.time().millis() - batch.sinceMillis);
        deliver(batch, before);
        if (batch.contentAfter != null) {
            content.deliver(batch.contentChanges, batch.contentAfter);
        }
        batch.waiting.forEach(waiter -> waiter.accept(null));
        tell(batch);
        if (admissions.isListening()) {
            admissions.admitted(new Admitted(
                    name, epoch, batch.sequence, heldBefore, held, bytes(batch.ownChanges()), batch.ownContent()));
        }
        watermark.advance(shown(), batch.fetched);
        if (batch.leases != null && batch.contentImage != null) {
            image(committedSequence, committed, batch.held, batch.contentImage, batch.leases, () -> {});
        }
        flush();
        restWhenIdle();
    }

    private void tell(Batch batch) {
        if (batch.changes.isEmpty() && batch.contentChanges.isEmpty()) {
            return;
        }
        listeners.tell(new DocumentNotice(DocumentNotice.Kind.CHANGED, name, epoch, position()));
        if (!batch.heard.isEmpty() || !batch.contentChanges.isEmpty()) {
            listeners.tell(new DocumentChange(view(), batch.heard, !batch.contentChanges.isEmpty()));
        }
    }

    void whenDurable(Consumer<@Nullable DocumentUnavailableException> waiter) {
        if (!open.isEmpty()) {
            open.waiting.add(waiter);
        } else if (inFlight != null) {
            inFlight.waiting.add(waiter);
        } else {
            waiter.accept(null);
        }
    }

    private void deliver(Batch batch, Version before) {
        if (batch.changes.isEmpty()) {
            return;
        }
        Map<Seat, Verdicts> verdicts = verdicts(batch);
        Map<Seat, Delta> withoutOwn = batch.withoutOwn();
        byte @Nullable [] frame = null;
        byte[] news = sessions.news();
        for (Seat seat : List.copyOf(seats)) {
            Verdicts own = verdicts.get(seat);
            if (seat.behind || !seat.outlet.hasRoom()) {
                fallBehind(seat, before, own);
            } else if (own != null) {
                Delta others = withoutOwn.getOrDefault(seat, Delta.EMPTY);
                seat.outlet.update(
                        new Update(position(), bytes(others), own.through, kit.level(), own.rejections, news),
                        own.judged);
            } else {
                if (frame == null) {
                    frame = Frames.encode(
                            new Update(position(), bytes(batch.all()), 0, AckLevel.NONE, List.of(), news));
                }
                seat.outlet.relay(frame, position());
            }
        }
    }

    /** What a batch says to one author about its own transactions. */
    static final class Verdicts {
        long through;
        int judged;
        final List<Rejection> rejections = new ArrayList<>();

        void add(Judgement judgement) {
            through = judgement.last();
            judged++;
            if (!judgement.accepted()) {
                rejections.add(
                        new Rejection(judgement.first(), judgement.last(), judgement.code(), judgement.message()));
            }
        }

        void addAll(Verdicts later) {
            through = later.through;
            judged += later.judged;
            rejections.addAll(later.rejections);
        }
    }

    private static Map<Seat, Verdicts> verdicts(Batch batch) {
        Map<Seat, Verdicts> bySeat = new LinkedHashMap<>();
        for (Batch.Change change : batch.changes) {
            if (change.author() != null && change.judgement() != null) {
                bySeat.computeIfAbsent(change.author(), seat -> new Verdicts()).add(change.judgement());
            }
        }
        return bySeat;
    }

    private void fallBehind(Seat seat, Version before, @Nullable Verdicts own) {
        if (!seat.behind) {
            seat.behind = true;
            seat.had = before;
            kit.observer().fellBehind();
        }
        if (own != null) {
            seat.unsent.addAll(own);
        }
    }

    /** One joined update instead of all that was left out. */
    void drained(Seat seat) {
        if (gone || seat.over || !seat.behind || !seat.outlet.hasRoom()) {
            return;
        }
        Verdicts own = seat.unsent;
        AckLevel level = own.judged == 0 ? AckLevel.NONE : kit.level();
        Delta missed = committed.deltaSince(seat.had);
        seat.outlet.update(
                new Update(
                        position(),
                        bytes(missed),
                        own.through,
                        level,
                        own.rejections,
                        held.latest().encode()),
                own.judged);
        seat.behind = false;
        seat.had = Version.EMPTY;
        seat.unsent = new Verdicts();
        sessions.drained(seat);
        kit.observer().resynced();
    }

    RoomPresence presence() {
        return presence;
    }

    private void attendance() {
        presence.attendance(!seats.isEmpty() || content.hasSeats());
    }

    /** Who is here, for another server. */
    LinkMessage.Presence everybody() {
        return presence.everybody(content.everybodyHere());
    }

    /**
     * Another server says who is at the document there.
     *
     * @throws MalformedUpdateException if what it says of editors does not decode
     */
    void hear(long server, LinkMessage.Presence news) {
        content.hear(server, news);
        presence.hear(server, news);
    }

    /** Another server is not heard of any more, and so are those who are there. */
    void lose(long server) {
        content.lose(server);
        presence.lose(server);
    }

    private boolean wantsImage() {
        RoomOptions options = kit.options();
        return !imaging
                && (tailBytes > Math.max(options.snapshotMinBytes(), imageBytes)
                        || tailEntries > options.snapshotMaxEntries());
    }

    private void image(
            long sequence,
            Snapshot snapshot,
            HeldPositions positions,
            Supplier<byte[]> contentImage,
            List<RoomImage.LeaseImage> leaseImages,
            Runnable then) {
        RoomLog.DocumentLog begun = Objects.requireNonNull(log);
        imaging = true;
        long coveredBytes = tailBytes;
        int coveredEntries = tailEntries;
        byte[] former = content.former();
        begun.replaceBy(() -> new RoomImage(
                        sequence,
                        snapshot.state().encode(),
                        contentImage.get(),
                        former,
                        positions.encode(),
                        leaseImages))
                .whenComplete((size, failure) -> loop.execute(() -> {
                    imaging = false;
                    List<Runnable> waiting = List.copyOf(whenImaged);
                    whenImaged.clear();
                    waiting.forEach(Runnable::run);
                    if (gone) {
                        return;
                    }
                    if (failure != null) {
                        LOG.error("the snapshot of '{}' at {} was not stored", name, sequence, failure);
                    } else {
                        tailBytes -= coveredBytes;
                        tailEntries -= coveredEntries;
                        imageBytes = size;
                    }
                    then.run();
                }));
    }

    private List<RoomImage.LeaseImage> leaseImages() {
        List<RoomImage.LeaseImage> images = new ArrayList<>(leases.size());
        leases.values().forEach(lease -> images.add(lease.image()));
        return images;
    }

    private boolean isIdle() {
        return late == null
                && present == 0
                && !content.hasSeats()
                && open.isEmpty()
                && inFlight == null
                && !imaging
                && watermark.waiting() == 0;
    }

    private void restWhenIdle() {
        if (!gone && idle == null && isIdle()) {
            long wait = kit.options().idleUnloadMillis();
            idle = loop.schedule(this::rest, isUnbegun() ? Math.min(wait, UNBEGUN_IDLE_MILLIS) : wait);
        }
    }

    private void stayAwake() {
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
        if (tailEntries > 0) {
            image(committedSequence, committed, held, content.image(), leaseImages(), () -> {
                if (isIdle()) {
                    go();
                }
            });
        } else {
            go();
        }
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
        content.gone();
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
        } else if (isUnbegun() && open.isEmpty()) {
            result.complete(false);
        } else if (!precondition.test(new Tags())) {
            result.completeExceptionally(new WriteRefusedException(
                    WriteRefusedException.PRECONDITION_FAILED, "the document has changed since"));
        } else {
            late = new ArrayList<>();
            whenDurable(failure -> {
                if (failure != null) {
                    result.completeExceptionally(failure);
                    return;
                }
                Objects.requireNonNull(log)
                        .delete()
                        .whenComplete((nothing, lost) -> loop.execute(() -> deleted(lost, why, result)));
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
        listeners.tell(new DocumentNotice(DocumentNotice.Kind.DELETED, name, epoch, position()));
        giveUp(why);
        result.complete(true);
    }

    /** Commits what is open, then tells everybody that the server is closing; {@code done} runs last. */
    void shutDown(Runnable done) {
        end(new DocumentUnavailableException(FailureCode.SHUTTING_DOWN, "the server is closing", null), done);
    }

    /** Commits what is open, then tells everybody why it is over; {@code done} runs when the log hears nothing more of this room. */
    void retire(DocumentUnavailableException why, Runnable done) {
        end(why, () -> {
            if (imaging) {
                whenImaged.add(done);
            } else {
                done.run();
            }
        });
    }

    private void end(DocumentUnavailableException why, Runnable done) {
        whenDurable(failure -> {
            giveUp(why);
            done.run();
        });
    }

    private void giveUp(DocumentUnavailableException cause) {
        if (gone) {
            return;
        }
        go();
        List<Consumer<@Nullable DocumentUnavailableException>> waiting = new ArrayList<>();
        if (inFlight != null) {
            waiting.addAll(inFlight.waiting);
        }
        waiting.addAll(open.waiting);
        waiting.forEach(waiter -> waiter.accept(cause));
        Set<Seat> all = new LinkedHashSet<>(seats);
        for (Lease lease : leases.values()) {
            if (lease.live != null) {
                all.add(lease.live);
            }
        }
        for (Seat seat : all) {
            end(seat, cause.code(), String.valueOf(cause.getMessage()));
        }
        content.end(cause.code(), String.valueOf(cause.getMessage()));
        if (late != null) {
            late.forEach(one -> one.accept(cause));
        }
    }

    private DocumentUnavailableException unavailable() {
        return new DocumentUnavailableException(
                FailureCode.OVERLOADED, "the document was just unloaded; try again", null);
    }

    boolean isGone() {
        return gone;
    }

    String name() {
        return name;
    }

    /** What is held and shown of all logs. Entries of this opening of the own log are held through the last one, whoever wrote it. */
    private PositionVector shown() {
        return committedSequence == 0
                ? held.vector()
                : held.vector()
                        .with(dev.rejoin.consistency.session.Position.of(
                                kit.log().incarnation(), committedSequence));
    }

    /** What is held, by log. */
    HeldPositions held() {
        return held;
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
        return new GuardedRead<>(outcome, epoch, held.latest(), freshness.stalenessMillis(), shownView);
    }

    /** Completes with the content as it is now, when all that is in it is durable. */
    void readContent(CompletableFuture<Optional<ContentView>> result) {
        visited = true;
        ContentView now;
        try {
            now = content.view();
        } catch (RuntimeException e) {
            result.completeExceptionally(e);
            return;
        }
        whenDurable(failure -> {
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
                view(),
                new DocumentStats.Stored(imageBytes, tailBytes, tailEntries),
                new DocumentStats.Visitors(seats.size(), content.seatCount(), leases.size()),
                document.hasContent(),
                content.image());
    }

    long epoch() {
        return epoch;
    }

    /** The document as it durably is, for somebody who may come again. */
    DocumentView read() {
        visited = true;
        return view();
    }

    /** The document as it durably is. */
    DocumentView view() {
        DocumentView current = view;
        if (current == null) {
            current = new DocumentView(name, epoch, position(), committed);
            view = current;
        }
        return current;
    }

    Position position() {
        return new Position(kit.log().incarnation(), committedSequence);
    }

    private static byte[] bytes(Delta delta) {
        return delta.isEmpty() ? NOTHING : delta.encode();
    }
}
