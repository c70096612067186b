package dev.rejoin.server.room;

import dev.rejoin.sync.awareness.PresenceTable;
import dev.rejoin.sync.wire.LinkFrames;
import dev.rejoin.sync.wire.LinkMessage;
import dev.rejoin.sync.wire.LinkMessage.SessionPresence;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the sessions of a room show, here and at other servers. Belongs to the loop of the room; editors have their {@code AwarenessTable}. */
final class RoomPresence {
    /* Across servers
     * --------------
     * Whoever is here is told at once what others show. Other servers are told what has gathered for a short while, the newest of each, and only if somebody
     * there wants to know. They tell only of their own sessions, so nothing goes in circles, and what a server does not name when it tells of all
     * has left there.
     */
    private static final long GATHER_MILLIS = 80;
    private static final byte[] NOTHING = {};

    private final String document;
    private final RoomLoop loop;
    private final Set<Seat> seats;
    private final PresenceListener listener;
    private final Map<Long, PresenceTable> elsewhere = new HashMap<>();
    private final Map<Long, byte[]> untold = new LinkedHashMap<>();
    private boolean telling;
    private boolean attended;

    /** @param seats those who are in the room, which the room adds and removes */
    RoomPresence(String document, RoomLoop loop, Set<Seat> seats, PresenceListener listener) {
        this.document = document;
        this.loop = loop;
        this.seats = seats;
        this.listener = listener;
    }

    /** Whether anybody is here, editors included, may have changed. */
    void attendance(boolean present) {
        if (present != attended) {
            attended = present;
            listener.attended(document, present);
            if (!present) {
                elsewhere.clear();
            }
        }
    }

    /** Tells a session that comes what all the others show. */
    void introduce(Seat seat) {
        for (Seat other : seats) {
            if (other.presence.length > 0) {
                seat.outlet.presence(other.session, other.presence);
            }
        }
        elsewhere.values().forEach(table -> table.snapshot().forEach(seat.outlet::presence));
    }

    /** A session shows something else; empty if it shows nothing more. */
    void show(Seat from, byte[] payload) {
        if (payload.length == 0 && from.presence.length == 0) {
            return;
        }
        from.presence = payload;
        for (Seat seat : seats) {
            if (seat != from) {
                seat.outlet.presence(from.session, payload);
            }
        }
        if (listener.isWanted(document)) {
            untold.put(from.session, payload);
            tellLater();
        }
    }

    private void tellLater() {
        if (!telling) {
            telling = true;
            loop.schedule(this::tell, GATHER_MILLIS);
        }
    }

    private void tell() {
        telling = false;
        List<SessionPresence> some = new ArrayList<>();
        var each = untold.entrySet().iterator();
        while (each.hasNext() && some.size() < LinkFrames.MAX_PRESENT) {
            Map.Entry<Long, byte[]> next = each.next();
            some.add(new SessionPresence(next.getKey(), next.getValue()));
            each.remove();
        }
        if (!some.isEmpty()) {
            listener.changed(new LinkMessage.Presence(document, false, NOTHING, some));
        }
        if (!untold.isEmpty()) {
            tellLater();
        }
    }

    /**
     * Who is here, for another server.
     *
     * @param awareness of the editors
     */
    LinkMessage.Presence everybody(byte[] awareness) {
        List<SessionPresence> all = new ArrayList<>();
        for (Seat seat : seats) {
            if (seat.presence.length > 0 && all.size() < LinkFrames.MAX_PRESENT) {
                all.add(new SessionPresence(seat.session, seat.presence));
            }
        }
        return new LinkMessage.Presence(document, true, awareness, all);
    }

    /** Another server says what its sessions show. */
    void hear(long server, LinkMessage.Presence news) {
        if (!attended) {
            return;
        }
        PresenceTable table =
                elsewhere.computeIfAbsent(server, first -> new PresenceTable(LinkFrames.MAX_PRESENT, Long.MAX_VALUE));
        Set<Long> left = news.all() ? new HashSet<>(table.snapshot().keySet()) : new HashSet<>();
        for (SessionPresence one : news.sessions()) {
            left.remove(one.session());
            if (one.payload().length == 0) {
                left.add(one.session());
            } else if (table.put(one.session(), one.payload(), 0)) {
                relay(one.session(), one.payload());
            }
        }
        for (long session : left) {
            if (table.remove(session)) {
                relay(session, NOTHING);
            }
        }
    }

    /** Another server is not heard of any more. */
    void lose(long server) {
        PresenceTable table = elsewhere.remove(server);
        if (table != null) {
            table.snapshot().keySet().forEach(session -> relay(session, NOTHING));
        }
    }

    private void relay(long session, byte[] payload) {
        seats.forEach(seat -> seat.outlet.presence(session, payload));
    }
}
