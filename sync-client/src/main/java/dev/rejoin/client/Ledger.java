package dev.rejoin.client;

import dev.rejoin.client.outbox.OutboxRecord;
import dev.rejoin.client.outbox.SavedClient;
import dev.rejoin.client.outbox.SavedRejection;
import dev.rejoin.crdt.Change;
import dev.rejoin.crdt.Commit;
import dev.rejoin.crdt.CommitEvent;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.DotRange;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.PendingTransaction;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.sync.session.PendingWrite;
import dev.rejoin.sync.session.Resume;
import dev.rejoin.sync.session.Settlement;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.Welcome;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * The document of a client and the books about its own writes: under which replica id and for which judge they are made, which are pending, and how far all of that is
 * saved. Guarded by the client's lock.
 */
final class Ledger {
    private static final byte[] NOTHING = {};
    private static final int FRAME_OVERHEAD_BYTES = 64;

    private final ClientLoop loop;
    private final StatusBoard status;
    private final Rejections rejections;
    private final LiveSession session;
    private final Verdicts verdicts;
    private final OutboxWriter outbox;
    private final TimeSource time;
    private final RandomGenerator random;
    private final int maxFragmentBytes;
    private final PendingQueue queue;
    private final OwnRegisters ownRegisters;
    private final FormerWrites formerWrites;
    private final List<Consumer<CommitEvent>> changeListeners = new CopyOnWriteArrayList<>();

    /* Net changes of the last local transaction. */
    private List<Change> localChanges = List.of();
    private Document document;
    private ReplicaId replica;
    private byte[] leaseKey;
    private long epoch;
    /* The server that leased the replica id, empty before one has, and the name of its log, 0 if it has said none. */
    private String judge;
    private long lessor;

    Ledger(
            SavedClient client,
            OutboxWriter outbox,
            Rejections rejections,
            LiveSession session,
            ClientLoop loop,
            StatusBoard status,
            TimeSource time,
            RandomGenerator random,
            int maxFrameBytes) {
        this.outbox = outbox;
        this.rejections = rejections;
        this.session = session;
        this.loop = loop;
        this.status = status;
        this.time = time;
        this.random = random;
        this.maxFragmentBytes = maxFrameBytes - FRAME_OVERHEAD_BYTES;
        this.ownRegisters = new OwnRegisters(loop);
        this.verdicts = new Verdicts(loop, status, rejections, session, outbox, time);
        replica = client.replica();
        leaseKey = client.leaseKey();
        epoch = client.epoch();
        judge = client.judge();
        lessor = client.lessor();
        queue = new PendingQueue(client, !judge.isEmpty() || epoch != 0);
        formerWrites = new FormerWrites(client.formers(), queue);
        document = open(client.confirmed());
    }

    /** Does what an earlier process has not come to that what it had confirmed tells the outcome of doubts. To be called once, when the client is put together. */
    void settleSavedDoubts(Delta confirmed) {
        verdicts.settleDoubts(confirmed);
        takeOffUnwanted();
    }

    /** What a client starts with that has no memory. */
    static SavedClient fresh(RandomGenerator random) {
        return SavedClient.fresh(ReplicaId.random(random), newLeaseKey(random));
    }

    private static byte[] newLeaseKey(RandomGenerator random) {
        byte[] key = new byte[Hello.LEASE_KEY_BYTES];
        random.nextBytes(key);
        return key;
    }

    List<Consumer<CommitEvent>> changeListeners() {
        return changeListeners;
    }

    List<Consumer<Superseded>> supersededListeners() {
        return ownRegisters.listeners();
    }

    Document document() {
        return document;
    }

    PendingQueue queue() {
        return queue;
    }

    /** What is pending and shows, and by which write, oldest first. */
    Map<WriteHandle, Delta> shownPending() {
        Map<WriteHandle, Delta> shown = new LinkedHashMap<>();
        for (Pending write : queue.all()) {
            if (!write.saved().isHidden()) {
                shown.put(write.handle(), write.delta());
            }
        }
        return shown;
    }

    /** Handles of what is pending, oldest first. */
    List<WriteHandle> handles() {
        return queue.undecided().stream().map(Pending::handle).toList();
    }

    // writing

