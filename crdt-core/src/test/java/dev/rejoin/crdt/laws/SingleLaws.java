package dev.rejoin.crdt.laws;

import java.lang.management.ManagementFactory;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;

/** The laws that are about one situation rather than about every history: bounds, forks, sums. */
final class SingleLaws {
    private SingleLaws() {}

    private static Op touch(Address object, int n) {
        return switch (object.kind()) {
            case GCOUNTER, COUNTER -> new Op(object, Op.Verb.INCREMENT, 1L);
            case REGISTER, MVREGISTER -> new Op(object, Op.Verb.SET, "v" + n);
            case SET, RWSET -> new Op(object, Op.Verb.ADD, "v" + n);
            case FLAG, DWFLAG -> new Op(object, Op.Verb.ADD, true);
            case MAP -> new Op(Address.at(Kind.SET, "", "k"), Op.Verb.ADD, "v" + n);
        };
    }

    private static Op undo(Address object) {
        return switch (object.kind()) {
            case GCOUNTER -> touch(object, 0);
            case COUNTER -> new Op(object, Op.Verb.RESET, null);
            case REGISTER, MVREGISTER -> new Op(object, Op.Verb.CLEAR, null);
            case SET, RWSET -> new Op(object, Op.Verb.REMOVE, "v0");
            case FLAG, DWFLAG -> new Op(object, Op.Verb.REMOVE, true);
            case MAP -> new Op(Address.at(Kind.SET, "", "k"), Op.Verb.REMOVE, "v0");
        };
    }

    /** A replica that has heard of {@code others} replicas and holds {@code size} writes of its own, "v0" first. */
    private static Peer grown(Backend backend, Address object, int others, int size) {
        Peer peer = backend.create(1, () -> 1_700_000_000_000L);
        Fragment heard = new Fragment();
        for (int i = 0; i < others; i++) {
            heard.dead(new At(1000L + i, 1));
        }
        peer.merge(heard.encode());
        for (int i = 0; i < size; i++) {
            peer.commit(List.of(touch(object, i)));
        }
        return peer;
    }

    /** D5: the size of a delta depends on what it does, not on how much state or how many replicas there are. */
    static void deltaSizeIsFlat(Backend backend, Kind kind) {
        Address object = Address.alone(kind);
        for (boolean undo : new boolean[] {false, true}) {
            Op op = undo ? undo(object) : touch(object, 0);
            int small = grown(backend, object, 1, 1).commit(List.of(op)).length;
            int large = grown(backend, object, 1000, 400).commit(List.of(op)).length;
            Laws.isTrue(
                    large <= small + 12 && large <= 64,
                    "D5: " + op + " takes " + small + " bytes at first and " + large + " with 1,000 replicas");
        }
    }

    /** D6: merging a small delta works on the delta, not on the state; counted in bytes allocated, which is exact. */
    static void mergeWorkIsFlat(Backend backend, Kind kind) {
        Address object = Address.alone(kind);
        long small = mergeAllocation(backend, object, 50);
        long large = mergeAllocation(backend, object, 2000);
        Laws.isTrue(
                large <= 2 * small + 2048,
                "D6: merging one delta allocates " + small + " bytes at 50 writes, " + large + " at 2,000");
    }

    private static long mergeAllocation(Backend backend, Address object, int size) {
        Peer peer = grown(backend, object, 1, size);
        Peer other = backend.create(2, () -> 1_700_000_000_000L);
        var thread = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 20; i++) {
            byte[] delta = other.commit(List.of(touch(object, size + i)));
            long before = thread.getCurrentThreadAllocatedBytes();
            peer.merge(delta);
            least = Math.min(least, thread.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }

    /** I1: two histories under one replica id are noticed on first contact, and nothing is merged. */
    static void forkIsDetected(Backend backend, Kind kind) {
        Address object = Address.alone(kind);
        Peer original = backend.create(5, () -> 1_700_000_000_000L);
        Peer clone = backend.create(5, () -> 1_700_000_000_000L);
        Peer bystander = backend.create(6, () -> 1_700_000_000_000L);
        Op other = kind == Kind.GCOUNTER || kind == Kind.COUNTER
                ? new Op(object, Op.Verb.INCREMENT, 2L)
                : kind == Kind.FLAG || kind == Kind.DWFLAG ? null : touch(object, 2);
        if (other == null) {
            return; // every enabling write of a flag is the same, so are its histories
        }
        byte[] one = original.commit(List.of(touch(object, 1)));
        byte[] two = clone.commit(List.of(other));
        bystander.merge(one);
        byte[] before = bystander.state();
        boolean noticed = false;
        try {
            bystander.merge(two);
        } catch (RuntimeException e) {
            noticed = true;
        }
        Laws.isTrue(noticed, "I1: two histories of one replica id are noticed");
        Laws.isTrue(Arrays.equals(before, bystander.state()), "I1: a refused merge leaves no trace");
    }

    /** O1: sums past 64 bits are exact; only the writer whose own total would overflow is refused. */
    static void sumsAreExact(Backend backend, Kind kind) {
        Address object = Address.alone(kind);
        Peer reader = backend.create(99, () -> 0);
        BigInteger expected = BigInteger.ZERO;
        for (int i = 0; i < 3; i++) {
            Peer writer = backend.create(i + 1, () -> 0);
            long n = kind == Kind.COUNTER && i == 2 ? -Long.MAX_VALUE : Long.MAX_VALUE;
            reader.merge(writer.commit(List.of(new Op(object, Op.Verb.INCREMENT, n))));
            expected = expected.add(BigInteger.valueOf(n));
            Laws.isTrue(reader.read(object).equals(expected), "O1: " + reader.read(object) + " is " + expected);
            byte[] before = writer.state();
            boolean refused = false;
            try {
                writer.commit(List.of(new Op(object, Op.Verb.INCREMENT, n < 0 ? -1L : 1L)));
            } catch (ArithmeticException e) {
                refused = true;
            }
            Laws.isTrue(refused, "O1: a total beyond 63 bits is refused where it would be written");
            Laws.isTrue(Arrays.equals(before, writer.state()), "O1: and leaves no trace");
        }
    }
}
