package dev.rejoin.crdt.yjs;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Operations on updates as bytes, without a document: what a server needs that relays and stores documents it never opens.
 *
 * <p>Results have the same effect as what they are made of, in any order of arrival. Runs that continue each other become one, so that a log of keystrokes
 * merges into a few bytes more than its text. O(structs · log structs)
 */
public final class Updates {
    private Updates() {}

    /**
     * Merges updates of the first encoding. Where one lacks what another builds on, the result has a gap there.
     *
     * @throws MalformedUpdateException if one of them is not an update
     */
    public static byte[] merge(List<byte[]> updates) {
        return merged(decode(updates, false), StateVector.EMPTY, true, UpdateWriter.v1());
    }

    /** As {@link #merge}, for the second encoding. */
    public static byte[] mergeV2(List<byte[]> updates) {
        return merged(decode(updates, true), StateVector.EMPTY, true, UpdateWriter.v2());
    }

    /**
     * What of an update of the first encoding a holder of {@code known} lacks; its deletions stay whole.
     *
     * @throws MalformedUpdateException if it is not an update
     */
    public static byte[] diff(byte[] update, StateVector known) {
        return merged(decode(List.of(update), false), known, true, UpdateWriter.v1());
    }

    /** As {@link #diff(byte[], StateVector)}, for the bytes of a state vector. */
    public static byte[] diff(byte[] update, byte[] encodedStateVector) {
        return diff(update, StateVector.decode(encodedStateVector));
    }

    /** As {@link #diff(byte[], StateVector)}, for the second encoding. */
    public static byte[] diffV2(byte[] update, StateVector known) {
        return merged(decode(List.of(update), true), known, true, UpdateWriter.v2());
    }

    /** As {@link #diffV2(byte[], StateVector)}, for the bytes of a state vector. */
    public static byte[] diffV2(byte[] update, byte[] encodedStateVector) {
        return diffV2(update, StateVector.decode(encodedStateVector));
    }

    /**
     * For each client the first clock that an update of the first encoding does not have, counted from 0.
     *
     * @throws MalformedUpdateException if it is not an update
     */
    public static StateVector stateVector(byte[] update) {
        return stateVector(decode(List.of(update), false));
    }

    /** As {@link #stateVector(byte[])}, for the second encoding. */
    public static StateVector stateVectorV2(byte[] update) {
        return stateVector(decode(List.of(update), true));
    }

    /** What an update of the first encoding deletes. */
    public static DeleteSet deleteSet(byte[] update) {
        return deleteSet(decode(List.of(update), false));
    }

    /** What an update of the second encoding deletes. */
    public static DeleteSet deleteSetV2(byte[] update) {
        return deleteSet(decode(List.of(update), true));
    }

    /** Whether an update of the first encoding says nothing. */
    public static boolean isEmpty(byte[] update) {
        StructBatch batch = decode(List.of(update), false);
        return batch.count == 0 && batch.deleteCount == 0;
    }

    /**
     * How many structs an update of the first encoding has: items, deleted ranges that were collected, gaps. Linear in its length.
     *
     * @throws MalformedUpdateException if it is not an update
     */
    public static int structs(byte[] update) {
        return decode(List.of(update), false).count;
    }

    /** An update of the first encoding in the second. */
    public static byte[] convertV1toV2(byte[] update) {
        return merged(decode(List.of(update), false), StateVector.EMPTY, false, UpdateWriter.v2());
    }

    /** An update of the second encoding in the first. */
    public static byte[] convertV2toV1(byte[] update) {
        return merged(decode(List.of(update), true), StateVector.EMPTY, false, UpdateWriter.v1());
    }

    private static StructBatch decode(List<byte[]> updates, boolean second) {
        StructBatch batch = new StructBatch();
        for (byte[] update : updates) {
            if (second) {
                batch.appendV2(update, 0, update.length, UpdateLimits.DEFAULT);
            } else {
                batch.appendV1(update, 0, update.length, UpdateLimits.DEFAULT);
            }
        }
        return batch;
    }

    private static DeleteSet deleteSet(StructBatch batch) {
        DeleteSet.Builder builder = DeleteSet.builder();
        for (int i = 0; i < batch.deleteCount; i++) {
            builder.add(batch.deleteClient[i], batch.deleteClock[i], batch.deleteLength[i]);
        }
        return builder.build();
    }