    /** What a write has come to: its net changes, none where it does not show yet, and its handle. */
    record Written(List<Change> changes, WriteHandle handle) {}

    Written write(Consumer<Document> body) {
        return write(WriteOptions.DEFAULT, body);
    }

    /** Writes; what depends on a write that was not accepted does not happen. */
    Written write(WriteOptions options, Consumer<Document> body) {
        List<Long> dependsOn = new ArrayList<>();
        boolean isRefused = false;
        for (WriteHandle each : options.dependsOn()) {
            queue.with(each).ifPresent(pending -> dependsOn.add(pending.saved().first()));
            isRefused |= each.state() == WriteState.REJECTED || each.state() == WriteState.IN_DOUBT;
        }
        WriteHandle handle = new WriteHandle();
        boolean isAside = isRefused || options.isPessimistic();
        Document target = isAside ? aside() : document;
        localChanges = List.of();
        Commit commit = target.transact(() -> body.accept(target));
        if (isRefused && !commit.mutations().isEmpty()) {
            verdicts.append(verdicts.refuse(
                    commit.mutations(),
                    handle,
                    Verdicts.DEPENDENCY_REJECTED,
                    "a write that it depends on was not accepted"));
            status.changed();
            return new Written(List.of(), handle);
        }
        issued(target, commit, handle, new WriteOrder(0, dependsOn, options.isPessimistic()));
        if (isAside) {
            document = open(document.confirmedState());
        }
        return new Written(localChanges, handle);
    }

    /** A copy to try something on. O(cells) */
    private Document aside() {
        return restored(document.confirmedState());
    }

    <T> T read(Function<Document, T> reader) {
        T result = reader.apply(document);
        if (document.issued() != queue.issued()) {
            adoptStrayWrites();
        }
        return result;
    }

    /** Writes again what was refused, or this in its place. */
    WriteHandle retry(long rejection, Consumer<Document> body) {
        rejections.require(rejection);
        Commit commit = document.transact(() -> body.accept(document));
        if (commit.delta().isEmpty()) {
            outbox.append(new OutboxRecord.RejectionDropped(rejection));
        }
        rejections.remove(rejection);
        status.changed();
        WriteHandle handle = new WriteHandle();
        issued(document, commit, handle, new WriteOrder(rejection, List.of(), false));
        return handle;
    }

    /** Writes again exactly what was refused. */
    WriteHandle retry(long rejection) {
        List<Mutation> mutations = rejections.require(rejection).mutations();
        return retry(rejection, target -> target.apply(mutations));
    }

    void discard(long rejection) {
        rejections.require(rejection);
        rejections.remove(rejection);
        outbox.append(new OutboxRecord.RejectionDropped(rejection));
        status.changed();
    }

    /** Takes back a write that has not been sent; false if it may have been, under a former replica id too, or is none of these. */
    boolean cancelUnsent(WriteHandle write) {
        Optional<Pending> unsent = unsent(write);
        unsent.ifPresent(this::cancel);
        return unsent.isPresent();
    }

    /** The same, and what that has changed: what others wrote, or this client later, may have covered the write. Empty if it is not taken back. */
    Optional<List<Change>> takeBackUnsent(WriteHandle write) {
        return unsent(write).map(each -> {
            List<Change> changes = changesWithout(each);
            cancel(each);
            return changes;
        });
    }

    private Optional<Pending> unsent(WriteHandle write) {
        return queue.with(write)
                .filter(each -> !queue.wasOffered(each)
                        && write.state().compareTo(WriteState.SENT) < 0
                        && !formerWrites.hasFormer(each));
    }

    private void cancel(Pending unsent) {
        verdicts.cancelled(unsent);
        replaceByNothing(List.of(unsent));
    }

    /** What changes when a pending write is refused, and what depends on it. O(cells) */
    private List<Change> changesWithout(Pending refused) {
        List<Pending> gone = queue.dependents(Set.of(refused.saved().first()));
        List<DotRange> voided = Stream.concat(Stream.of(refused), gone.stream())
                .map(each -> new DotRange(each.saved().first(), each.saved().last()))
                .toList();
        List<Pending> all = queue.all();
        List<Change> changes = new ArrayList<>();
        Document copy = aside();
        copy.onCommit(event -> changes.addAll(event.changes()));
        copy.confirm(Delta.EMPTY, all.get(all.size() - 1).saved().last(), voided);
        return changes;
    }

