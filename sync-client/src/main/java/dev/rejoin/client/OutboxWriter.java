package dev.rejoin.client;

import dev.rejoin.client.outbox.Outbox;
import dev.rejoin.client.outbox.OutboxRecord;
import dev.rejoin.client.outbox.SavedClient;
import java.io.IOException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Brings the steps of a client into its outbox. They are appended under the client's lock, by whoever makes them, and forced to
 * disk on the loop, without the lock. Guarded by the client's lock, except {@link #force}.
 */
final class OutboxWriter {
    private final Outbox outbox;
    private final ClientLoop loop;
    private final Consumer<IOException> onFailure;
    private boolean unsaved;
    private boolean rewriteSuspended;
    private boolean flushScheduled;

    OutboxWriter(Outbox outbox, ClientLoop loop, Consumer<IOException> onFailure) {
        this.outbox = outbox;
        this.loop = loop;
        this.onFailure = onFailure;
    }

    boolean isDurable() {
        return outbox.isDurable();
    }

    boolean wantsRewrite() {
        return outbox.wantsRewrite();
    }

    void append(OutboxRecord record) {
        unsaved = true;
        if (rewriteSuspended) {
            return;
        }
        try {
            outbox.append(record);
        } catch (IOException e) {
            onFailure.accept(e);
        }
        if (!flushScheduled) {
            flushScheduled = true;
            loop.run(() -> {});
        }
    }

    /** Neither appends nor rewrites while this runs; one {@link #rewrite} by the caller then covers all of it. */
    void suspended(Runnable steps) {
        rewriteSuspended = true;
        try {
            steps.run();
        } finally {
            rewriteSuspended = false;
        }
    }

    /** Replaces all that was saved; false if that failed or is suspended. */
    boolean rewrite(Supplier<SavedClient> state) {
        if (rewriteSuspended) {
            return false;
        }
        try {
            outbox.rewrite(state.get());
            unsaved = false;
            return true;
        } catch (IOException e) {
            onFailure.accept(e);
            return false;
        }
    }

    /** Whether there is something to force, which the caller then does. */
    boolean beginFlush() {
        flushScheduled = false;
        boolean any = unsaved;
        unsaved = false;
        return any;
    }

    /** Forces to disk what was appended before, not under the lock; false if that failed. */
    boolean force(Object lock) {
        try {
            outbox.force();
            return true;
        } catch (IOException e) {
            synchronized (lock) {
                onFailure.accept(e);
            }
            return false;
        }
    }

    /** Forces here and now; false if that failed. */
    boolean forceNow() {
        try {
            outbox.force();
            unsaved = false;
            return true;
        } catch (IOException e) {
            onFailure.accept(e);
            return false;
        }
    }

    void close() throws IOException {
        outbox.close();
    }
}
