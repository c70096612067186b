package dev.rejoin.client.transport;

/** One open connection to a server. Calls return at once; what is sent goes out in order. */
public interface Connection {
    /** Sends a binary message. */
    void send(byte[] message);

    /** Asks for the next message; none arrives unasked. */
    void next();

    /** Closes with this WebSocket close code after what has been sent; the socket is dropped if that takes too long. */
    void close(int code, String reason);
}
