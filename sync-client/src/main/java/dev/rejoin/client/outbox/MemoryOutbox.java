package dev.rejoin.client.outbox;

import java.util.Optional;

/** An outbox for clients that need no memory across restarts; it keeps nothing. */
final class MemoryOutbox implements Outbox {
    @Override
    public Optional<SavedClient> load() {
        return Optional.empty();
    }

    @Override
    public void rewrite(SavedClient state) {}

    @Override
    public void append(OutboxRecord record) {}

    @Override
    public void force() {}

    @Override
    public boolean wantsRewrite() {
        return false;
    }

    @Override
    public boolean isDurable() {
        return false;
    }

    @Override
    public void close() {}
}
