package dev.rejoin.sync.awareness;

import dev.rejoin.crdt.yjs.AwarenessUpdate;
import dev.rejoin.crdt.yjs.MalformedUpdateException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
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
 * <p>Another server speaks for all who are at it, under a number of its own. What it says comes in order, so of its clients anything is news,
 * and passed on with a higher clock where this table is ahead of it: everybody here has been told then that they had gone. What is told to other
 * servers is of editors of this one only, see {@link #takeOwnChanges}.
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

    /** Of those that editors of this server have spoken for. */
    private final Set<Long> ownChanged = new LinkedHashSet<>();

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
     * @param seat a positive number for an editor, a negative one for another server
     * @return whether there are changes to take
     * @throws MalformedUpdateException if the bytes are not an awareness update; nothing has changed then
     */
    public boolean apply(long seat, byte[] update, long nowMillis) {
        take(seat, update, nowMillis);
        return !changed.isEmpty();
    }

    /**
     * Takes what another server says of all who are at it: whoever it does not name has left there. Otherwise as {@link #apply}.
     *
     * @param server a negative number
     */
    public boolean replace(long server, byte[] update, long nowMillis) {
        Set<Long> named = new HashSet<>();
        if (update.length > 0) {
            take(server, update, nowMillis).forEach(entry -> named.add(entry.client()));
        }
        for (long id : List.copyOf(bySeat.getOrDefault(server, Set.of()))) {
            if (!named.contains(id)) {
                end(id, nowMillis);
            }
        }
        return !changed.isEmpty();
    }

    private List<AwarenessUpdate.Entry> take(long seat, byte[] update, long nowMillis) {
        AwarenessUpdate news =
                AwarenessUpdate.decode(update, limits.maxDepth(), (id, clock) -> isNews(seat, id, clock, nowMillis));
        for (AwarenessUpdate.Entry entry : news.entries()) {
            put(seat, entry, nowMillis);
        }
        return news.entries();
    }

    private boolean isNews(long seat, long id, long clock, long nowMillis) {
        Client known = clients.get(id);
        if (known == null) {
            return clients.size() < limits.maxClients();
        }
        if (comesBack(seat, known, clock) || isServer(seat) && known.seat == seat) {
            return true;
        }
        if (clock < known.clock) {
            return false;
        }
        boolean mine = known.seat == seat || known.isGone() || nowMillis - known.heardAt >= SILENT_MILLIS;
        return mine && (clock > known.clock || !known.isGone());
    }

    private boolean comesBack(long seat, Client known, long clock) {
        return known.isGone() && (isServer(seat) ? clock >= known.clock : !bySeat.containsKey(seat));
    }

    private static boolean isServer(long seat) {
        return seat < 0;
    }

    private void put(long seat, AwarenessUpdate.Entry entry, long nowMillis) {
        Client known = clients.get(entry.client());
        long clock = entry.clock();
        if (known == null) {
            if (entry.isGone()) {
                return;
            }
        } else if (comesBack(seat, known, clock)) {
            if (entry.isGone()) {
                return;
            }
            clock = Math.max(clock, known.clock + 1);
        } else if (isServer(seat) && known.seat == seat) {
            if (entry.isGone()) {
                clock = Math.max(clock, known.clock);
            } else if (clock <= known.clock) {
                if (entry.state().equals(known.state)) {
                    clients.remove(entry.client());
                    clients.put(entry.client(), new Client(known.clock, known.state, seat, nowMillis));
                    return;
                }
                clock = known.clock + 1;
            }
        } else if (clock == known.clock && !entry.isGone()) {
            return;
        }
        Set<Long> own = bySeat.computeIfAbsent(seat, none -> new LinkedHashSet<>());
        long before = known == null ? 0 : known.state.length();
        boolean introduces = !own.contains(entry.client());
        if (entry.state().length() > limits.maxStateBytes()
                || totalBytes - before + entry.state().length() > limits.maxTotalBytes()
                || introduces && !isServer(seat) && own.size() >= limits.maxClientsPerSeat()
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
        tellServers(entry.client(), isServer(seat));
    }

    /** An editor of this server has spoken for the client, or another server has taken it over. */
    private void tellServers(long id, boolean isElsewhere) {
        if (isElsewhere) {
            ownChanged.remove(id);
        } else {
            ownChanged.add(id);
        }
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
            tellServers(id, isServer(known.seat));
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
        return take(changed, maxBytes);
    }

    /** As {@link #takeChanges}, of what editors of this server have said, for other servers. */
    public byte[] takeOwnChanges(int maxBytes) {
        return take(ownChanged, maxBytes);
    }

    private byte[] take(Set<Long> from, int maxBytes) {
        if (from.isEmpty()) {
            return NOTHING;
        }
        List<AwarenessUpdate.Entry> entries = new ArrayList<>(from.size());
        int left = take(from, entries, maxBytes, SHORT_STATE_BYTES);
        take(from, entries, left, limits.maxStateBytes());
        return entries.isEmpty() ? NOTHING : new AwarenessUpdate(entries).encode();
    }

    private int take(Set<Long> from, List<AwarenessUpdate.Entry> entries, int maxBytes, int longest) {
        int left = maxBytes;
        for (Iterator<Long> i = from.iterator(); i.hasNext() && (left > 0 || entries.isEmpty()); ) {
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

    /** Whether there are changes to take for other servers. */
    public boolean hasOwnChanges() {
        return !ownChanged.isEmpty();
    }

    /** There is no other server that wants to know what changed. */
    public void forgetOwnChanges() {
        ownChanged.clear();
    }

    /** All whom editors of this server speak for, as {@link #takeOwnChanges} would tell of them; nothing is left to be taken of that. */
    public byte[] everybodyHere(int maxBytes) {
        ownChanged.clear();
        clients.forEach((id, client) -> {
            if (client.seat > 0) {
                ownChanged.add(id);
            }
        });
        byte[] all = takeOwnChanges(maxBytes);
        ownChanged.clear();
        return all;
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
