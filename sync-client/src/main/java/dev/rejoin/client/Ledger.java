package dev.rejoin.client;

import dev.rejoin.client.outbox.OutboxRecord;
import dev.rejoin.client.outbox.SavedClient;
import dev.rejoin.client.outbox.SavedRejection;
import dev.rejoin.client.outbox.SavedWrite;
import dev.rejoin.crdt.Chain;
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
import dev.rejoin.sync.wire.AckLevel;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.Welcome;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongPredicate;

/**
 * The document of a client and the books about its own writes: under which replica id and for which judge they are made, which are pending, which were refused,
 * and how far all of that is saved. Guarded by the client's lock.
 */
final class Ledger {
    private static final byte[] NOTHING = {};
    private static final int FRAME_OVERHEAD_BYTES = 64;

    private final ClientLoop loop;
    private final StatusBoard status;
    private final Rejections rejections;
    private final LiveSession session;
    private final OutboxWriter outbox;
    private final TimeSource time;
    private final SecureRandom random;
    private final int maxFragmentBytes;
    private final List<Consumer<CommitEvent>> changeListeners = new CopyOnWriteArrayList<>();

    private Document document;
    private ReplicaId replica;
    private byte[] leaseKey;
    private long epoch;
    /* The server that leased the replica id, empty before one has. */
    private String judge;
    /* Own dots up to here may have been sent to the judge. */
    private long offeredThrough;
    private long verdictsKnown;
    private int knownChain;
    private int chain;
    private final TreeMap<Long, Pending> pending = new TreeMap<>();
    private long issued;
    private long savedThrough;

    Ledger(
            SavedClient client,
            OutboxWriter outbox,
            Rejections rejections,
            LiveSession session,
            ClientLoop loop,
            StatusBoard status,
            TimeSource time,
            SecureRandom random,
            int maxFrameBytes) {
        this.outbox = outbox;
        this.rejections = rejections;
        this.session = session;
        this.loop = loop;
        this.status = status;
        this.time = time;
        this.random = random;
        this.maxFragmentBytes = maxFrameBytes - FRAME_OVERHEAD_BYTES;
        replica = client.replica();
        leaseKey = client.leaseKey();
        epoch = client.epoch();
        judge = client.judge();
        verdictsKnown = client.verdictsKnown();
        knownChain = client.knownChain();
        chain = client.chain();
        client.pending().forEach(write -> pending.put(write.first(), Pending.loaded(write)));
        issued = client.issuedThrough();
        // what was sent before the restart is not recorded, so all of it may have been
        offeredThrough = judge.isEmpty() && epoch == 0 ? 0 : issued;
        savedThrough = issued;
        document = open(client.confirmed(), client.issuedThrough());
    }

    /** What a client starts with that has no memory. */
    static SavedClient fresh(SecureRandom random) {
        return SavedClient.fresh(ReplicaId.random(random), newLeaseKey(random));
    }

    List<Consumer<CommitEvent>> changeListeners() {
        return changeListeners;
    }

    Document document() {
        return document;
    }

    int pendingCount() {
        return pending.size();
    }

    /** What is pending and by which write, oldest first. */
    Map<WriteHandle, Delta> pendingDeltas() {
        Map<WriteHandle, Delta> open = new LinkedHashMap<>();
        pending.values().forEach(write -> open.put(write.handle(), write.delta()));
        return open;
    }

    /** Handles of what is pending, oldest first. */
    List<WriteHandle> handles() {
        return pending.values().stream().map(Pending::handle).toList();
    }

    WriteHandle write(Consumer<Document> body) {
        Document target = document;
        return issued(target.transact(() -> body.accept(target)), new WriteHandle(), 0);
    }

    <T> T read(Function<Document, T> reader) {
        T result = reader.apply(document);
        if (document.issued() != issued) {
            adoptStrayWrites();
        }
        return result;
    }

    /** Writes again what was refused. */
    WriteHandle retry(long rejection) {
        Commit commit = document.apply(rejections.require(rejection).mutations());
        if (commit.delta().isEmpty()) {
            outbox.append(new OutboxRecord.RejectionDropped(rejection));
        }
        rejections.remove(rejection);
        status.changed();
        return issued(commit, new WriteHandle(), rejection);
    }

    void discard(long rejection) {
        rejections.require(rejection);
        rejections.remove(rejection);
        outbox.append(new OutboxRecord.RejectionDropped(rejection));
        status.changed();
    }

