package dev.rejoin.crdt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rejoin.crdt.clock.ReplicaId;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Amounts as large as the format can carry make no sum wrong and stop nobody. */
class CounterBoundsTest {
    private static final ReplicaId A = ReplicaId.of(0xa1);
    private static final ObjectKey COUNT = ObjectKey.root(ObjectType.PNCOUNTER, "n");

    private static ObjectStore server() {
        return new ObjectStore(ReplicaId.of(9), false, () -> 0);
    }

    private static Delta amounts(long... amounts) {
        FragmentBuilder cells = FragmentBuilder.delta();
        for (int i = 0; i < amounts.length; i++) {
            cells.cell(A, i + 1, COUNT, new Amount(amounts[i]));
        }
        return Delta.decode(cells.build().encode());
    }

    @Test
    void theLeastAmountIsTakenBackExactly() {
        ObjectStore store = server();
        store.merge(amounts(Long.MIN_VALUE, 5), null);
        assertEquals(
                BigInteger.valueOf(Long.MIN_VALUE).add(BigInteger.valueOf(5)),
                store.counter(COUNT).exactValue());
        store.merge(Delta.voided(A, 1, 1), null);
        assertEquals(5, store.counter(COUNT).value());
        store.checkInvariants();

        ObjectStore client = new ObjectStore(ReplicaId.of(7), true, () -> 0);
        client.confirm(amounts(Long.MIN_VALUE, 5), 0, List.of());
        client.counter(COUNT).reset();
        assertEquals(0, client.counter(COUNT).value());
        client.confirm(Delta.EMPTY, client.issued(), List.of(new DotRange(1, client.issued())));
        client.checkInvariants();
    }

    @Test
    void foldingEndsWhereATotalWouldLeave63Bits() {
        ObjectStore store = server();
        long[] amounts = new long[20];
        java.util.Arrays.fill(amounts, 1);
        amounts[16] = Long.MAX_VALUE;
        amounts[17] = Long.MIN_VALUE;
        store.merge(amounts(amounts), null);
        BigInteger before = store.counter(COUNT).exactValue();
        Delta folded = store.fold(Map.of(A, 20L), 2);
        assertEquals(1, folded.cellCount());
        assertEquals(5, store.state().cellCount());
        assertEquals(before, store.counter(COUNT).exactValue());
        assertEquals(Delta.EMPTY, store.fold(Map.of(A, 20L), 2));
        store.merge(Delta.voided(A, 21, 21), null);
        store.checkInvariants();
    }

    @Test
    void nothingIsFoldedWhereTheFirstAmountIsTooMuch() {
        ObjectStore store = server();
        store.merge(amounts(Long.MIN_VALUE, 1, 1, 1), null);
        assertEquals(Delta.EMPTY, store.fold(Map.of(A, 20L), 2));
        store.merge(Delta.voided(A, 21, 21), null);
        store.checkInvariants();
    }

    @Test
    void aResetTakesBackMoreThanATotalCanHold() {
        Delta amounts = amounts(1, 1, Long.MAX_VALUE, Long.MAX_VALUE, Long.MIN_VALUE, 3);
        ObjectStore client = new ObjectStore(ReplicaId.of(7), true, () -> 0);
        client.confirm(amounts, 0, List.of());
        client.counter(COUNT).reset();
        Delta reset = Delta.decode(client.pending().get(0).delta().encode());

        ObjectStore plain = server();
        plain.merge(amounts, null);
        plain.merge(reset, null);
        assertEquals(BigInteger.ZERO, plain.counter(COUNT).exactValue());

        ObjectStore folding = server();
        folding.merge(amounts, null);
        folding.fold(Map.of(A, 20L), 2);
        folding.merge(reset, null);
        assertEquals(BigInteger.ZERO, folding.counter(COUNT).exactValue());
        folding.merge(FragmentBuilder.delta().cell(A, 7, COUNT, new Amount(4)).build(), null);
        assertEquals(4, folding.counter(COUNT).value());
        folding.checkInvariants();
    }

    @Test
    void ofTwoBaselinesUpToOneDotTheLargerCountsInAnyOrder() {
        Delta tally =
                FragmentBuilder.delta().cell(A, 9, COUNT, new Tally(100, 0)).build();
        Delta[] baselines = new Delta[2];
        for (int i = 0; i < 2; i++) {
            baselines[i] = FragmentBuilder.delta()
                    .cell(ReplicaId.of(i + 1), 1, COUNT, new Baseline(List.of(new Baseline.Entry(A, 5, 10 * i + 1, 0))))
                    .build();
        }
        for (int first = 0; first < 2; first++) {
            ObjectStore store = server();
            store.merge(tally, null);
            store.merge(baselines[first], null);
            store.merge(baselines[1 - first], null);
            assertEquals(89, store.counter(COUNT).value());
            store.checkInvariants();
        }
    }
}