    private static StateVector stateVector(StructBatch batch) {
        StateVector.Builder builder = StateVector.builder();
        Order order = new Order(batch);
        for (int group = 0; group < order.groups(); group++) {
            long next = 0;
            for (int k = order.start(group); k < order.end(group); k++) {
                int i = order.struct(k);
                if (batch.clock[i] > next) {
                    break;
                }
                next = Math.max(next, batch.clock[i] + batch.length[i]);
            }
            if (next > 0) {
                builder.add(order.client(group), next);
            }
        }
        return builder.build();
    }

    /** The structs of a batch by client, the highest first, then by clock; those of one clock in the order in which they came. */
    private static final class Order {
        private final long[] clients;
        private final int[] ends;
        private final long[] keys;
        private final int[] structs;

        Order(StructBatch batch) {
            long[] ids = Arrays.copyOf(batch.client, batch.count);
            Arrays.sort(ids);
            int distinct = 0;
            for (int i = 0; i < ids.length; i++) {
                if (i == 0 || ids[i] != ids[i - 1]) {
                    ids[distinct++] = ids[i];
                }
            }
            clients = Arrays.copyOf(ids, distinct);
            ends = new int[distinct];
            int[] groupOf = new int[batch.count];
            for (int i = 0; i < batch.count; i++) {
                groupOf[i] = distinct - 1 - Arrays.binarySearch(clients, batch.client[i]);
                ends[groupOf[i]]++;
            }
            int[] places = new int[distinct];
            int place = 0;
            for (int group = 0; group < distinct; group++) {
                places[group] = place;
                place += ends[group];
                ends[group] = place;
            }
            keys = new long[batch.count];
            structs = new int[batch.count];
            int[] starts = places.clone();
            for (int i = 0; i < batch.count; i++) {
                int at = places[groupOf[i]]++;
                keys[at] = batch.clock[i] << 32 | at - starts[groupOf[i]];
                structs[at] = i;
            }
            for (int group = 0; group < distinct; group++) {
                int from = starts[group];
                int to = ends[group];
                int[] came = Arrays.copyOfRange(structs, from, to);
                Arrays.sort(keys, from, to);
                for (int k = from; k < to; k++) {
                    structs[k] = came[(int) keys[k]];
                }
            }
        }

        int groups() {
            return clients.length;
        }

        long client(int group) {
            return clients[clients.length - 1 - group];
        }

        int start(int group) {
            return group == 0 ? 0 : ends[group - 1];
        }

        int end(int group) {
            return ends[group];
        }

        int struct(int k) {
            return structs[k];
        }
    }

    private static byte[] merged(StructBatch batch, StateVector known, boolean joining, UpdateWriter out) {
        Order order = new Order(batch);
        Runs runs = new Runs(batch, joining);
        int[] firstRuns = new int[order.groups() + 1];
        int sections = 0;
        for (int group = 0; group < order.groups(); group++) {
            long next = known.get(order.client(group));
            boolean begun = false;
            for (int k = order.start(group); k < order.end(group); k++) {
                int i = order.struct(k);
                long end = batch.clock[i] + batch.length[i];
                if (end <= next) {
                    continue;
                }
                if (batch.clock[i] > next && begun) {
                    runs.skip(batch.clock[i] - next);
                }
                runs.add(i, (int) Math.max(0, next - batch.clock[i]), begun);
                begun = true;
                next = end;
            }
            firstRuns[group + 1] = runs.count();
            sections += begun ? 1 : 0;
        }
        out.count(sections);
        for (int group = 0; group < order.groups(); group++) {
            int from = firstRuns[group];
            int to = firstRuns[group + 1];
            if (to > from) {
                out.section(to - from, order.client(group), runs.clock(from));
                for (int run = from; run < to; run++) {
                    runs.write(run, out);
                }
            }
        }
        deleteSet(batch).writeTo(out);
        return out.toByteArray();
    }

    /** Structs, or parts of them, that are written as one; and Skips. */
    private static final class Runs {
        private final StructBatch batch;
        private final boolean joining;

        /** By run: its first piece; −1 − the length for a Skip. */
        private long[] first = new long[8];

        private int runs;
        private int[] struct = new int[8];
        private int[] offset = new int[8];
        private int pieces;

        /** Whether the newest run is known to be part of a list. */
        private boolean listed;

        Runs(StructBatch batch, boolean joining) {
            this.batch = batch;
            this.joining = joining;
        }

        int count() {
            return runs;
        }

