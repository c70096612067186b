package dev.rejoin.sync.session;

/**
 * What a {@link ContentSession} asks of those around it: the socket on one side, the rooms on the other. Calls come from within the call
 * into the session that caused them, on its caller's thread. A seat is one document on one connection, numbered by the session
 * from 1.
 */
public interface ContentEffects {
    /** Send this as one binary message. The array may be shared with other sessions and is not to be changed. */
    void send(byte[] frame);

    /** Send these one behind the other as one binary message. The body may be shared, as above. */
    void send(byte[] head, byte[] body);

    /** Send a WebSocket ping. Whatever comes back is reported by {@link ContentSession#heard}. */
    void ping();

    /** Close the socket, after what has been sent. The last call for this session. */
    void close(int closeCode, String reason);

    /**
     * Find out whether the bearer of the token may enter, and the room. Answered by {@link ContentSession#admitted} or
     * {@link ContentSession#denied}, now or later.
     *
     * @param token empty if there is none
     */
    void open(int seat, DocumentName document, String token);

    /** The bearer shows a fresh token for a seat that is taken already. */
    void renew(int seat, String token);

    /** Say what the client lacks; answered by {@link ContentSession#state}. */
    void synchronise(int seat, byte[] stateVector);

    /**
     * One change, to be taken in this order; answered by {@link ContentSession#settled}.
     *
     * @param answer whether it is the answer to the server's question for what it lacks, which may well hold nothing new
     */
    void change(int seat, byte[] update, boolean answer);

    /** The client says something of who is there. */
    void awareness(int seat, byte[] update);

    /** The client wants to know who is there; answered by {@link ContentSession#relay}. */
    void queryAwareness(int seat);

    /** A message to the application. */
    void stateless(int seat, String payload);

    /** The client leaves the document; the seat's number is not used again. */
    void leave(int seat);
}
