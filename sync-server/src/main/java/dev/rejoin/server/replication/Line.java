package dev.rejoin.server.replication;

/** A connection between two servers that carries messages, whatever it is made of. For the loop of the replication. */
public interface Line {
    /** Sends one message; the array is not to be changed. */
    void send(byte[] frame);

    /** Whether more may be sent now; once this has said no, {@link LineEnd#drained} follows. */
    boolean hasRoom();

    /** Whether messages are to be taken from it, or to wait at the other side. */
    void read(boolean on);

    /** Ends it after what has been sent. */
    void close();
}