    private Document open(Delta confirmed) {
        Document fresh = restored(confirmed);
        fresh.onCommit(event -> {
            if (event.kind() == CommitEvent.Kind.LOCAL) {
                localChanges = event.changes();
                ownRegisters.wrote(localChanges);
            }
            loop.later(() -> changeListeners.forEach(listener -> listener.accept(event)));
        });
        return fresh;
    }

    private Document restored(Delta confirmed) {
        Document fresh = Document.builder()
                .replica(replica)
                .judged(true)
                .timeSource(time)
                .build();
        fresh.restore(confirmed, queue.transactions(replica), queue.issued());
        return fresh;
    }

    private void issued(Document target, Commit commit, WriteHandle handle, WriteOrder order) {
        long last = target.issued();
        if (commit.delta().isEmpty() || last == queue.issued()) {
            handle.advance(WriteState.DURABLE);
            loop.later(handle::announce);
        } else {
            add(last, commit.delta(), commit.mutations(), handle, order);
        }
    }

    private void add(long last, Delta delta, List<Mutation> mutations, WriteHandle handle, WriteOrder order) {
        Pending write = queue.add(last, delta, mutations, order, handle);
        if (!order.isHidden()) {
            session.written(handle, delta);
        }
        outbox.append(new OutboxRecord.Written(write.saved()));
        if (write.saved().fragment().length > maxFragmentBytes) {
            // on the loop, because it rewrites the outbox, which may just be forced
            loop.run(() -> {
                if (queue.with(handle).isPresent()) {
                    refuseOversized(write.saved().first());
                }
            });
        }
        status.changed();
    }

    /** Takes over what a caller wrote where it should only have read. */
    private void adoptStrayWrites() {
        for (PendingTransaction stray : document.pending()) {
            if (stray.first() > queue.issued()) {
                add(stray.last(), stray.delta(), stray.mutations(), new WriteHandle(), WriteOrder.PLAIN);
            }
        }
    }

    void refuseOversized(long first) {
        Pending large = queue.at(first).orElseThrow();
        int bytes = large.saved().fragment().length;
        verdicts.refuse(large, "too-large", "a write of " + bytes + " bytes is larger than the server takes");
        replaceByNothing(List.of(large));
    }

    /** Puts transactions without effect in the place of some that have not been sent, and of those that depend on them. */
    private void replaceByNothing(List<Pending> unsent) {
        List<Pending> all = new ArrayList<>(unsent);
        all.addAll(refuseDependents(PendingQueue.firsts(unsent)));
        queue.replaceByNothing(replica, all);
        reopen(document.confirmedState());
    }

    private List<Pending> refuseDependents(Set<Long> refused) {
        List<Pending> dependents = queue.dependents(refused);
        dependents.forEach(verdicts::refuseDependent);
        return dependents;
    }

    /** Makes a new document of this confirmed state and what is pending, and saves that as one state. */
    private void reopen(Delta confirmed) {
        document = open(confirmed);
        takeOffUnwanted();
        rewrite();
        CommitEvent anything = new CommitEvent(CommitEvent.Kind.REMOTE, null, List.of());
        loop.later(() -> changeListeners.forEach(listener -> listener.accept(anything)));
        status.changed();
    }

    // former judges

    /** Takes off what state has brought of former writes and is not to stay. */
    private void takeOffUnwanted() {
        takeOffUnwanted(formerWrites.unwanted(document, Delta.EMPTY, 0), Delta.EMPTY, 0, List.of(), () -> {});
    }

    /** The same, in the step that brings this; what it takes is written after the step is noted. */
    private void takeOffUnwanted(
            List<FormerWrites.Unwanted> unwanted,
            Delta remote,
            long ackedThrough,
            List<DotRange> voided,
            Runnable note) {
        List<Delta> takenOff = document.confirm(
                remote,
                ackedThrough,
                voided,
                unwanted.stream().map(FormerWrites.Unwanted::cells).toList());
        note.run();
        for (int i = 0; i < takenOff.size(); i++) {
            if (!takenOff.get(i).isEmpty()) {
                WriteOrder order = new WriteOrder(0, unwanted.get(i).dependsOn(), false);
                add(queue.issued() + 1, takenOff.get(i), List.of(), new WriteHandle(), order);
            }
        }
        formerWrites.forgetSettled(document);
    }

