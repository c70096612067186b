package dev.rejoin.server.room;

import dev.rejoin.crdt.yjs.MalformedUpdateException;
import dev.rejoin.sync.awareness.AwarenessLimits;
import dev.rejoin.sync.awareness.AwarenessTable;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.LinkMessage;
import java.util.List;
import java.util.Set;

/** What the editors of a room show, here and at other servers. Belongs to the loop of the room; sessions have their {@link RoomPresence}. */
final class ContentPresence {
    private static final long AWARENESS_MILLIS = 80;
    private static final long EXPIRY_MILLIS = 5_000;
    private static final int MAX_AWARENESS_FRAME_BYTES = 128 << 10;

    /** Of states of editors that another server is told at once, in characters of JSON; who comes after that is not seen there. */
    private static final int MAX_EVERYBODY_BYTES = 1 << 20;

    private final Room room;
    private final RoomLoop loop;
    private final Set<ContentSeat> seats;
    private final AwarenessTable awareness;
    private final PresenceListener attention;
    private long awarenessSentAt = Long.MIN_VALUE / 2;
    private boolean awarenessDue;
    private boolean expiryDue;

    /** @param seats those who are at the content, which it adds and removes */
    ContentPresence(
            Room room, RoomLoop loop, Set<ContentSeat> seats, AwarenessLimits limits, PresenceListener attention) {
        this.room = room;
        this.loop = loop;
        this.seats = seats;
        this.awareness = new AwarenessTable(limits);
        this.attention = attention;
    }

    /** What all show, as one awareness update; empty if nobody shows anything. */
    byte[] everybody() {
        return awareness.everybody();
    }

    /** An editor shows nothing more. */
    void leave(ContentSeat seat) {
        if (awareness.leave(seat.number, now())) {
            tellAwareness();
        }
    }

    /** An editor shows something else. */
    void show(ContentSeat seat, byte[] update) {
        try {
            if (awareness.apply(seat.number, update, now())) {
                tellAwareness();
            }
        } catch (MalformedUpdateException e) {
            room.content().deny(seat, FailureCode.MALFORMED, "the awareness update does not decode: " + e.getMessage());
        }
        expireLater();
    }

    /** Tells an editor what all show. */
    void introduce(ContentSeat seat) {
        byte[] all = awareness.everybody();
        if (all.length > 0 && seat.outlet.hasRoom()) {
            seat.outlet.relay(seat.framing.awareness(all));
        }
    }

    /** At once if it was quiet, otherwise with all that comes in a short while: one frame says what many have said. */
    private void tellAwareness() {
        if (awarenessDue) {
            return;
        }
        long wait = awarenessSentAt + AWARENESS_MILLIS - now();
        if (wait <= 0) {
            sendAwareness();
        } else {
            awarenessDue = true;
            loop.schedule(
                    () -> {
                        awarenessDue = false;
                        sendAwareness();
                    },
                    wait);
        }
    }

    private void sendAwareness() {
        byte[] news = awareness.takeChanges(MAX_AWARENESS_FRAME_BYTES);
        awarenessSentAt = now();
        tellServers();
        if (awareness.hasChanges() || awareness.hasOwnChanges()) {
            tellAwareness();
        }
        if (news.length == 0) {
            return;
        }
        Framed framed = new Framed(framing -> framing.awareness(news));
        for (ContentSeat seat : seats) {
            if (seat.outlet.hasRoom()) {
                seat.outlet.relay(framed.as(seat.framing));
            }
        }
    }

    private void tellServers() {
        if (!attention.isWanted(room.name())) {
            awareness.forgetOwnChanges();
            return;
        }
        byte[] own = awareness.takeOwnChanges(MAX_AWARENESS_FRAME_BYTES);
        if (own.length > 0) {
            attention.changed(new LinkMessage.Presence(room.name(), false, own, List.of()));
        }
    }

    /** Of the editors that are at this server, one awareness update; empty if none is. */
    byte[] everybodyHere() {
        return awareness.everybodyHere(MAX_EVERYBODY_BYTES);
    }

    /** Another server says which editors are there. */
    void hear(long server, LinkMessage.Presence news) {
        boolean changed = news.all()
                ? awareness.replace(server, news.awareness(), now())
                : news.awareness().length > 0 && awareness.apply(server, news.awareness(), now());
        if (changed) {
            tellAwareness();
        }
        expireLater();
    }

    /** The editors of another server are not heard of any more. */
    void lose(long server) {
        if (awareness.leave(server, now())) {
            tellAwareness();
        }
    }

    private void expireLater() {
        if (expiryDue || awareness.isEmpty() || room.isGone()) {
            return;
        }
        expiryDue = true;
        loop.schedule(
                () -> {
                    expiryDue = false;
                    if (awareness.expire(now())) {
                        tellAwareness();
                    }
                    expireLater();
                },
                EXPIRY_MILLIS);
    }

    private long now() {
        return loop.millis();
    }
}
