package dev.rejoin.client;

import dev.rejoin.client.outbox.SavedClient;
import dev.rejoin.client.outbox.SavedWrite;
import dev.rejoin.crdt.Chain;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.ObjectType;
import dev.rejoin.crdt.PendingTransaction;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.sync.session.PendingWrite;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The transactions of one replica id that have no verdict, in the order of their dots: how far they are saved and offered to the judge, and the chain over them. Guarded by
 * the client's lock.
 */
final class PendingQueue {
    private final TreeMap<Long, Pending> byFirst = new TreeMap<>();
    /* Lowest dots of those of which nothing but their dots is left to be sent. */
    private final Set<Long> hollow = new HashSet<>();
    private long issued;
    private long savedThrough;
    /* Own dots up to here may have been sent to the judge. */
    private long offeredThrough;
    private long verdictsKnown;
    private int knownChain;
    private int chain;

    /** What was sent before a restart is not recorded: with a judge, all of it may have been. */
    PendingQueue(SavedClient saved, boolean hasJudge) {
        verdictsKnown = saved.verdictsKnown();
        knownChain = saved.knownChain();
        chain = saved.chain();
        saved.pending().forEach(write -> {
            byFirst.put(write.first(), Pending.loaded(write));
            if (Arrays.equals(write.fragment(), nothing(saved.replica(), write).encode())) {
                hollow.add(write.first());
            }
        });
        issued = saved.issuedThrough();
        offeredThrough = hasJudge ? issued : 0;
        savedThrough = issued;
    }

    /** Begins anew, for another replica id; what was in it is returned. */
    List<Pending> restart() {
        List<Pending> all = all();
        byFirst.clear();
        hollow.clear();
        issued = 0;
        savedThrough = 0;
        offeredThrough = 0;
        verdictsKnown = 0;
        knownChain = Chain.START;
        chain = Chain.START;
        return all;
    }

    /** The highest own dot used so far. */
    long issued() {
        return issued;
    }

    long verdictsKnown() {
        return verdictsKnown;
    }

    int knownChain() {
        return knownChain;
    }

    /** How many of them are to have an effect, which is what users call pending. */
    int undecidedCount() {
        return byFirst.size() - hollow.size();
    }

    /** These, oldest first. */
    List<Pending> undecided() {
        return byFirst.values().stream()
                .filter(write -> !hollow.contains(write.saved().first()))
                .toList();
    }

    List<Pending> all() {
        return List.copyOf(byFirst.values());
    }

    /** The one that has this dot and those that follow, oldest first. */
    Collection<Pending> from(long dot) {
        Map.Entry<Long, Pending> floor = byFirst.floorEntry(dot);
        boolean holdsIt = floor != null && floor.getValue().saved().last() >= dot;
        return byFirst.tailMap(holdsIt ? floor.getKey() : dot, true).values();
    }

    /** As the document shows them. */
    List<PendingTransaction> transactions(ReplicaId replica) {
        return byFirst.values().stream()
                .map(write -> write.transaction(replica))
                .toList();
    }

    List<SavedWrite> saved() {
        return byFirst.values().stream().map(Pending::saved).toList();
    }

    /** The one that still has this lowest dot. */
    Optional<Pending> at(long first) {
        return Optional.ofNullable(byFirst.get(first));
    }

    /** A new one, whose dots follow on those of the last. */
    Pending add(long last, Delta delta, List<Mutation> mutations, WriteOrder order, WriteHandle handle) {
        long first = issued + 1;
        byte[] fragment = delta.encode();
        chain = Chain.extend(chain, fragment);
        issued = last;
        SavedWrite saved = new SavedWrite(
                first,
                last,
                chain,
                fragment,
                Mutation.encodeAll(mutations),
                order.retryOf(),
                order.dependsOn(),
                order.isHidden());
        Pending write = new Pending(saved, delta, mutations, handle);
        byFirst.put(first, write);
        return write;
    }

    /** Takes off one that has its verdict, the first. */
    Pending settle(long first) {
        Pending write = remove(first);
        verdictsKnown = write.saved().last();
        knownChain = write.saved().chain();
        return write;
    }

    /** The judge has judged through here, and no longer tells how: takes these off. */
    List<Pending> forget(List<PendingWrite> judged, long judgedThrough, int chainThere) {
        verdictsKnown = judgedThrough;
        knownChain = chainThere;
        return judged.stream().map(one -> remove(one.first())).toList();
    }

    private Pending remove(long first) {
        hollow.remove(first);
        return Objects.requireNonNull(byFirst.remove(first));
    }