    private void noteVerdicts(List<Settlement> settled) {
        settled.forEach(
                one -> formerWrites.judged(queue.at(one.first()).orElseThrow().saved(), one.isAccepted()));
    }

    // verdicts

    /** Applies confirmed state and verdicts, in the document and the outbox, as one step each. */
    void confirm(byte[] fragment, List<Settlement> settled) {
        if (fragment.length == 0 && settled.isEmpty()) {
            return;
        }
        Delta remote = fragment.length == 0 ? Delta.EMPTY : Delta.decode(fragment);
        Set<Long> refused = new HashSet<>();
        boolean showsHidden = false;
        List<DotRange> voided = new ArrayList<>();
        for (Settlement one : settled) {
            if (!one.isAccepted()) {
                voided.add(new DotRange(one.first(), one.last()));
                refused.add(one.first());
            } else {
                showsHidden |= queue.at(one.first()).orElseThrow().saved().isHidden();
            }
        }
        noteVerdicts(settled);
        List<Pending> dependents = queue.dependents(refused);
        if (showsHidden || !dependents.isEmpty()) {
            Delta confirmed = joinSettled(document.confirmedState(), settled).join(remote);
            verdicts.settleDoubts(remote);
            dependents.forEach(verdicts::refuseDependent);
            queue.replaceByNothing(replica, dependents);
            reopen(confirmed);
            ownRegisters.joined(remote, document);
            return;
        }
        long ackedThrough =
                settled.isEmpty() ? 0 : settled.get(settled.size() - 1).last();
        List<FormerWrites.Unwanted> unwanted = formerWrites.unwanted(document, remote, ackedThrough);
        takeOffUnwanted(unwanted, remote, ackedThrough, voided, () -> {
            List<SavedRejection> listed = new ArrayList<>();
            settled.forEach(one -> settle(one).ifPresent(rejection -> listed.add(Rejections.saved(rejection))));
            outbox.append(new OutboxRecord.Confirmed(
                    fragment, ackedThrough, voided.stream().map(DotRange::first).toList(), listed));
            verdicts.settleDoubts(remote);
        });
        ownRegisters.joined(remote, document);
        if (!settled.isEmpty()) {
            status.changed();
        }
    }

    /** Takes one off the queue that has its verdict; one that the client has made by itself is nobody's concern. */
    private Optional<Rejection> settle(Settlement one) {
        Pending write = queue.settle(one.first());
        verdicts.heard(one.level());
        if (one.isAccepted()) {
            verdicts.accept(write.handle(), one.level());
            if (write.saved().isHidden()) {
                session.written(write.handle(), write.delta());
            }
            return Optional.empty();
        }
        if (write.mutations().isEmpty()) {
            session.refused(write.handle());
            return Optional.empty();
        }
        return Optional.of(verdicts.refuse(write, one.code(), one.message()));
    }

    /** Takes settled transactions off the queue and joins their fate to a confirmed state. */
    private Delta joinSettled(Delta confirmed, List<Settlement> settled) {
        Delta joined = confirmed;
        for (Settlement one : settled) {
            Delta delta = queue.at(one.first()).orElseThrow().delta();
            settle(one);
            joined = joined.join(one.isAccepted() ? delta : Delta.voided(replica, one.first(), one.last()));
        }
        return joined;
    }

    /** The verdicts on these are no longer known, everything else goes on under the same replica id. */
    void leaveInDoubt(Welcome welcome, List<Settlement> settled, List<PendingWrite> unknown) {
        Set<Long> repeatable = repeatable(unknown);
        // with what is known to be accepted: what that has taken away is not there, whatever its own verdict was
        List<Pending> inOrder = new ArrayList<>(queue.all());
        settled.stream()
                .filter(one -> !one.isAccepted())
                .forEach(one -> inOrder.removeIf(each -> each.saved().first() == one.first()));
        noteVerdicts(settled);
        Delta confirmed = joinSettled(document.confirmedState(), settled);
        List<Pending> judged = queue.forget(unknown, welcome.judgedThrough(), welcome.chain());
        List<Pending> repeated = new ArrayList<>();
        for (Pending write : judged) {
            if (repeatable.contains(write.saved().first())) {
                repeated.add(write);
            } else {
                verdicts.doubt(replica, write, inOrder.subList(inOrder.indexOf(write) + 1, inOrder.size()));
            }
        }
        queue.replaceByNothing(replica, refuseDependents(PendingQueue.firsts(judged)));
        reopen(confirmed);
        repeated.forEach(
                write -> issued(document, document.apply(write.mutations()), write.handle(), WriteOrder.PLAIN));
    }

