package dev.rejoin.client;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** How a client stands, and who wants to hear of it. Guarded by the client's lock. */
final class StatusBoard {
    /** The code of a client whose outbox cannot be written. */
    static final String OUTBOX_FAILED = "outbox-failed";

    private final ClientLoop loop;
    private final IntSupplier pending;
    private final IntSupplier rejected;
    private final List<Consumer<ClientStatus>> listeners = new CopyOnWriteArrayList<>();
    private ConnectionStatus connection = ConnectionStatus.DISCONNECTED;
    private String code = "";
    /* A server has told this client, since it was built, all that it held when they last connected. */
    private boolean caughtUp;
    private @Nullable ClientStatus announced;

    StatusBoard(ClientLoop loop, IntSupplier pending, IntSupplier rejected) {
        this.loop = loop;
        this.pending = pending;
        this.rejected = rejected;
    }

    List<Consumer<ClientStatus>> listeners() {
        return listeners;
    }

    ConnectionStatus connection() {
        return connection;
    }

    String code() {
        return code;
    }

    boolean hasOutboxFailed() {
        return connection == ConnectionStatus.ERROR && code.equals(OUTBOX_FAILED);
    }

    void become(ConnectionStatus status, String why) {
        connection = status;
        code = why;
        changed();
    }

    /** The server of this connection has told all, or is about to. */
    void caughtUp(boolean hasToldAll) {
        boolean isNews = hasToldAll && !caughtUp;
        caughtUp = hasToldAll;
        if (isNews) {
            changed();
        }
    }

    /** Tells the listeners if there is news. */
    void changed() {
        ClientStatus status = current();
        if (!status.equals(announced)) {
            announced = status;
            loop.later(() -> listeners.forEach(listener -> listener.accept(status)));
        }
    }

    ClientStatus current() {
        SyncStatus sync;
        boolean isUp = connection == ConnectionStatus.CONNECTED;
        if (pending.getAsInt() > 0) {
            sync = isUp
                    ? SyncStatus.SYNCHRONIZING
                    : connection == ConnectionStatus.ERROR ? SyncStatus.BLOCKED : SyncStatus.OFFLINE_PENDING;
        } else if (rejected.getAsInt() > 0) {
            sync = SyncStatus.REJECTED;
        } else {
            sync = caughtUp ? SyncStatus.SYNCHRONIZED : SyncStatus.SYNCHRONIZING;
        }
        return new ClientStatus(connection, code, sync, pending.getAsInt(), rejected.getAsInt());
    }
}
