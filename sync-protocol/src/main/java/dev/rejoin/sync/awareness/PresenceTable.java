package dev.rejoin.sync.awareness;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The presence of many sessions: the newest payload of each, until it leaves or is not heard of for too long.
 *
 * <p>Time comes in with each call, in milliseconds of one monotonic clock. Single-owner. Payload arrays are shared, not
 * copied. Entries are kept in order of their last sign of life, so expiry costs O(expired).
 */
public final class PresenceTable {
    private final int maxSessions;
    private final long expiryMillis;
    private final LinkedHashMap<Long, Entry> entries = new LinkedHashMap<>();

    private record Entry(byte[] payload, long seenAt) {}

    /**
     * An empty table.
     *
     * @param maxSessions sessions it holds at most; a further one is refused
     * @param expiryMillis how long a session that gives no sign of life stays; {@link Long#MAX_VALUE} for ever
     */
    public PresenceTable(int maxSessions, long expiryMillis) {
        if (maxSessions < 1 || expiryMillis < 1) {
            throw new IllegalArgumentException("maxSessions " + maxSessions + ", expiryMillis " + expiryMillis);
        }
        this.maxSessions = maxSessions;
        this.expiryMillis = expiryMillis;
    }

    /**
     * Takes the presence of a session; an empty payload means that it has left.
     *
     * @return whether the table says something new now: false for a repetition (which counts as a sign of life) and for
     *     a session that finds the table full
     */
    public boolean put(long session, byte[] payload, long nowMillis) {
        if (payload.length == 0) {
            return remove(session);
        }
        @Nullable Entry before = entries.remove(session);
        if (before == null && entries.size() >= maxSessions) {
            return false;
        }
        entries.put(session, new Entry(payload, nowMillis));
        return before == null || !Arrays.equals(before.payload, payload);
    }

    /** Ends the presence of a session; false if it had none. */
    public boolean remove(long session) {
        return entries.remove(session) != null;
    }

    /** Notes a sign of life of a session whose payload has not changed. */
    public void touch(long session, long nowMillis) {
        @Nullable Entry entry = entries.remove(session);
        if (entry != null) {
            entries.put(session, new Entry(entry.payload, nowMillis));
        }
    }

    /** Removes the sessions that have not been heard of for too long, and names them. */
    public List<Long> expire(long nowMillis) {
        List<Long> expired = new ArrayList<>();
        for (Iterator<Map.Entry<Long, Entry>> i = entries.entrySet().iterator(); i.hasNext(); ) {
            Map.Entry<Long, Entry> eldest = i.next();
            if (nowMillis - eldest.getValue().seenAt < expiryMillis) {
                break;
            }
            expired.add(eldest.getKey());
            i.remove();
        }
        return expired;
    }

    /** When {@link #expire} has something to do; {@link Long#MAX_VALUE} if never. */
    public long nextDeadline() {
        if (entries.isEmpty() || expiryMillis == Long.MAX_VALUE) {
            return Long.MAX_VALUE;
        }
        return entries.values().iterator().next().seenAt + expiryMillis;
    }

    /** Forgets all. */
    public void clear() {
        entries.clear();
    }

    public int size() {
        return entries.size();
    }

    /** The payloads by session, unmodifiable, as of now. O(n). */
    public Map<Long, byte[]> snapshot() {
        Map<Long, byte[]> payloads = new LinkedHashMap<>();
        entries.forEach((session, entry) -> payloads.put(session, entry.payload));
        return Collections.unmodifiableMap(payloads);
    }
}
