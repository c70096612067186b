package dev.rejoin.client;

import dev.rejoin.crdt.Values;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.sync.awareness.PresenceTable;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** What the sessions of the document show of themselves. Guarded by the client's lock. */
final class Presences {
    private static final int MAX_PRESENCE_SESSIONS = 1_024;
    private static final byte[] NOTHING = {};

    private final ClientLoop loop;
    private final PresenceTable table = new PresenceTable(MAX_PRESENCE_SESSIONS, Long.MAX_VALUE);
    private final List<Consumer<Map<Long, Object>>> listeners = new CopyOnWriteArrayList<>();
    private byte[] own = NOTHING;

    Presences(ClientLoop loop) {
        this.loop = loop;
    }

    List<Consumer<Map<Long, Object>>> listeners() {
        return listeners;
    }

    byte[] own() {
        return own;
    }

    void own(byte[] payload) {
        own = payload;
    }

    /** Another session shows this now. */
    void heard(long from, byte[] payload) {
        Object value;
        try {
            value = payload.length == 0 ? Values.NULL : Values.decode(payload);
        } catch (MalformedDeltaException e) {
            return; // another session's mistake, and only about what is shown of it
        }
        assert value != null;
        if (table.put(from, payload, loop.now())) {
            changed();
        }
    }

    /** Without a connection nobody is known to be there. */
    void clear() {
        if (table.size() > 0) {
            table.clear();
            changed();
        }
    }

    Map<Long, Object> shown() {
        Map<Long, Object> shown = new LinkedHashMap<>();
        table.snapshot().forEach((from, payload) -> shown.put(from, Values.decode(payload)));
        return Collections.unmodifiableMap(shown);
    }

    private void changed() {
        Map<Long, Object> all = shown();
        loop.later(() -> listeners.forEach(listener -> listener.accept(all)));
    }
}