    /** Puts transactions without effect in the place of some that have not been sent. */
    void replaceByNothing(ReplicaId replica, List<Pending> unsent) {
        for (Pending each : unsent) {
            SavedWrite saved = each.saved();
            Delta nothing = nothing(replica, saved);
            SavedWrite small = new SavedWrite(
                    saved.first(),
                    saved.last(),
                    0,
                    nothing.encode(),
                    Mutation.encodeAll(List.of()),
                    saved.retryOf(),
                    List.of(),
                    false);
            byFirst.put(saved.first(), new Pending(small, nothing, List.of(), new WriteHandle()));
            hollow.add(saved.first());
        }
        chain = knownChain;
        for (Map.Entry<Long, Pending> entry : byFirst.entrySet()) {
            Pending one = entry.getValue();
            chain = Chain.extend(chain, one.saved().fragment());
            entry.setValue(one.withChain(chain));
        }
    }

    /** The dots of a write, and nothing that it does. */
    private static Delta nothing(ReplicaId replica, SavedWrite write) {
        return Delta.voided(replica, write.first(), write.last());
    }

    /** Those that cannot be accepted when these are not, directly or over others, oldest first; none of them has been sent. */
    List<Pending> dependents(Set<Long> refused) {
        Set<Long> all = new HashSet<>(refused);
        List<Pending> dependents = new ArrayList<>();
        for (Pending each : byFirst.values()) {
            if (each.saved().dependsOn().stream().anyMatch(all::contains)) {
                all.add(each.saved().first());
                dependents.add(each);
            }
        }
        return dependents;
    }

    /** The next one above this dot, if it may be sent: it is saved, and all that it depends on is accepted. */
    Optional<PendingWrite> sendable(long after) {
        Map.Entry<Long, Pending> next = byFirst.higherEntry(after);
        return next == null
                        || next.getValue().saved().last() > savedThrough
                        || next.getValue().saved().dependsOn().stream().anyMatch(byFirst::containsKey)
                ? Optional.empty()
                : Optional.of(next.getValue().wire());
    }

    boolean wasOffered(Pending write) {
        return write.saved().last() <= offeredThrough;
    }

    /** Lowest dots of those that the judge may have been sent. */
    Set<Long> offered() {
        return firsts(byFirst.headMap(offeredThrough, true).values());
    }

    static Set<Long> firsts(Iterable<Pending> writes) {
        Set<Long> firsts = new HashSet<>();
        writes.forEach(write -> firsts.add(write.saved().first()));
        return firsts;
    }

    /** Those up to the first that has not been sent are on their way. */
    void markSent(LongPredicate hasSent) {
        for (Pending write : byFirst.values()) {
            if (!hasSent.test(write.saved().last())) {
                return;
            }
            offeredThrough = Math.max(offeredThrough, write.saved().last());
            write.handle().advance(WriteState.SENT);
        }
    }

    /** The one with this handle. */
    Optional<Pending> with(WriteHandle handle) {
        return byFirst.values().stream()
                .filter(write -> write.handle() == handle)
                .findFirst();
    }

    /** The oldest that shows and touches this object, or what is below it, or, if one is named, this element of the set that it is. */
    Optional<WriteHandle> touching(List<String> path, @Nullable Object element) {
        return byFirst.values().stream()
                .filter(write -> write.mutations().stream().anyMatch(mutation -> touches(mutation, path, element)))
                .map(Pending::handle)
                .findFirst();
    }

    private static boolean touches(Mutation mutation, List<String> path, @Nullable Object element) {
        List<String> at = mutation.path();
        if (mutation.type() == ObjectType.MAP && isWithin(path, at)) {
            return mutation.op() == Mutation.Op.CLEAR
                    || path.size() == at.size()
                    || mutation.value().equals(path.get(at.size()));
        }
        return isWithin(at, path)
                && (element == null || at.size() == path.size())
                && (element == null
                        || mutation.op() == Mutation.Op.CLEAR
                        || mutation.value().equals(element));
    }

    private static boolean isWithin(List<String> path, List<String> above) {
        return path.size() >= above.size() && path.subList(0, above.size()).equals(above);
    }

    /** The sum of the increments of a counter that show. */
    long sum(List<String> counter) {
        long sum = 0;
        for (Pending write : byFirst.values()) {
            for (Mutation mutation : write.mutations()) {
                if (!write.saved().isHidden()
                        && mutation.op() == Mutation.Op.INCREMENT
                        && mutation.path().equals(counter)) {
                    sum += (Long) mutation.value();
                }
            }
        }
        return sum;
    }

    /** Those up to this dot are saved. */
    List<Pending> markSaved(long through) {
        savedThrough = through;
        return List.copyOf(byFirst.headMap(through, true).values());
    }
}
