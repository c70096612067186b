package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.Dot;
import dev.rejoin.crdt.clock.HybridClock;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The reading half of the binary format of fragments (docs/reference/binary-format.md). It accepts exactly what
 * {@link DeltaEncoder} writes, allocates in proportion to the bytes that are there, and recurses no deeper than the
 * format nests. Its tables start empty and live as long as it does.
 */
final class DeltaDecoder {

    private final DeltaLimits limits;
    private final ObjectTable objects = new ObjectTable();
    private final @Nullable ReplicaTable link;
    private long lastMillis;
    private ByteSource in = new ByteSource(new byte[0]);

    DeltaDecoder(DeltaLimits limits, @Nullable ReplicaTable link) {
        this.limits = limits;
        this.link = link;
    }

    static Delta selfContained(byte[] bytes, DeltaLimits limits) {
        return new DeltaDecoder(limits, null).read(bytes);
    }

    int objectCount() {
        return objects.size();
    }

    Delta read(byte[] bytes) {
        if (bytes.length > limits.maxBytes()) {
            throw new MalformedDeltaException("more than maxBytes " + limits.maxBytes(), limits.maxBytes());
        }
        in = new ByteSource(bytes);
        if (link == null && (bytes.length == 0 || in.u8() != DeltaEncoder.FORMAT)) {
            throw new MalformedDeltaException("a fragment starts with 52", 0);
        }
        DeltaAssembler out = new DeltaAssembler();
        ReplicaId previous = null;
        int sections = 0;
        long dots = 0;
        while (!in.exhausted()) {
            int number = link == null ? -1 : linkReplica(link);
            ReplicaId replica = link == null ? ReplicaId.of(in.fixed64()) : link.get(number);
            if (previous != null && previous.compareTo(replica) >= 0) {
                throw in.malformed("replicas are not strictly ascending");
            }
            if (link == null && ++sections > limits.maxReplicas()) {
                throw above("maxReplicas", limits.maxReplicas());
            }
            previous = replica;
            out.section(replica);
            dots += readRuns(out, number, dots);
        }
        return out.build();
    }

    private MalformedDeltaException above(String limit, long bound) {
        return in.malformed("more than " + limit + " " + bound);
    }

    private int linkReplica(ReplicaTable table) {
        int number = (int) in.varint(0, table.size(), "index of a replica");
        if (number == table.size()) {
            ReplicaId replica = ReplicaId.of(in.fixed64());
            if (table.indexOf(replica) >= 0) {
                throw in.malformed("replica defined twice");
            }
            if (number >= limits.maxReplicas()) {
                throw above("maxReplicas", limits.maxReplicas());
            }
            table.add(replica);
        }
        return number;
    }

    /** Reads the runs of a section; returns how many dots it claims. */
    private long readRuns(DeltaAssembler out, int number, long dotsBefore) {
        long dots = 0;
        long below = 0;
        boolean first = true;
        boolean above = false;
        boolean more;
        do {
            long token = in.varint();
            boolean live = (token & 1) != 0;
            more = (token & 4) != 0;
            long gap = token >>> 3;
            if (!first && gap == 0 && live == above) {
                throw in.malformed("adjacent runs that are alike");
            }
            long high = first ? firstHigh(number, gap) : below - gap;
            if (high < 1 || high > Dot.MAX_COUNTER) {
                throw in.malformed("counter out of range");
            }
            long length = (token & 2) == 0 ? 1 : in.varint(0, high - 2, "length of a run") + 2;
            dots += length;
            if (dots > limits.maxDots() - dotsBefore) {
                throw above("maxDots", limits.maxDots());
            }
            long low = high - length + 1;
            out.run(high, low, live);
            if (live) {
                readCells(out, high, low);
            }
            below = low - 1;
            above = live;
            first = false;
        } while (more);
        return dots;
    }

    private long firstHigh(int number, long gap) {
        if (link == null) {
            return gap;
        }
        long high = link.highest(number) + (gap >>> 1 ^ -(gap & 1));
        link.seen(number, Math.min(high, Dot.MAX_COUNTER));
        return high;
    }

