package dev.rejoin.sync.session;

/** What the session of a link asks of its socket and its server. */
public interface LinkEffects {
    /** Sends one message. */
    void send(byte[] frame);

    /** The link is over; the socket is to be closed after what has been sent. Called once, whatever ends the link but a lost connection. */
    void ended(LinkFailure why, String message);
}
