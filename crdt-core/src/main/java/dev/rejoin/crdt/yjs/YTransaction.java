package dev.rejoin.crdt.yjs;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A transaction that has ended, for those who are told of it; not to be kept. */
public final class YTransaction {
    private final YDoc doc;
    final Changes changes;
    private final @Nullable Object origin;
    private final boolean local;
    private @Nullable DeleteSet deleteSet;
    private boolean closed;

    /** Who gets the bytes before update listeners do. */
    @Nullable
    Consumer<byte[]> taker;

    YTransaction(YDoc doc, Changes changes, @Nullable Object origin, boolean local) {
        this.doc = doc;
        this.changes = changes;
        this.origin = origin;
        this.local = local;
    }

    /** The document. */
    public YDoc doc() {
        return doc;
    }

    /** What was given to whoever began the transaction. */
    @Nullable
    public Object origin() {
        return origin;
    }

    /** Whether it edited this document, rather than took in an update. */
    public boolean isLocal() {
        return local;
    }

    /** What it deleted. */
    public DeleteSet deleteSet() {
        checkOpen();
        DeleteSet known = deleteSet;
        if (known == null) {
            known = changes.deleteSet();
            deleteSet = known;
        }
        return known;
    }

    /** For each client that has grown, the next clock before. */
    public StateVector before() {
        checkOpen();
        StateVector.Builder builder = StateVector.builder();
        for (int i = 0; i < changes.grownCount(); i++) {
            int client = changes.grownClient(i);
            builder.add(doc.store.clients.id(client), changes.before(client));
        }
        return builder.build();
    }

    /** For each client that has grown, the next clock after. */
    public StateVector after() {
        checkOpen();
        StateVector.Builder builder = StateVector.builder();
        for (int i = 0; i < changes.grownCount(); i++) {
            builder.add(doc.store.clients.id(changes.grownClient(i)), changes.grownTo(i));
        }
        return builder.build();
    }

    /** Whether the transaction has changed this type or one below it. */
    public boolean hasChanged(YType type) {
        checkOpen();
        for (int changed : changes.touched().keySet()) {
            if (doc.store.types.kind(changed) == Types.UNKNOWN) {
                continue;
            }
            YType target = doc.handle(changed);
            for (YType above = target.isDeleted() ? null : target; above != null; above = above.parent()) {
                if (above == type) {
                    return true;
                }
            }
        }
        return false;
    }

    void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the transaction can be asked only by those who are being told of it");
        }
    }

    boolean isOpen() {
        return !closed;
    }

    void close() {
        closed = true;
    }
}
