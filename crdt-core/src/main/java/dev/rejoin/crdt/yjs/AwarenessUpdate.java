package dev.rejoin.crdt.yjs;

import java.util.ArrayList;
import java.util.List;

/**
 * Presence as y-protocols exchanges it: what some clients say of themselves. What the texts say is up to them; they come from strangers.
 *
 * @param entries in the order of the bytes; immutable
 */
public record AwarenessUpdate(List<Entry> entries) {
    /**
     * What one client says.
     *
     * @param client the client
     * @param clock counts what it has said; of two the higher one is newer
     * @param state JSON text; {@code null} in letters for a client that has gone
     */
    public record Entry(long client, long clock, String state) {
        /** Whether the client has gone. */
        public boolean isGone() {
            return state.equals("null");
        }
    }

    /** Copies the list. */
    public AwarenessUpdate {
        entries = List.copyOf(entries);
    }

    /** The bytes. */
    public byte[] encode() {
        Sink out = new Sink(64);
        out.varUint(entries.size());
        for (Entry entry : entries) {
            out.varUint(entry.client());
            out.varUint(entry.clock());
            out.varString(entry.state());
        }
        return out.toByteArray();
    }

    /**
     * Reads what {@link #encode} wrote, and checks that the states are JSON.
     *
     * @param maxDepth nesting of a state, in levels
     * @throws MalformedUpdateException if the bytes are not such an update
     */
    public static AwarenessUpdate decode(byte[] bytes, int maxDepth) {
        return decode(bytes, maxDepth, (client, clock) -> true);
    }

    /** Chooses entries before their states are looked at. */
    @FunctionalInterface
    public interface Filter {
        /** Whether the entry is wanted. */
        boolean wants(long client, long clock);
    }

    /**
     * As {@link #decode(byte[], int)}, but reads only what is wanted: most of what y-websocket clients send repeats what
     * everybody knows. The states of other entries are passed over unread.
     */
    public static AwarenessUpdate decode(byte[] bytes, int maxDepth, Filter filter) {
        ByteCursor in = new ByteCursor(bytes, 0, bytes.length);
        int count = in.count(3);
        List<Entry> entries = new ArrayList<>();
        JsonReader json = new JsonReader();
        for (int i = 0; i < count; i++) {
            long client = in.varUint();
            long clock = in.varUint();
            if (!filter.wants(client, clock)) {
                in.skipString();
                continue;
            }
            String state = in.varString();
            json.read(state.toCharArray(), 0, state.length(), false, maxDepth, in.position());
            entries.add(new Entry(client, clock, state));
        }
        return new AwarenessUpdate(entries);
    }
}
