package dev.rejoin.server.room;

import dev.rejoin.sync.session.Admission;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.Position;
import dev.rejoin.sync.wire.Update;

/**
 * The way from a room to one session. Called on the room's loop, in the order in which the peer is to read; must neither
 * block nor throw.
 */
public interface Outlet {

    /**
     * Whether the peer keeps up. Once this has said no, nothing more is queued for the peer, and whoever implements this
     * calls {@link Seat#drained} as soon as the answer is yes again.
     */
    boolean hasRoom();

    /** The session is in; {@code first} brings it up to date. */
    void welcome(Admission admission, Update first);

    /**
     * An update for this session alone.
     *
     * @param judged how many of its transactions have their verdict in it
     */
    void update(Update update, int judged);

    /**
     * An Update without verdicts, or a Watermark; many sessions may get it.
     *
     * @param frame encoded once for all of them; not to be changed
     */
    void relay(byte[] frame, Position position);

    /** Another session's presence; an empty payload means that it has left. */
    void presence(long session, byte[] payload);

    /** The session is over; nothing follows. */
    void fail(FailureCode code, String message);

    /** Whether the session may bring the document into being, which is not there. Asked once, and counts if the answer is yes. */
    default boolean mayCreate() {
        return true;
    }
}
