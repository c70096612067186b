package dev.rejoin.server.storage;

/**
 * The one who hears what became of an append: exactly one of the two methods is called, once, on the thread of the
 * {@link LogWriter}. Calls for one document come in the order of its sequence numbers. Neither may block or throw.
 */
public interface AppendListener {
    /** The batch is as durable as the log's {@link Durability} says, and so is everything before it. */
    void committed(long sequence);

    /** Whether the batch was stored is unknown; the log takes nothing more until the server is started again. */
    void failed(long sequence, StoreDownException cause);
}
