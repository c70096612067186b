package dev.rejoin.crdt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.clock.ReplicaId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Objects that have been emptied take no memory, though others may still hold their handles and snapshots their cells. */
class ForgottenObjectsTest {
    private static final ObjectKey ROWS = ObjectKey.root(ObjectType.MAP, "rows");

    private static ObjectStore store(long id) {
        return new ObjectStore(ReplicaId.of(id), false, () -> 1_000);
    }

    @Test
    void rowsThatComeAndGoLeaveNothingBehind() {
        ObjectStore store = store(1);
        OrMap rows = store.map(ROWS);
        for (int i = 0; i < 50_000; i++) {
            rows.map("row" + i).register("title", ValueCodec.STRING).set("x");
            rows.remove("row" + i);
        }
        assertTrue(store.objectCount() < 5_000, () -> store.objectCount() + " objects");
        assertEquals(0, store.state().cellCount());
        store.checkInvariants();
    }

    @Test
    void aHandleOutlivesWhatItNames() {
        ObjectStore store = store(1);
        OrMap rows = store.map(ROWS);
        LwwRegister<String> title = rows.register("kept", ValueCodec.STRING);
        title.set("first");
        title.clear();
        for (int i = 0; i < 5_000; i++) {
            rows.register("row" + i, ValueCodec.STRING).set("x");
            rows.remove("row" + i);
        }
        assertTrue(title.isEmpty());
        for (int i = 0; i < 3_000; i++) {
            rows.register("later" + i, ValueCodec.STRING).set("y" + i);
        }
        title.set("second");
        assertEquals("second", title.get());
        assertEquals("y7", rows.register("later7", ValueCodec.STRING).get());
        assertEquals(3_001, rows.keys().size());
        store.checkInvariants();
    }

    @Test
    void snapshotsKeepWhatTheStoreForgets() {
        Random random = new Random(7);
        ObjectStore store = store(1);
        OrMap rows = store.map(ROWS);
        List<ObjectStore.Frozen> taken = new ArrayList<>();
        List<Delta> states = new ArrayList<>();
        Map<Integer, String> model = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            int row = random.nextInt(40) + i / 100 * 20;
            if (random.nextInt(5) < 2) {
                rows.register("row" + row, ValueCodec.STRING).set("v" + i);
                model.put(row, "v" + i);
            } else {
                int old = Math.max(0, row - random.nextInt(200));
                rows.remove("row" + old);
                model.remove(old);
            }
            if (i % 997 == 0) {
                taken.add(store.freeze());
                states.add(store.state());
            }
        }
        assertTrue(store.objectCount() < 6_000, () -> store.objectCount() + " objects");
        for (int i = 0; i < taken.size(); i++) {
            assertEquals(states.get(i), taken.get(i).state());
        }
        Map<Integer, String> read = new HashMap<>();
        rows.keys()
                .forEach(name -> read.put(
                        Integer.parseInt(name.substring(3)),
                        rows.register(name, ValueCodec.STRING).get()));
        assertEquals(model, read);
        store.checkInvariants();
    }

    @Test
    void aRefusedTransactionOnForgottenObjectsIsTakenBack() {
        ObjectStore client = new ObjectStore(ReplicaId.of(1), true, () -> 1_000);
        OrMap rows = client.map(ROWS);
        for (int round = 0; round < 40; round++) {
            long first = client.issued() + 1;
            for (int i = 0; i < 200; i++) {
                rows.counter("c" + round + "-" + i).increment();
            }
            List<DotRange> voided = round % 2 == 0 ? List.of(new DotRange(first, client.issued())) : List.of();
            client.confirm(Delta.EMPTY, client.issued(), voided);
            rows.clear();
            client.confirm(Delta.EMPTY, client.issued(), List.of());
        }
        assertTrue(rows.isEmpty());
        client.checkInvariants();
    }
}
