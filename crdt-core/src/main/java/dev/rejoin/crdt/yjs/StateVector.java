package dev.rejoin.crdt.yjs;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * For each client the clock of the first unit that is not known: what Yjs calls a state vector. Says nothing of deletions, which have no clocks.
 *
 * <p>Immutable. Looking up costs O(log clients).
 */
public final class StateVector {
    /** Nothing is known. */
    public static final StateVector EMPTY = new StateVector(new long[0], new long[0]);

    /** Receives one entry. */
    @FunctionalInterface
    public interface EntryVisitor {
        /** Called for a client with its next clock. */
        void entry(long client, long clock);
    }

    /** Ascending. */
    private final long[] clients;

    private final long[] clocks;

    private StateVector(long[] clients, long[] clocks) {
        this.clients = clients;
        this.clocks = clocks;
    }

    /** The next clock of a client; 0 for one that is not known. */
    public long get(long client) {
        int at = Arrays.binarySearch(clients, client);
        return at < 0 ? 0 : clocks[at];
    }

    /** The number of clients. */
    public int size() {
        return clients.length;
    }

    /** Whether all that {@code other} knows is known here. */
    public boolean includes(StateVector other) {
        for (int i = 0; i < other.clients.length; i++) {
            if (get(other.clients[i]) < other.clocks[i]) {
                return false;
            }
        }
        return true;
    }

    /** Visits all entries, the highest client first, as they are written. */
    public void forEach(EntryVisitor visitor) {
        for (int i = clients.length - 1; i >= 0; i--) {
            visitor.entry(clients[i], clocks[i]);
        }
    }

    /** The bytes that Yjs exchanges. */
    public byte[] encode() {
        Sink out = new Sink(8 + 8 * clients.length);
        writeTo(out);
        return out.toByteArray();
    }

    void writeTo(Sink out) {
        out.varUint(clients.length);
        for (int i = clients.length - 1; i >= 0; i--) {
            out.varUint(clients[i]);
            out.varUint(clocks[i]);
        }
    }

    /**
     * Reads what {@link #encode} wrote. A client named twice has the later clock, as in Yjs.
     *
     * @throws MalformedUpdateException if the bytes are not a state vector
     */
    public static StateVector decode(byte[] bytes) {
        return read(new ByteCursor(bytes, 0, bytes.length));
    }

    static StateVector read(ByteCursor in) {
        int count = in.count(2);
        Builder builder = builder();
        for (int i = 0; i < count; i++) {
            long client = in.varUint();
            builder.add(client, in.varUint());
        }
        return builder.build();
    }

    /** A state vector to be put together. */
    public static Builder builder() {
        return new Builder();
    }

    /** A state vector under construction: entries in any order, of several of one client the last counts. */
    public static final class Builder {
        private long[] clients = new long[4];
        private long[] clocks = new long[4];
        private int count;
        private boolean ascending = true;

        private Builder() {}

        /** Adds an entry. */
        public Builder add(long client, long clock) {
            if (count == clients.length) {
                clients = Arrays.copyOf(clients, 2 * count);
                clocks = Arrays.copyOf(clocks, 2 * count);
            }
            ascending &= count == 0 || clients[count - 1] < client;
            clients[count] = client;
            clocks[count++] = clock;
            return this;
        }

        /** The state vector of the entries. */
        public StateVector build() {
            if (count == 0) {
                return EMPTY;
            }
            if (ascending) {
                return new StateVector(Arrays.copyOf(clients, count), Arrays.copyOf(clocks, count));
            }
            long[] sorted = Arrays.copyOf(clients, count);
            Arrays.sort(sorted);
            int distinct = 0;
            for (int i = 0; i < count; i++) {
                if (i == 0 || sorted[i] != sorted[i - 1]) {
                    sorted[distinct++] = sorted[i];
                }
            }
            sorted = Arrays.copyOf(sorted, distinct);
            long[] values = new long[distinct];
            for (int i = 0; i < count; i++) {
                values[Arrays.binarySearch(sorted, clients[i])] = clocks[i];
            }
            return new StateVector(sorted, values);
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || other instanceof StateVector that
                        && Arrays.equals(clients, that.clients)
                        && Arrays.equals(clocks, that.clocks);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(clients) + Arrays.hashCode(clocks);
    }

    /** The entries, the highest client first. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("{");
        forEach((client, clock) -> text.append(text.length() > 1 ? ", " : "")
                .append(client)
                .append(": ")
                .append(clock));
        return text.append('}').toString();
    }
}
