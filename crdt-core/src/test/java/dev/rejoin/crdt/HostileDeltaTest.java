package dev.rejoin.crdt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.clock.CpuTime;
import dev.rejoin.crdt.clock.Dot;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.ReplicaId;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What strangers can make a decoder do is bounded by the bytes that they send. */
class HostileDeltaTest {

    private static final ReplicaId A = ReplicaId.of(0xa1);

    private static long allocatedBy(Runnable work) {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long id = Thread.currentThread().getId();
        long before = threads.getThreadAllocatedBytes(id);
        work.run();
        return threads.getThreadAllocatedBytes(id) - before;
    }

    @Test
    void aLiveRunAllocatesNothingForCellsThatAreNotThere() {
        // one live run of 2^43 dots, and a megabyte that is no cell
        byte[] head = HexFormat.of().parseHex("5200000000000000a1" + "838080808080" + "02" + "feffffffff7f");
        byte[] bytes = Arrays.copyOf(head, 1 << 20);
        long allocated = allocatedBy(() -> assertThrows(MalformedDeltaException.class, () -> Delta.decode(bytes)));
        assertTrue(allocated < 1 << 20, () -> allocated + " bytes allocated");
    }

    @Test
    void aMebibyteOfTheSmallestCellsAllocatesInProportion() {
        FragmentBuilder many = FragmentBuilder.delta();
        ObjectKey flag = ObjectKey.root(ObjectType.FLAG, "f");
        for (int i = 1; i <= 500_000; i++) {
            many.cell(A, i, flag, true);
        }
        byte[] bytes = many.build().encode();
        long allocated =
                allocatedBy(() -> assertEquals(500_000, Delta.decode(bytes).cellCount()));
        assertTrue(allocated < 64L * bytes.length, () -> allocated + " bytes for " + bytes.length);
    }

    @Test
    void runsOfTheSmallestSizeAllocateInProportion() {
        FragmentBuilder many = FragmentBuilder.delta();
        for (int i = 1; i <= 500_000; i++) {
            many.dead(A, 2L * i, 2L * i);
        }
        byte[] bytes = many.build().encode();
        long allocated =
                allocatedBy(() -> assertEquals(500_000, Delta.decode(bytes).dotCount()));
        assertTrue(allocated < 128L * bytes.length, () -> allocated + " bytes for " + bytes.length);
        CpuTime.assertWithin(
                Duration.ofSeconds(5),
                () -> assertEquals(500_000, Delta.decode(bytes).context().dotCount()));
    }

    @Test
    void keysWithOneHashAreReadInOrderlyTime() {
        List<String> keys = new ArrayList<>(List.of(""));
        for (int i = 0; i < 15; i++) {
            List<String> longer = new ArrayList<>(2 * keys.size());
            for (String key : keys) {
                longer.add(key + "Aa");
                longer.add(key + "BB");
            }
            keys = longer;
        }
        FragmentBuilder many = FragmentBuilder.delta();
        long counter = 0;
        for (String key : keys) {
            many.cell(A, ++counter, ObjectKey.root(ObjectType.OR_SET, key), 1);
        }
        Delta delta = many.build();
        CpuTime.assertWithin(Duration.ofSeconds(5), () -> assertEquals(delta, Delta.decode(delta.encode())));
    }

    @Test
    void theTablesOfALinkAreBounded() {
        DeltaWriter writer = new DeltaWriter();
        DeltaReader reader = new DeltaReader(new DeltaLimits(1 << 20, 2, Long.MAX_VALUE, 100, 3));
        for (int i = 0; i < 3; i++) {
            ObjectKey object = ObjectKey.root(ObjectType.OR_SET, "s" + i);
            reader.read(writer.write(
                    FragmentBuilder.delta().cell(A, i + 1, object, "x").build()));
        }
        assertEquals(3, reader.objectCount());
        byte[] fourth = writer.write(FragmentBuilder.delta()
                .cell(A, 4, ObjectKey.root(ObjectType.OR_SET, "s4"), "x")
                .build());
        assertThrows(MalformedDeltaException.class, () -> reader.read(fourth));

        DeltaWriter crowd = new DeltaWriter();
        DeltaReader door = new DeltaReader(new DeltaLimits(1 << 20, 2, Long.MAX_VALUE, 100, 3));
        door.read(crowd.write(Delta.voided(ReplicaId.of(1), 1, 1)));
        door.read(crowd.write(Delta.voided(ReplicaId.of(2), 1, Dot.MAX_COUNTER)));
        byte[] third = crowd.write(Delta.voided(ReplicaId.of(3), 1, 1));
        assertThrows(MalformedDeltaException.class, () -> door.read(third));
    }

    @Test
    void valuesNestedInCellsAreBoundedInDepth() {
        String hex = "5200000000000000a1" + "09" + "01" + "00050173" + "0701".repeat(200_000) + "00";
        byte[] bytes = HexFormat.of().parseHex(hex);
        assertThrows(MalformedDeltaException.class, () -> Delta.decode(bytes));
    }
}
