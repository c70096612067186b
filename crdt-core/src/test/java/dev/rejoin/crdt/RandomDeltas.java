package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.ReplicaId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Arbitrary values and deltas. The cell of a dot is a function of the dot, so that deltas of one source never conflict. */
final class RandomDeltas {

    private static final long[] REPLICAS = {1, 2, Long.MAX_VALUE, Long.MIN_VALUE, -1};

    private RandomDeltas() {}

    static Object value(Random random, int depth) {
        switch (random.nextInt(depth > 3 ? 9 : 11)) {
            case 0:
                return Values.NULL;
            case 1:
                return random.nextBoolean();
            case 2:
                return Values.canonical(random.nextInt(300) - 150);
            case 3:
                return Values.canonical(random.nextLong() >> random.nextInt(64));
            case 4:
                return Values.canonical(Double.longBitsToDouble(random.nextLong()));
            case 5:
                return Values.canonical(random.nextInt(2000) / 8.0);
            case 6:
            case 7:
                return string(random, random.nextInt(10) == 0 ? 90 : 8);
            case 8:
                byte[] bytes = new byte[random.nextInt(12)];
                random.nextBytes(bytes);
                return Bytes.of(bytes);
            case 9:
                List<Object> list = new ArrayList<>();
                for (int i = random.nextInt(5); i > 0; i--) {
                    list.add(value(random, depth + 1));
                }
                return Values.canonical(list);
            default:
                Map<String, Object> map = new HashMap<>();
                for (int i = random.nextInt(5); i > 0; i--) {
                    map.put(string(random, 4), value(random, depth + 1));
                }
                return Values.canonical(map);
        }
    }

    static String string(Random random, int longest) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(longest + 1); i > 0; i--) {
            int point;
            switch (random.nextInt(8)) {
                case 0:
                    point = random.nextInt(0x800);
                    break;
                case 1:
                    point = 0xE000 + random.nextInt(0x2000);
                    break;
                case 2:
                    point = 0x10000 + random.nextInt(0x100000);
                    break;
                default:
                    point = 'a' + random.nextInt(26);
            }
            text.appendCodePoint(point);
        }
        return text.toString();
    }

    static ObjectKey object(Random random, ObjectType type) {
        ObjectKey parent = null;
        for (int i = random.nextInt(4); i > 0; i--) {
            String key = "m" + random.nextInt(2);
            parent = parent == null ? ObjectKey.root(ObjectType.MAP, key) : parent.child(ObjectType.MAP, key);
        }
        return ObjectKey.of(parent, type.code(), type.label().charAt(0) + "" + random.nextInt(2));
    }

    /** The cell that the dot holds in this source, if it is live. */
    static Cell cell(long source, ReplicaId replica, long counter) {
        Random random = new Random(source * 31 + replica.bits() * 1_000_003 + counter);
        random.nextInt();
        int total = random.nextInt(1000);
        switch (random.nextInt(11)) {
            case 0:
                return new Cell(object(random, ObjectType.GCOUNTER), new Tally(total, 0));
            case 1:
                return new Cell(object(random, ObjectType.PNCOUNTER), new Amount(1 + random.nextLong() >>> 1));
            case 2:
                return new Cell(object(random, ObjectType.PNCOUNTER), new Tally(total, random.nextInt(3)));
            case 3:
                return new Cell(
                        object(random, ObjectType.LWW_REGISTER),
                        new Stamped(random.nextLong() >>> 1, value(random, 1)));
            case 4:
                return new Cell(object(random, ObjectType.MV_REGISTER), value(random, 1));
            case 5:
                return new Cell(object(random, ObjectType.RW_SET), new Absent(value(random, 1)));
            case 6:
                return new Cell(object(random, ObjectType.FLAG), Boolean.TRUE);
            case 7:
                return new Cell(object(random, ObjectType.PNCOUNTER), new Fold(replica, counter, total, 1));
            case 8:
                return new Cell(
                        object(random, ObjectType.PNCOUNTER),
                        new Baseline(List.of(
                                new Baseline.Entry(ReplicaId.of(1), counter, total, 0),
                                new Baseline.Entry(ReplicaId.of(-1), counter, 0, total))));
            case 9:
                return new Cell(
                        ObjectKey.of(null, 10 + random.nextInt(3), "unknown"),
                        new Opaque(3 + random.nextInt(9), Bytes.of((byte) total)));
            default:
                return new Cell(object(random, ObjectType.OR_SET), value(random, 1));
        }
    }

    /** A delta over a few replicas with runs, gaps, and cells of this source. */
    static Delta delta(long source, Random random) {
        FragmentBuilder delta = FragmentBuilder.delta();
        for (long bits : REPLICAS) {
            if (random.nextInt(3) == 0) {
                continue;
            }
            ReplicaId replica = ReplicaId.of(bits);
            int claimed = 1 + random.nextInt(3);
            for (long counter = 1; counter <= 12; counter++) {
                if (random.nextInt(4) < claimed) {
                    if (random.nextInt(3) > 0) {
                        Cell cell = cell(source, replica, counter);
                        delta.cell(replica, counter, cell.object(), cell.payload());
                    } else {
                        delta.dead(replica, counter, counter);
                    }
                }
            }
        }
        return delta.build();
    }
}
