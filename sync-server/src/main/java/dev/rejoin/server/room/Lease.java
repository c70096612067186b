package dev.rejoin.server.room;

import dev.rejoin.crdt.Chain;
import dev.rejoin.crdt.clock.ReplicaId;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a room knows of one judged replica: who may continue it, and what became of its transactions. */
final class Lease {
    /** Older verdicts are forgotten even if the replica never said that it knows them. */
    static final int MAX_VERDICTS = 1_024;

    private static final int KEY_HASH_BYTES = 16;

    private final ReplicaId replica;
    private final byte[] keyHash;
    private final ArrayDeque<Judgement> verdicts = new ArrayDeque<>();
    private long judgedThrough;
    private int chain;
    private long verdictsKnown;

    /* When it first came with more than the room holds; 0 if it does not. */
    private long aheadSince;

    /** The session that writes for it now. */
    @Nullable
    Seat live;

    Lease(ReplicaId replica, byte[] keyHash) {
        this.replica = replica;
        this.keyHash = keyHash;
    }

    static Lease of(RoomImage.LeaseImage image) {
        Lease lease = new Lease(image.replica(), image.keyHash());
        lease.judgedThrough = image.judgedThrough();
        lease.chain = image.chain();
        lease.verdictsKnown = image.verdictsKnown();
        lease.verdicts.addAll(image.verdicts());
        return lease;
    }

    static byte[] hash(byte[] key) {
        try {
            return Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(key), KEY_HASH_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    /** Takes constant time, so that the hash cannot be learnt by probing. */
    boolean belongsTo(byte[] hashOfKey) {
        return MessageDigest.isEqual(keyHash, hashOfKey);
    }

    /** Since when it has come with more than the room holds: since now, if it has not before. */
    long aheadSince(long now) {
        if (aheadSince == 0) {
            aheadSince = now;
        }
        return aheadSince;
    }

    void isNotAhead() {
        aheadSince = 0;
    }

    void judged(Judgement judgement) {
        judgedThrough = judgement.last();
        chain = judgement.chain();
        verdicts.add(judgement);
        if (verdicts.size() > MAX_VERDICTS) {
            verdicts.remove();
        }
    }

    /**
     * Whether a transaction up to an own dot that is judged is another one than the one that was; false if that cannot be told any more.
     */
    boolean contradicts(long last, byte[] fragment) {
        Judgement before = null;
        for (Judgement judgement : verdicts) {
            if (last < judgement.last()) {
                return last >= judgement.first();
            }
            if (last == judgement.last()) {
                boolean isFirst = before == null && judgement.first() == 1;
                int chainBefore = before != null ? before.chain() : Chain.START;
                return (before != null || isFirst) && Chain.extend(chainBefore, fragment) != judgement.chain();
            }
            before = judgement;
        }
        return false;
    }

    /** Forgets the verdicts that the replica knows; returns whether that is news. */
    boolean known(long through) {
        long bounded = Math.min(through, judgedThrough);
        if (bounded <= verdictsKnown) {
            return false;
        }
        verdictsKnown = bounded;
        while (!verdicts.isEmpty() && verdicts.element().last() <= bounded) {
            verdicts.remove();
        }
        return true;
    }

    RoomImage.LeaseImage image() {
        return new RoomImage.LeaseImage(replica, keyHash, judgedThrough, chain, verdictsKnown, List.copyOf(verdicts));
    }

    ReplicaId replica() {
        return replica;
    }

    long judgedThrough() {
        return judgedThrough;
    }

    int chain() {
        return chain;
    }

    long verdictsKnown() {
        return verdictsKnown;
    }

    List<Judgement> verdicts() {
        return List.copyOf(verdicts);
    }
}