    /** Takes back a write that has not been sent; false if it may have been, or is none of these. */
    boolean cancelUnsent(WriteHandle write) {
        for (Pending each : pending.values()) {
            if (each.handle() == write && each.saved().last() > offeredThrough) {
                replaceByNothing(each);
                write.advance(WriteState.REJECTED);
                session.refused(write);
                Rejection why = new Rejection(
                        0,
                        "cancelled",
                        "taken back by its author",
                        each.mutations(),
                        Instant.ofEpochMilli(time.millis()));
                loop.later(() -> write.reject(why));
                return true;
            }
        }
        return false;
    }

    private Document open(Delta confirmed, long issuedThrough) {
        Document fresh = Document.builder()
                .replica(replica)
                .judged(true)
                .timeSource(time)
                .build();
        fresh.restore(
                confirmed, pending.values().stream().map(Pending::transaction).toList(), issuedThrough);
        fresh.onCommit(event -> loop.later(() -> changeListeners.forEach(listener -> listener.accept(event))));
        return fresh;
    }

    private WriteHandle issued(Commit commit, WriteHandle handle, long retryOf) {
        long last = document.issued();
        if (commit.delta().isEmpty() || last == issued) {
            handle.advance(WriteState.DURABLE);
            loop.later(handle::announce);
            return handle;
        }
        add(issued + 1, last, commit.delta(), commit.mutations(), handle, retryOf);
        return handle;
    }

    private void add(long first, long last, Delta delta, List<Mutation> mutations, WriteHandle handle, long retryOf) {
        byte[] fragment = delta.encode();
        chain = Chain.extend(chain, fragment);
        issued = last;
        SavedWrite saved = new SavedWrite(first, last, chain, fragment, Mutation.encodeAll(mutations), retryOf);
        pending.put(first, new Pending(saved, delta, mutations, handle));
        session.written(handle, delta);
        outbox.append(new OutboxRecord.Written(saved));
        if (fragment.length > maxFragmentBytes) {
            // on the loop, because it rewrites the outbox, which may just be forced
            loop.run(() -> {
                Pending written = pending.get(first);
                if (written != null && written.handle() == handle) {
                    refuseOversized(first);
                }
            });
        }
        status.changed();
    }

    /** Takes over what a caller wrote where it should only have read. */
    private void adoptStrayWrites() {
        for (PendingTransaction stray : document.pending()) {
            if (stray.first() > issued) {
                add(stray.first(), stray.last(), stray.delta(), stray.mutations(), new WriteHandle(), 0);
            }
        }
    }

    void refuseOversized(long first) {
        Pending large = Objects.requireNonNull(pending.get(first));
        int bytes = large.saved().fragment().length;
        refuse(large, "too-large", "a write of " + bytes + " bytes is larger than the server takes");
        replaceByNothing(large);
    }

    /** Puts a transaction without effect in the place of one that has not been sent. */
    private void replaceByNothing(Pending unsent) {
        SavedWrite saved = unsent.saved();
        long first = saved.first();
        Delta nothing = Delta.voided(replica, first, saved.last());
        byte[] fragment = nothing.encode();
        SavedWrite small = new SavedWrite(
                saved.first(), saved.last(), 0, fragment, Mutation.encodeAll(List.of()), saved.retryOf());
        pending.put(first, new Pending(small, nothing, List.of(), new WriteHandle()));
        Pending before = pending.lowerEntry(first) == null
                ? null
                : pending.lowerEntry(first).getValue();
        chain = before == null ? knownChain : before.saved().chain();
        for (Map.Entry<Long, Pending> entry : pending.tailMap(first, true).entrySet()) {
            Pending one = entry.getValue();
            SavedWrite old = one.saved();
            chain = Chain.extend(chain, old.fragment());
            SavedWrite linked =
                    new SavedWrite(old.first(), old.last(), chain, old.fragment(), old.mutations(), old.retryOf());
            entry.setValue(new Pending(linked, one.delta(), one.mutations(), one.handle()));
        }
        reopen(document.confirmedState());
    }

    private Rejection refuse(Pending write, String why, String message) {
        Rejection rejection = rejections.add(why, message, write.mutations(), Instant.ofEpochMilli(time.millis()));
        session.refused(write.handle());
        write.handle().advance(WriteState.REJECTED);
        loop.later(() -> {
            write.handle().reject(rejection);
            rejections.listeners().forEach(listener -> listener.accept(rejection));
        });
        return rejection;
    }

