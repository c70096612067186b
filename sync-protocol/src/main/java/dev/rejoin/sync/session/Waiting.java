package dev.rejoin.sync.session;

import dev.rejoin.sync.dialect.DialectMessage;
import java.util.ArrayDeque;

/** Messages of one connection that wait until it is decided whether their document lets it in; held to a bound. */
final class Waiting {
    private final ContentLimits limits;
    private int messages;
    private long bytes;

    Waiting(ContentLimits limits) {
        this.limits = limits;
    }

    /** Puts a message into a line; false if that would be too much for the connection. */
    boolean add(ArrayDeque<DialectMessage> line, DialectMessage message) {
        long size = size(message);
        if (messages >= limits.maxWaitingMessages() || bytes + size > limits.maxWaitingBytes()) {
            return false;
        }
        messages++;
        bytes += size;
        line.add(message);
        return true;
    }

    void removed(DialectMessage message) {
        messages--;
        bytes -= size(message);
    }

    void clear(ArrayDeque<DialectMessage> line) {
        line.forEach(this::removed);
        line.clear();
    }

    private static long size(DialectMessage message) {
        if (message instanceof DialectMessage.SyncStep1 step) {
            return step.stateVector().length;
        } else if (message instanceof DialectMessage.SyncStep2 step) {
            return step.update().length;
        } else if (message instanceof DialectMessage.Update update) {
            return update.update().length;
        } else if (message instanceof DialectMessage.Awareness awareness) {
            return awareness.update().length;
        } else if (message instanceof DialectMessage.Stateless stateless) {
            return stateless.payload().length();
        }
        return 0;
    }
}
