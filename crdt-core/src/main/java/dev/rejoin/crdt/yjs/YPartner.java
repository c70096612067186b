package dev.rejoin.crdt.yjs;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Whoever shares the transactions of a {@link YDoc}, so that what it holds itself and the document change together or not at all; see {@link YDoc#pair}.
 *
 * <p>Called for outermost transactions only, those of single edits and of updates taken in included, by the document's owner, in the order begin, then commit or
 * rollBack, and after a commit tell. The first three must neither throw nor touch the document.
 */
public interface YPartner {
    /** A transaction begins; nothing has changed yet. */
    void begin();

    /** The transaction has been taken back. */
    void rollBack();

    /**
     * The transaction stands, and no listener has been told of it.
     *
     * @param origin what was given to whoever began it
     * @param local whether it edits the document, rather than takes in an update
     * @return who takes its update in the first encoding, empty if nothing has changed; null if nobody wants it. Called before {@link #tell}, unless the
     *     transaction is told of later because one is being told of now
     */
    @Nullable
    Consumer<byte[]> commit(@Nullable Object origin, boolean local);

    /** The listeners of the document have been told, or will be by whoever is telling them now. What this throws is thrown on to whoever made the transaction. */
    void tell();
}
