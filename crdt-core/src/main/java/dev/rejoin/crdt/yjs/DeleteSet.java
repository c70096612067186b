package dev.rejoin.crdt.yjs;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A set of units: for each client ranges of clocks, ascending, without neighbours that touch. Yjs' name is that of its first use; undo keeps what it has
 * inserted in one too.
 *
 * <p>Immutable. Looking up costs O(log ranges).
 */
public final class DeleteSet {
    /** No units. */
    public static final DeleteSet EMPTY = new DeleteSet(new long[0], new int[0], new long[0], new long[0]);

    /** Receives one range. */
    @FunctionalInterface
    public interface RangeVisitor {
        /** Called for {@code length} units of a client from {@code clock} on. */
        void range(long client, long clock, long length);
    }

    /** Ascending. */
    private final long[] clients;

    /** For each client the number of ranges up to its last. */
    private final int[] ends;

    private final long[] clocks;
    private final long[] lengths;

    private DeleteSet(long[] clients, int[] ends, long[] clocks, long[] lengths) {
        this.clients = clients;
        this.ends = ends;
        this.clocks = clocks;
        this.lengths = lengths;
    }

    /** Whether no unit is in the set. */
    public boolean isEmpty() {
        return clients.length == 0;
    }

    /** The number of ranges. */
    public int rangeCount() {
        return clocks.length;
    }

    /** Whether a unit is in the set. */
    public boolean contains(long client, long clock) {
        int at = Arrays.binarySearch(clients, client);
        if (at < 0) {
            return false;
        }
        int from = at == 0 ? 0 : ends[at - 1];
        int range = Arrays.binarySearch(clocks, from, ends[at], clock);
        if (range >= 0) {
            return true;
        }
        range = -range - 2;
        return range >= from && clock < clocks[range] + lengths[range];
    }

    /** Visits all ranges, the highest client first, as they are written. */
    public void forEachRange(RangeVisitor visitor) {
        for (int i = clients.length - 1; i >= 0; i--) {
            for (int range = i == 0 ? 0 : ends[i - 1]; range < ends[i]; range++) {
                visitor.range(clients[i], clocks[range], lengths[range]);
            }
        }
    }

    /** The units that are in one of both. */
    public DeleteSet union(DeleteSet other) {
        if (other.isEmpty()) {
            return this;
        }
        Builder builder = builder();
        forEachRange(builder::add);
        other.forEachRange(builder::add);
        return builder.build();
    }

    /** The bytes of the first encoding. */
    public byte[] encode() {
        UpdateWriter out = UpdateWriter.v1();
        writeTo(out);
        return out.toByteArray();
    }

    void writeTo(UpdateWriter out) {
        out.deleteClients(clients.length);
        for (int i = clients.length - 1; i >= 0; i--) {
            int from = i == 0 ? 0 : ends[i - 1];
            out.deleteClient(clients[i], ends[i] - from);
            for (int range = from; range < ends[i]; range++) {
                out.deleteRange(clocks[range], lengths[range]);
            }
        }
    }

    /**
     * Reads what {@link #encode} wrote. Ranges of one client in several places, in any order, are joined.
     *
     * @throws MalformedUpdateException if the bytes are not a delete set
     */
    public static DeleteSet decode(byte[] bytes) {
        return read(new ByteCursor(bytes, 0, bytes.length));
    }

    static DeleteSet read(ByteCursor in) {
        Builder builder = builder();
        int count = in.count(2);
        for (int i = 0; i < count; i++) {
            long client = in.varUint();
            int ranges = in.count(2);
            for (int k = 0; k < ranges; k++) {
                long clock = in.varUint();
                builder.add(client, clock, in.varUint());
            }
        }
        return builder.build();
    }

    static Builder builder() {
        return new Builder();
    }

    /** A set under construction: ranges in any order, which may overlap. */
    static final class Builder {
        private long[] ranges = new long[12];
        private int count;

        void add(long client, long clock, long length) {
            if (length == 0) {
                return;
            }
            int last = 3 * count - 3;
            if (last >= 0 && ranges[last] == client && ranges[last + 1] + ranges[last + 2] == clock) {
                ranges[last + 2] += length;
                return;
            }
            if (3 * count + 3 > ranges.length) {
                ranges = Arrays.copyOf(ranges, 2 * ranges.length);
            }
            ranges[3 * count] = client;
            ranges[3 * count + 1] = clock;
            ranges[3 * count++ + 2] = length;
        }

        DeleteSet build() {
            if (count == 0) {
                return EMPTY;
            }
            Integer[] order = new Integer[count];
            boolean sorted = true;
            for (int i = 0; i < count; i++) {
                order[i] = i;
                sorted &= i == 0 || compare(i - 1, i) <= 0;
            }
            if (!sorted) {
                Arrays.sort(order, this::compare);
            }
            long[] clients = new long[count];
            int[] ends = new int[count];
            long[] clocks = new long[count];
            long[] lengths = new long[count];
            int sections = 0;
            int filled = 0;
            for (int at : order) {
                long client = ranges[3 * at];
                long clock = ranges[3 * at + 1];
                long length = ranges[3 * at + 2];
                if (sections == 0 || clients[sections - 1] != client) {
                    clients[sections++] = client;
                } else if (clocks[filled - 1] + lengths[filled - 1] >= clock) {
                    lengths[filled - 1] = Math.max(lengths[filled - 1], clock + length - clocks[filled - 1]);
                    continue;
                }
                clocks[filled] = clock;
                lengths[filled++] = length;
                ends[sections - 1] = filled;
            }
            return new DeleteSet(
                    Arrays.copyOf(clients, sections),
                    Arrays.copyOf(ends, sections),
                    Arrays.copyOf(clocks, filled),
                    Arrays.copyOf(lengths, filled));
        }

        private int compare(int a, int b) {
            int byClient = Long.compare(ranges[3 * a], ranges[3 * b]);
            return byClient != 0 ? byClient : Long.compare(ranges[3 * a + 1], ranges[3 * b + 1]);
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || other instanceof DeleteSet that
                        && Arrays.equals(clients, that.clients)
                        && Arrays.equals(ends, that.ends)
                        && Arrays.equals(clocks, that.clocks)
                        && Arrays.equals(lengths, that.lengths);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * Arrays.hashCode(clients) + Arrays.hashCode(clocks)) + Arrays.hashCode(lengths);
    }

    /** The ranges, the highest client first. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("{");
        forEachRange((client, clock, length) -> text.append(text.length() > 1 ? ", " : "")
                .append(client)
                .append(": ")
                .append(clock)
                .append('+')
                .append(length));
        return text.append('}').toString();
    }
}
