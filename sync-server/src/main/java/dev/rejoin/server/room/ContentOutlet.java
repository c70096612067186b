package dev.rejoin.server.room;

import dev.rejoin.sync.wire.FailureCode;

/**
 * The way from a room to one editor. Called on the room's loop, in the order in which the peer is to read; must neither block
 * nor throw.
 */
public interface ContentOutlet {

    /**
     * Whether the peer keeps up. Once this has said no, no change and no awareness is queued for the peer, and whoever implements this
     * calls {@link ContentSeat#drained} as soon as the answer is yes again.
     */
    boolean hasRoom();

    /** The seat is taken; arrays as in {@link dev.rejoin.sync.session.ContentSession#admitted}. */
    void admitted(boolean readOnly, byte[] stateVector, byte[] everybody);

    /** What the editor lacks, everything in it durable; and what the server has. */
    void state(byte[] update, byte[] stateVector);

    /** A frame in the seat's framing, shared by all seats with an equal one; not to be changed. */
    void relay(byte[] frame);

    /** So many changes of the seat are durable, or were refused. */
    void settled(int changes, boolean applied);

    /** What the seat may do has changed. */
    void access(boolean readOnly);

    /** A message of the application; false if it was not queued because the peer does not keep up. */
    boolean stateless(String payload);

    /** Whether the editor may bring the document into being, which is not there. Asked once, and counts if the answer is yes. */
    default boolean mayCreate() {
        return true;
    }

    /** The id of the principal who writes here; empty for nobody in particular. Asked once, by whoever takes the seat. */
    default String user() {
        return "";
    }

    /** The seat is refused or taken away; nothing follows. */
    void denied(FailureCode code, String message);
}
