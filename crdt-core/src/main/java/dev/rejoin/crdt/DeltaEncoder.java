package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.HybridClock;
import org.jspecify.annotations.Nullable;

/**
 * The writing half of the binary format of fragments (docs/reference/binary-format.md): its tables start empty and live
 * as long as it does.
 */
final class DeltaEncoder {

    static final int FORMAT = 0x52;

    private final ByteSink out;
    private final ObjectTable objects = new ObjectTable();
    private final @Nullable ReplicaTable link;
    private long lastMillis;

    DeltaEncoder(ByteSink out, @Nullable ReplicaTable link) {
        this.out = out;
        this.link = link;
    }

    static byte[] selfContained(Delta delta) {
        ByteSink out = new ByteSink(48 + 8 * delta.cells.length);
        out.u8(FORMAT);
        new DeltaEncoder(out, null).write(delta);
        return out.toByteArray();
    }

    int objectCount() {
        return objects.size();
    }

    // benchmark: DeltaCodecBenchmark
    void write(Delta delta) {
        long[] runs = delta.runs;
        int run = 0;
        int cell = 0;
        for (int section = 0; section < delta.replicas.length; section++) {
            long firstGap = writeReplica(delta, section, runs[2 * run] >>> 1);
            int end = delta.runEnds[section];
            for (int first = run; run < end; run++) {
                long high = runs[2 * run] >>> 1;
                long low = runs[2 * run + 1];
                long live = runs[2 * run] & 1;
                long gap = run == first ? firstGap : runs[2 * run - 1] - 1 - high;
                out.varint(gap << 3 | (run + 1 < end ? 4 : 0) | (high > low ? 2 : 0) | live);
                if (high > low) {
                    out.varint(high - low - 1);
                }
                if (live != 0) {
                    for (long n = high - low; n >= 0; n--) {
                        writeCell(delta.cells[cell++]);
                    }
                }
            }
        }
    }

    private long writeReplica(Delta delta, int section, long high) {
        long bits = delta.replicas[section].bits();
        if (link == null) {
            out.fixed64(bits);
            return high;
        }
        int index = link.indexOf(delta.replicas[section]);
        if (index < 0) {
            index = link.size();
            link.add(delta.replicas[section]);
            out.varint(index);
            out.fixed64(bits);
        } else {
            out.varint(index);
        }
        long ahead = high - link.highest(index);
        link.seen(index, high);
        return ahead << 1 ^ ahead >> 63;
    }

    private void writeCell(Cell cell) {
        Object payload = cell.payload();
        int kind = Kind.of(payload);
        int index = objects.indexOf(cell.object());
        if (index >= 0) {
            out.varint((long) index << 3 | kind);
        } else {
            out.varint((long) objects.size() << 3 | kind);
            define(cell.object());
        }
        switch (kind) {
            case Kind.VALUE:
                Values.write(out, payload);
                break;
            case Kind.STAMPED:
                Stamped stamped = (Stamped) payload;
                long millis = HybridClock.millis(stamped.hlc());
                out.zigzag(millis - lastMillis);
                out.varint(HybridClock.logical(stamped.hlc()));
                lastMillis = millis;
                Values.write(out, stamped.value());
                break;
            case Kind.AMOUNT:
                out.zigzag(((Amount) payload).n());
                break;
            case Kind.TALLY:
                Tally tally = (Tally) payload;
                out.varint(tally.p());
                out.varint(tally.n());
                break;
            case Kind.ABSENT:
                Values.write(out, ((Absent) payload).value());
                break;
            default:
                writeExtended(payload);
        }
    }

    /** Writes the definition of an object that the table lacks, its ancestors included where it lacks them too. */
    private void define(ObjectKey object) {
        ObjectKey parent = object.parent();
        if (parent == null) {
            out.varint(0);
        } else {
            int index = objects.indexOf(parent);
            if (index >= 0) {
                out.varint(index + 1L);
            } else {
                out.varint(objects.size() + 1L);
                define(parent);
            }
        }
        int length = Utf8.checkedLength(object.key());
        out.varint(object.typeCode());
        out.varint(length);
        out.utf8(object.key(), length);
        objects.add(object);
    }

    private void writeExtended(Object payload) {
        if (payload instanceof Opaque opaque) {
            out.varint(opaque.code());
            out.varint(opaque.content().length());
            out.raw(opaque.content().content());
            return;
        }
        ByteSink content = new ByteSink(32);
        if (payload instanceof Baseline baseline) {
            out.varint(Kind.EXTENDED_BASELINE);
            for (Baseline.Entry entry : baseline.entries()) {
                writeTotals(content, entry.owner().bits(), entry.upto(), entry.p(), entry.n());
            }
        } else {
            Fold fold = (Fold) payload;
            out.varint(Kind.EXTENDED_FOLD);
            writeTotals(content, fold.owner().bits(), fold.upto(), fold.p(), fold.n());
        }
        byte[] bytes = content.toByteArray();
        out.varint(bytes.length);
        out.raw(bytes);
    }

    private static void writeTotals(ByteSink out, long owner, long upto, long p, long n) {
        out.fixed64(owner);
        out.varint(upto);
        out.varint(p);
        out.varint(n);
    }
}