    private void accept(Pending write, AckLevel level) {
        boolean isDurable = level == AckLevel.DURABLE || level == AckLevel.STABLE;
        write.handle().advance(isDurable ? WriteState.DURABLE : WriteState.ACCEPTED);
        loop.later(write.handle()::announce);
    }

    /** Makes a new document of this confirmed state and what is in {@code pending}, and saves that as one state. */
    private void reopen(Delta confirmed) {
        document = open(confirmed, issued);
        rewrite();
        CommitEvent anything = new CommitEvent(CommitEvent.Kind.REMOTE, null, List.of());
        loop.later(() -> changeListeners.forEach(listener -> listener.accept(anything)));
        status.changed();
    }

    /** Removes settled transactions from {@code pending} and joins their fate to a confirmed state. */
    private Delta joinSettled(Delta confirmed, List<Settlement> settled) {
        Delta joined = confirmed;
        for (Settlement one : settled) {
            Pending write = Objects.requireNonNull(pending.remove(one.first()));
            if (one.isAccepted()) {
                accept(write, one.level());
                joined = joined.join(write.delta());
            } else {
                refuse(write, one.code(), one.message());
                joined = joined.join(Delta.voided(replica, one.first(), one.last()));
            }
        }
        return joined;
    }

    /** The verdicts on these are no longer known, everything else goes on under the same replica id. */
    void leaveInDoubt(Welcome welcome, List<Settlement> settled, List<PendingWrite> unknown) {
        Delta confirmed = joinSettled(document.confirmedState(), settled);
        verdictsKnown = welcome.judgedThrough();
        knownChain = welcome.chain();
        List<Pending> repeated = new ArrayList<>();
        for (PendingWrite one : unknown) {
            Pending write = Objects.requireNonNull(pending.remove(one.first()));
            if (write.mayRepeat()) {
                repeated.add(write);
            } else {
                refuse(write, "unknown-outcome", "it is not known whether this write was accepted");
            }
        }
        reopen(confirmed);
        repeated.forEach(write -> issued(document.apply(write.mutations()), write.handle(), 0));
    }

    /** Somebody else uses the replica id, or judges it: goes on under a new one. */
    void leaveReplica() {
        takeNewReplica(document.confirmedState(), offered());
    }

    /** The same, and nothing that is pending is known not to have been accepted. */
    void leaveReplicaInDoubt() {
        takeNewReplica(document.confirmedState(), List.copyOf(pending.keySet()));
    }

    /** The same, after what a server knows of these. */
    void leaveReplica(Resume.Forked forked) {
        Delta confirmed = joinSettled(document.confirmedState(), forked.settled());
        takeNewReplica(
                confirmed, forked.unknown().stream().map(PendingWrite::first).toList());
    }

    /**
     * Goes on under a new replica id.
     *
     * @param unknown pending transactions that may have been accepted under the old one
     */
    private void takeNewReplica(Delta confirmed, Collection<Long> unknown) {
        List<Pending> open = List.copyOf(pending.values());
        pending.clear();
        replica = ReplicaId.random(random);
        leaseKey = newLeaseKey(random);
        judge = "";
        offeredThrough = 0;
        verdictsKnown = 0;
        knownChain = Chain.START;
        chain = Chain.START;
        issued = 0;
        savedThrough = 0;
        document = open(confirmed, 0);
        outbox.suspended(() -> open.forEach(write -> {
            if (unknown.contains(write.saved().first()) && !write.mayRepeat()) {
                refuse(write, "unknown-outcome", "it is not known whether this write was accepted");
            } else {
                issued(document.apply(write.mutations()), write.handle(), 0);
            }
        }));
        reopen(confirmed);
    }

    /** The document lives another life: drops what was confirmed, and lays what is pending before the user. */
    void enterOtherEpoch() {
        startOver("epoch-changed", "the document was created anew or restored since this was written");
    }

    void startOver(String why, String message) {
        for (Pending write : pending.values()) {
            refuse(write, why, message);
        }
        pending.clear();
        epoch = 0;
        session.forget();
        takeNewReplica(Delta.EMPTY, List.of());
    }

    private static byte[] newLeaseKey(SecureRandom random) {
        byte[] key = new byte[Hello.LEASE_KEY_BYTES];
        random.nextBytes(key);
        return key;
    }

