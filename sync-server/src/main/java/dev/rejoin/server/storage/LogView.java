package dev.rejoin.server.storage;

/**
 * The rows of a store as they were at one moment, whatever is committed later. For one thread at a time; a visitor may read
 * other rows. As long as it is open the store keeps what it shows, so it takes more space and is to be closed.
 */
public interface LogView extends LogRows, AutoCloseable {
    @Override
    void close();
}