        void skip(long length) {
            begin(-1 - length);
        }

        private void begin(long value) {
            if (runs == first.length) {
                first = Arrays.copyOf(first, 2 * runs);
            }
            first[runs++] = value;
        }

        void add(int i, int from, boolean sameGroup) {
            if (!joining || !sameGroup || first[runs - 1] < 0 || !continues(i, from)) {
                begin(pieces);
                listed = false;
            }
            listed |= isListed(i);
            if (pieces == struct.length) {
                struct = Arrays.copyOf(struct, 2 * pieces);
                offset = Arrays.copyOf(offset, 2 * pieces);
            }
            struct[pieces] = i;
            offset[pieces++] = from;
        }

        /** Whether a struct, from an offset on, is the continuation of the piece before it: as one item it would mean the same. */
        private boolean continues(int i, int from) {
            int before = struct[pieces - 1];
            int kind = batch.ref[i];
            if (kind != batch.ref[before]) {
                return false;
            }
            if (kind == Items.GC) {
                return true;
            }
            if (kind != Items.STRING && kind != Items.DELETED && kind != Items.ANY && kind != Items.JSON) {
                return false;
            }
            int flags = batch.flags[i];
            int known = batch.flags[before];
            if (from == 0
                    && kind != Items.DELETED
                    && (((flags | known) & StructBatch.HAS_SUB) != 0 || kind != Items.STRING && !listed)) {
                // of values under one key each replaces the one before, which as one item they would not; yjs loses the
                // flag
                // that tells them from elements of a list when it merges updates
                return false;
            }
            boolean right = (flags & StructBatch.HAS_RIGHT) != 0;
            if (right != ((known & StructBatch.HAS_RIGHT) != 0)
                    || right
                            && (batch.rightClient[i] != batch.rightClient[before]
                                    || batch.rightClock[i] != batch.rightClock[before])) {
                return false;
            }
            return from > 0
                    || (flags & StructBatch.HAS_ORIGIN) != 0
                            && batch.originClient[i] == batch.client[i]
                            && batch.originClock[i] == batch.clock[i] - 1;
        }

        /** Values under a key have no right origin, and the first of them names its key. */
        private boolean isListed(int i) {
            int flags = batch.flags[i];
            return (flags & StructBatch.HAS_RIGHT) != 0
                    || (flags & (StructBatch.HAS_ORIGIN | StructBatch.HAS_SUB)) == 0;
        }

        long clock(int run) {
            int piece = (int) first[run];
            return batch.clock[struct[piece]] + offset[piece];
        }

        void write(int run, UpdateWriter out) {
            if (first[run] < 0) {
                out.skip(-1 - first[run]);
                return;
            }
            int from = (int) first[run];
            int last = run + 1;
            while (last < runs && first[last] < 0) {
                last++;
            }
            int to = last == runs ? pieces : (int) first[last];
            int i = struct[from];
            if (to == from + 1) {
                batch.write(i, offset[from], out);
                return;
            }
            long units = 0;
            for (int piece = from; piece < to; piece++) {
                units += batch.length[struct[piece]] - offset[piece];
            }
            switch (batch.ref[i]) {
                case Items.GC -> out.gc(units);
                case Items.DELETED -> {
                    batch.writeHead(i, offset[from], out);
                    out.deleted(units);
                }
                case Items.STRING -> {
                    batch.writeHead(i, offset[from], out);
                    char[] text = new char[(int) units];
                    int filled = 0;
                    for (int piece = from; piece < to; piece++) {
                        int start = batch.textStart[struct[piece]] + offset[piece];
                        int size = (int) batch.length[struct[piece]] - offset[piece];
                        System.arraycopy(batch.text, start, text, filled, size);
                        filled += size;
                    }
                    out.string(text, 0, filled);
                }
                default -> {
                    batch.writeHead(i, offset[from], out);
                    @Nullable Object[] values = new @Nullable Object[(int) units];
                    int filled = 0;
                    for (int piece = from; piece < to; piece++) {
                        @Nullable Object[] held = batch.values(struct[piece]);
                        int size = held.length - offset[piece];
                        System.arraycopy(held, offset[piece], values, filled, size);
                        filled += size;
                    }
                    if (batch.ref[i] == Items.ANY) {
                        out.any(values, 0, filled);
                    } else {
                        out.json(values, 0, filled);
                    }
                }
            }
        }
    }
}