    /** All that a restart needs. */
    SavedClient saved() {
        return new SavedClient(
                replica,
                leaseKey,
                epoch,
                judge,
                issued,
                verdictsKnown,
                knownChain,
                document.confirmedState(),
                pending.values().stream().map(Pending::saved).toList(),
                rejections.saved(),
                rejections.next());
    }

    /** Saves all of it as one state. */
    void rewrite() {
        if (outbox.rewrite(this::saved)) {
            savedNow(issued);
        }
    }

    private void savedNow(long through) {
        savedThrough = through;
        if (outbox.isDurable()) {
            for (Pending write : pending.headMap(through, true).values()) {
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
            through = issued;
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

    /** Pending transactions up to the first that has not been sent are on their way. */
    void markSent(LongPredicate hasSent) {
        for (Pending write : pending.values()) {
            if (!hasSent.test(write.saved().last())) {
                return;
            }
            offeredThrough = Math.max(offeredThrough, write.saved().last());
            write.handle().advance(WriteState.SENT);
        }
    }

    /**
     * Makes ready to say Hello to this server: under a new replica id if another one judges the present one. A Hello speaks of what is durably known.
     *
     * @return false if the outbox has failed
     */
    boolean prepareFor(String server) {
        if (!judge.isEmpty() && !judge.equals(server)) {
            leaveReplica();
        }
        if (!outbox.forceNow()) {
            return false;
        }
        savedNow(issued);
        return true;
    }

    Hello hello(String document, String software, String token) {
        return new Hello(
                document,
                replica.bits(),
                leaseKey,
                epoch,
                epoch == 0 ? NOTHING : this.document.confirmedVersion().encode(),
                verdictsKnown,
                software,
                token,
                session.greeting());
    }

    int knownChain() {
        return knownChain;
    }

    long verdictsKnown() {
        return verdictsKnown;
    }

    /** The document turned out to have this epoch. */
    void learnEpoch(long heard) {
        if (epoch != heard) {
            epoch = heard;
            outbox.append(new OutboxRecord.EpochLearned(heard));
        }
    }

    /** Notes durably which server judges this replica id, before anything is sent to it; false if that has failed. */
    boolean bindTo(String server) {
        if (judge.equals(server)) {
            return true;
        }
        judge = server;
        outbox.append(new OutboxRecord.JudgeLearned(server));
        return outbox.forceNow();
    }

    /** The next transaction above this dot, if it is saved. */
    Optional<PendingWrite> sendable(long after) {
        Map.Entry<Long, Pending> next = pending.higherEntry(after);
        return next == null || next.getValue().saved().last() > savedThrough
                ? Optional.empty()
                : Optional.of(next.getValue().wire());
    }

    /** Pending transactions that the judge may have been sent. */
    private List<Long> offered() {
        return pending.values().stream()
                .filter(write -> write.saved().last() <= offeredThrough)
                .map(write -> write.saved().first())
                .toList();
    }

    /** Applies confirmed state and verdicts, in the document and the outbox, as one step each. */
    void confirm(byte[] fragment, List<Settlement> settled) {
        if (fragment.length == 0 && settled.isEmpty()) {
            return;
        }
        Delta remote = fragment.length == 0 ? Delta.EMPTY : Delta.decode(fragment);
        List<DotRange> voided = new ArrayList<>();
        for (Settlement one : settled) {
            if (!one.isAccepted()) {
                voided.add(new DotRange(one.first(), one.last()));
            }
        }
        long ackedThrough =
                settled.isEmpty() ? 0 : settled.get(settled.size() - 1).last();
        document.confirm(remote, ackedThrough, voided);
        List<SavedRejection> refused = new ArrayList<>();
        for (Settlement one : settled) {
            Pending write = Objects.requireNonNull(pending.remove(one.first()));
            verdictsKnown = one.last();
            knownChain = write.saved().chain();
            if (one.isAccepted()) {
                accept(write, one.level());
            } else if (!write.mutations().isEmpty()) {
                refused.add(Rejections.saved(refuse(write, one.code(), one.message())));
            }
        }
        outbox.append(new OutboxRecord.Confirmed(
                fragment, ackedThrough, voided.stream().map(DotRange::first).toList(), refused));
        if (!settled.isEmpty()) {
            status.changed();
        }
    }
}
