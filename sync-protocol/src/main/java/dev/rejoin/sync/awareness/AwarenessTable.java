package dev.rejoin.sync.awareness;

import dev.rejoin.crdt.yjs.AwarenessUpdate;
import dev.rejoin.crdt.yjs.MalformedUpdateException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who is in a document, as Yjs' awareness protocol tells it: for each client its newest state, and which seat speaks for it.
 *
 * <p>A y-websocket client sends back whatever it hears about others. So a client belongs to the seat that introduced it:
 * what other seats say about it counts only once its own seat has been silent for longer than any living provider is
 * (Yjs' renewal is 15 s), and only its own seat's leaving ends it. Repetitions are passed over before their JSON is looked at.
 *
 * <p>A client that has gone comes back by another seat with the clock that it had, which everybody takes for old.
 * So what a fresh seat says first about such a client counts whatever its clock, and is passed on with a higher one, which the
 * client adopts.
 *
 * <p>Changes gather until somebody takes them, so one frame tells everybody what many have said. Time comes in with each
 * call, in milliseconds of one monotonic clock. Single-owner. Source: y-protocols, awareness.
 */
public final class AwarenessTable {
    private static final byte[] NOTHING = {};
    private static final String GONE = "null";
    private static final long SILENT_MILLIS = 20_000;

    /** What tells of a person and a cursor is shorter, in characters of JSON. */
    private static final int SHORT_STATE_BYTES = 1_024;

    private final AwarenessLimits limits;

    /** In order of their last sign of life, so expiry looks at the eldest only. */
    private final LinkedHashMap<Long, Client> clients = new LinkedHashMap<>();

    private final Map<Long, Set<Long>> bySeat = new HashMap<>();
    private final Set<Long> changed = new LinkedHashSet<>();
    private long totalBytes;

    private record Client(long clock, String state, long seat, long heardAt) {
        boolean isGone() {
            return state.equals(GONE);
        }
    }

    /** A table with nobody in it. */
    public AwarenessTable(AwarenessLimits limits) {
        this.limits = limits;
    }

    /**
     * Takes what a seat says. What is old, what is another seat's to say, and what exceeds a limit is passed over.
     *
     * @param seat any number but 0
     * @return whether there are changes to take
     * @throws MalformedUpdateException if the bytes are not an awareness update; nothing has changed then
     */
    public boolean apply(long seat, byte[] update, long nowMillis) {
        AwarenessUpdate news =
                AwarenessUpdate.decode(update, limits.maxDepth(), (id, clock) -> isNews(seat, id, clock, nowMillis));
        for (AwarenessUpdate.Entry entry : news.entries()) {
            put(seat, entry, nowMillis);
        }
        return !changed.isEmpty();
    }

    private boolean isNews(long seat, long id, long clock, long nowMillis) {
        Client known = clients.get(id);
        if (known == null) {
            return clients.size() < limits.maxClients();
        }
        if (comesBack(seat, known)) {
            return true;
        }
        if (clock < known.clock) {
            return false;
        }
        boolean mine = known.seat == seat || known.isGone() || nowMillis - known.heardAt >= SILENT_MILLIS;
        return mine && (clock > known.clock || !known.isGone());
    }

    private boolean comesBack(long seat, Client known) {
        return known.isGone() && !bySeat.containsKey(seat);
    }

    private void put(long seat, AwarenessUpdate.Entry entry, long nowMillis) {
        Client known = clients.get(entry.client());
        long clock = entry.clock();
        if (known == null) {
            if (entry.isGone()) {
                return;
            }
        } else if (comesBack(seat, known)) {
            if (entry.isGone()) {
                return;
            }
            clock = Math.max(clock, known.clock + 1);
        } else if (clock == known.clock && !entry.isGone()) {
            return;
        }
        Set<Long> own = bySeat.computeIfAbsent(seat, none -> new LinkedHashSet<>());
        long before = known == null ? 0 : known.state.length();
        boolean introduces = !own.contains(entry.client());
        if (entry.state().length() > limits.maxStateBytes()
                || totalBytes - before + entry.state().length() > limits.maxTotalBytes()
                || introduces && own.size() >= limits.maxClientsPerSeat()
                || known == null && clients.size() >= limits.maxClients()) {
            return;
        }
        if (known != null && known.seat != seat) {
            disown(known.seat, entry.client());
        }
        if (entry.isGone()) {
            own.remove(entry.client());
        } else {
            own.add(entry.client());
        }
        if (own.isEmpty()) {
            bySeat.remove(seat);
        }
        set(entry.client(), new Client(clock, entry.state(), seat, nowMillis));
    }

    private void disown(long seat, long id) {
        Set<Long> theirs = bySeat.get(seat);
        if (theirs != null && theirs.remove(id) && theirs.isEmpty()) {
            bySeat.remove(seat);
        }
    }

    private void set(long id, Client now) {
        Client before = clients.remove(id);
        totalBytes += now.state.length() - (before == null ? 0 : before.state.length());
        clients.put(id, now);
        changed.add(id);
    }

    /** The seat has gone, and with it the clients it spoke for. Returns whether there are changes to take. */
    public boolean leave(long seat, long nowMillis) {
        Set<Long> own = bySeat.remove(seat);
        if (own != null) {
            for (long id : own) {
                end(id, nowMillis);
            }
        }
        return !changed.isEmpty();
    }

    /** At an equal clock, going counts and nothing else does. */
    private void end(long id, long nowMillis) {
        Client known = clients.get(id);
        if (known != null && !known.isGone()) {
            disown(known.seat, id);
            set(id, new Client(known.clock, GONE, 0, nowMillis));
        }
    }

    /**
     * Ends clients that were not heard of for too long, and forgets those that went long ago. Returns whether there are changes to
     * take.
     */
    public boolean expire(long nowMillis) {
        List<Long> silent = new ArrayList<>();
        for (Iterator<Map.Entry<Long, Client>> i = clients.entrySet().iterator(); i.hasNext(); ) {
            Map.Entry<Long, Client> eldest = i.next();
            Client client = eldest.getValue();
            long age = nowMillis - client.heardAt;
            if (age < Math.min(limits.expiryMillis(), limits.memoryMillis())) {
                break;
            }
            if (!client.isGone() && age >= limits.expiryMillis()) {
                silent.add(eldest.getKey());
            } else if (client.isGone() && age >= limits.memoryMillis() && !changed.contains(eldest.getKey())) {
                totalBytes -= client.state.length();
                i.remove();
            }
        }
        for (long id : silent) {
            end(id, nowMillis);
        }
        return !changed.isEmpty();
    }

    /**
     * Changes since they were last taken, as one awareness update; empty if there are none. What is short goes first, so that those
     * who say much do not keep the others from being heard; the rest stays.
     *
     * @param maxBytes of states in it, in characters of JSON, if there is more than one
     */
    public byte[] takeChanges(int maxBytes) {
        if (changed.isEmpty()) {
            return NOTHING;
        }
        List<AwarenessUpdate.Entry> entries = new ArrayList<>(changed.size());
        int left = take(entries, maxBytes, SHORT_STATE_BYTES);
        take(entries, left, limits.maxStateBytes());
        return new AwarenessUpdate(entries).encode();
    }

    private int take(List<AwarenessUpdate.Entry> entries, int maxBytes, int longest) {
        int left = maxBytes;
        for (Iterator<Long> i = changed.iterator(); i.hasNext() && (left > 0 || entries.isEmpty()); ) {
            long id = i.next();
            Client client = clients.get(id);
            if (client == null) {
                i.remove();
            } else if (client.state.length() <= longest && (client.state.length() <= left || entries.isEmpty())) {
                i.remove();
                left -= client.state.length();
                entries.add(new AwarenessUpdate.Entry(id, client.clock, client.state));
            }
        }
        return left;
    }

    /** Whether there are changes to take. */
    public boolean hasChanges() {
        return !changed.isEmpty();
    }

    /** Everybody who is here, as one awareness update; empty if nobody is. */
    public byte[] everybody() {
        List<AwarenessUpdate.Entry> entries = new ArrayList<>();
        clients.forEach((id, client) -> {
            if (!client.isGone()) {
                entries.add(new AwarenessUpdate.Entry(id, client.clock, client.state));
            }
        });
        return entries.isEmpty() ? NOTHING : new AwarenessUpdate(entries).encode();
    }

    /** How many clients are here. */
    public int size() {
        int here = 0;
        for (Client client : clients.values()) {
            here += client.isGone() ? 0 : 1;
        }
        return here;
    }

    /** Whether there is anything to expire some day. */
    public boolean isEmpty() {
        return clients.isEmpty();
    }
}