    /**
     * Lowest dots of those among these that may be issued again. They come behind all that is pending then, so nothing that was written after them, and is not issued again with
     * them, may be about the same.
     */
    private Set<Long> repeatable(List<PendingWrite> unknown) {
        Set<Long> forgotten = new HashSet<>();
        unknown.forEach(one -> forgotten.add(one.first()));
        List<Pending> all = new ArrayList<>(queue.all());
        // these are refused with what they depend on
        all.removeAll(queue.dependents(forgotten));
        Set<Long> repeatable = new HashSet<>();
        List<Pending> later = new ArrayList<>();
        for (int i = all.size() - 1; i >= 0; i--) {
            Pending write = all.get(i);
            long first = write.saved().first();
            if (forgotten.contains(first) && write.mayRepeat() && later.stream().noneMatch(write::isAboutTheSameAs)) {
                repeatable.add(first);
            } else {
                later.add(write);
            }
        }
        return repeatable;
    }

    // identities

    /** Another server takes the place of the judge. */
    void leaveJudge() {
        takeNewReplica(document.confirmedState(), queue.offered(), true);
    }

    /** Somebody else uses the replica id: goes on under a new one. */
    void leaveReplica() {
        takeNewReplica(document.confirmedState(), queue.offered(), false);
    }

    /** The same, and nothing that is pending is known not to have been accepted. */
    void leaveReplicaInDoubt() {
        takeNewReplica(document.confirmedState(), PendingQueue.firsts(queue.all()), false);
    }

    /** The same, after what a server knows of these. */
    void leaveReplica(Resume.Forked forked) {
        noteVerdicts(forked.settled());
        Delta confirmed = joinSettled(document.confirmedState(), forked.settled());
        takeNewReplica(
                confirmed, forked.unknown().stream().map(PendingWrite::first).toList(), false);
    }

    /**
     * Goes on under a new replica id.
     *
     * @param unknown pending transactions that may have been accepted under the old one
     * @param dotsTell whether the old id was this client's alone, so that state with its dots tells what became of these
     */
    private void takeNewReplica(Delta confirmed, Collection<Long> unknown, boolean dotsTell) {
        ReplicaId former = replica;
        replica = ReplicaId.random(random);
        leaseKey = newLeaseKey(random);
        judge = "";
        lessor = 0;
        verdicts.newJudge();
        List<Pending> open = queue.restart();
        document = open(confirmed);
        FormerWrites.Move move = formerWrites.leave(former);
        outbox.suspended(() -> {
            Set<Long> lost = new HashSet<>();
            Map<Long, Long> again = new HashMap<>();
            for (int i = 0; i < open.size(); i++) {
                Pending write = open.get(i);
                long first = write.saved().first();
                long issuedBefore = queue.issued();
                FormerWrites.Turn turn = FormerWrites.Turn.LEFT;
                // what only takes off is found anew
                boolean dependsOnLost = !write.mutations().isEmpty()
                        && write.saved().dependsOn().stream().anyMatch(lost::contains);
                if (unknown.contains(first) && (dependsOnLost || !write.mayRepeat())) {
                    lost.add(first);
                    if (dotsTell) {
                        verdicts.doubt(former, write, open.subList(i + 1, open.size()));
                    } else {
                        verdicts.refuseUnknown(write);
                    }
                } else if (dependsOnLost) {
                    lost.add(first);
                    verdicts.refuseDependent(write);
                } else {
                    issueAgain(write, again);
                    boolean isIssued = queue.issued() > issuedBefore;
                    turn = isIssued ? FormerWrites.Turn.AGAIN : FormerWrites.Turn.NOTHING_TO_DO;
                    if (isIssued) {
                        again.put(first, issuedBefore + 1);
                    }
                }
                move.next(write, turn, dotsTell && unknown.contains(first), queue.issued());
            }
        });
        move.end();
        reopen(confirmed);
    }