    private void readCells(DeltaAssembler out, long high, long low) {
        if (high - low >= limits.maxCells() - out.cellCount()) {
            throw above("maxCells", limits.maxCells());
        }
        if (high - low >= in.remaining()) {
            throw in.malformed("live run longer than the input"); // a cell takes two bytes at least
        }
        for (long counter = high; counter >= low; counter--) {
            out.cell(readCell());
        }
    }

    private Cell readCell() {
        long header = in.varint();
        long index = header >>> 3;
        ObjectKey object;
        if (index < objects.size()) {
            object = objects.get((int) index);
        } else if (index == objects.size()) {
            object = readDefinition(1);
        } else {
            throw in.malformed("index of an object out of range");
        }
        Object payload = readPayload((int) (header & 7));
        if (!Kind.admits(object.typeCode(), payload)) {
            throw in.malformed("cell of a kind that does not belong to " + object.typeCode());
        }
        return new Cell(object, payload);
    }

    private ObjectKey readDefinition(int depth) {
        if (depth > ObjectKey.MAX_DEPTH) {
            throw in.malformed("path deeper than " + ObjectKey.MAX_DEPTH);
        }
        int coded = (int) in.varint(0, objects.size() + 1L, "parent of an object");
        ObjectKey parent = null;
        if (coded == objects.size() + 1) {
            parent = readDefinition(depth + 1);
        } else if (coded > 0) {
            parent = objects.get(coded - 1);
        }
        int type = (int) in.varint(1, Integer.MAX_VALUE, "type of an object");
        int length = in.length();
        if (length > ObjectKey.MAX_KEY_BYTES) {
            throw in.malformed("key longer than " + ObjectKey.MAX_KEY_BYTES + " bytes");
        }
        ObjectKey object = ObjectKey.read(in, parent, type, in.utf8(length));
        if (objects.indexOf(object) >= 0) {
            throw in.malformed("object defined twice");
        }
        if (objects.size() >= limits.maxObjects()) {
            throw above("maxObjects", limits.maxObjects());
        }
        objects.add(object);
        return object;
    }

    private Object readPayload(int kind) {
        switch (kind) {
            case Kind.VALUE:
                return Values.read(in);
            case Kind.STAMPED:
                long millis = lastMillis + in.zigzag();
                if (millis < 0 || millis > HybridClock.MAX_MILLIS) {
                    throw in.malformed("milliseconds out of range");
                }
                int logical = (int) in.varint(0, HybridClock.MAX_LOGICAL, "logical part of a stamp");
                lastMillis = millis;
                return new Stamped(HybridClock.stamp(millis, logical), Values.read(in));
            case Kind.AMOUNT:
                long amount = in.zigzag();
                if (amount == 0) {
                    throw in.malformed("amount of 0");
                }
                return new Amount(amount);
            case Kind.TALLY:
                return new Tally(readTotal(), readTotal());
            case Kind.ABSENT:
                return new Absent(Values.read(in));
            case Kind.EXTENDED:
                return readExtended();
            default:
                throw in.malformed("reserved kind of a cell");
        }
    }

    private long readTotal() {
        return in.varint(0, Long.MAX_VALUE, "total");
    }

    private Object readExtended() {
        int code = (int) in.varint(1, Integer.MAX_VALUE, "code of an extended cell");
        int length = in.length();
        if (code != Kind.EXTENDED_BASELINE && code != Kind.EXTENDED_FOLD) {
            return new Opaque(code, Bytes.ofOwned(in.raw(length)));
        }
        int end = in.position() + length;
        List<Baseline.Entry> entries = new ArrayList<>(1);
        do {
            ReplicaId owner = ReplicaId.of(in.fixed64());
            if (!entries.isEmpty() && entries.get(entries.size() - 1).owner().compareTo(owner) >= 0) {
                throw in.malformed("owners are not strictly ascending");
            }
            long upto = in.varint(1, Dot.MAX_COUNTER, "counter");
            entries.add(new Baseline.Entry(owner, upto, readTotal(), readTotal()));
        } while (code == Kind.EXTENDED_BASELINE && in.position() < end);
        if (in.position() != end) {
            throw in.malformed("length of an extended cell does not match its content");
        }
        if (code == Kind.EXTENDED_BASELINE) {
            return new Baseline(entries);
        }
        Baseline.Entry only = entries.get(0);
        return new Fold(only.owner(), only.upto(), only.p(), only.n());
    }
}