    private void issueAgain(Pending write, Map<Long, Long> again) {
        List<Long> dependsOn = write.saved().dependsOn().stream()
                .filter(again::containsKey)
                .map(again::get)
                .toList();
        // what it finds nothing to do for now is still what it means
        Commit commit = new Commit(document.apply(write.mutations()).delta(), write.mutations(), null);
        issued(
                document,
                commit,
                write.handle(),
                new WriteOrder(write.saved().retryOf(), dependsOn, write.saved().isHidden()));
    }

    /** The document lives another life: drops what was confirmed, and lays what is pending before the user. */
    void enterOtherEpoch() {
        startOver("epoch-changed", "the document was created anew or restored since this was written");
    }

    void startOver(String why, String message) {
        queue.restart().stream()
                .filter(write -> !write.mutations().isEmpty())
                .forEach(write -> verdicts.refuse(write, why, message));
        epoch = 0;
        session.forget();
        formerWrites.clear();
        takeNewReplica(Delta.EMPTY, List.of(), false);
    }

    /**
     * Makes ready to say Hello to this server: under a new replica id if another one judges the present one. A Hello speaks of what is durably known.
     *
     * @return false if the outbox has failed
     */
    boolean prepareFor(String server) {
        if (!judge.isEmpty() && !judge.equals(server)) {
            leaveJudge();
        }
        if (!outbox.forceNow()) {
            return false;
        }
        savedNow(queue.issued());
        return true;
    }

    Hello hello(String name, String software, String token) {
        return new Hello(
                name,
                replica.bits(),
                leaseKey,
                epoch,
                epoch == 0 ? NOTHING : document.confirmedVersion().encode(),
                queue.verdictsKnown(),
                software,
                token,
                session.greeting(),
                lessor);
    }

    /** The document turned out to have this epoch. */
    void learnEpoch(long heard) {
        if (epoch != heard) {
            epoch = heard;
            outbox.append(new OutboxRecord.EpochLearned(heard));
        }
    }

    /** Notes durably which server judges this replica id, and whose log it has, before anything is sent to it; false if that has failed. */
    boolean bindTo(String server, long log) {
        if (judge.equals(server) && lessor == log) {
            return true;
        }
        judge = server;
        lessor = log;
        outbox.append(new OutboxRecord.JudgeLearned(server, log));
        return outbox.forceNow();
    }

    // saving

    /** All that a restart needs. */
    SavedClient saved() {
        return new SavedClient(
                replica,
                leaseKey,
                epoch,
                judge,
                lessor,
                queue.issued(),
                queue.verdictsKnown(),
                queue.knownChain(),
                document.confirmedState(),
                queue.saved(),
                rejections.saved(),
                rejections.next(),
                rejections.savedDoubts(),
                formerWrites.saved());
    }

    private void rewrite() {
        if (outbox.rewrite(this::saved)) {
            savedNow(queue.issued());
        }
    }

    private void savedNow(long through) {
        List<Pending> saved = queue.markSaved(through);
        if (outbox.isDurable()) {
            for (Pending write : saved) {
                if (write.handle().state() == WriteState.LOCAL) {
                    write.handle().advance(WriteState.SAVED_LOCALLY);
                    loop.later(write.handle()::announce);
                }
            }
        }
    }

    /**
     * Forces to disk what has been written so far; not under the lock while it does.
     *
     * @return whether there was anything, and it is safe now
     */
    boolean flush(Object lock) {
        long through;
        ReplicaId forcedUnder;
        synchronized (lock) {
            if (status.hasOutboxFailed() || !outbox.beginFlush()) {
                return false;
            }
            through = queue.issued();
            forcedUnder = replica;
        }
        if (!outbox.force(lock)) {
            return false;
        }
        synchronized (lock) {
            if (replica.equals(forcedUnder)) {
                savedNow(through);
            }
            if (outbox.wantsRewrite()) {
                rewrite();
            }
            return true;
        }
    }
}
