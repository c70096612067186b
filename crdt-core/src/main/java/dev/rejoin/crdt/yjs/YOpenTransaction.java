package dev.rejoin.crdt.yjs;

/**
 * A transaction that is not bound to a block of code: edits of its document belong to it until it is committed or rolled back, one of which
 * whoever opened it owes the document. Not for a transaction that something else is part of the block of: {@link YDoc#transact} is simpler.
 */
public final class YOpenTransaction {
    private final YDoc doc;
    private boolean over;

    YOpenTransaction(YDoc doc) {
        this.doc = doc;
    }

    /**
     * Ends it; if it is the outermost, listeners are told.
     *
     * @throws IllegalStateException if it is over
     */
    public void commit() {
        close();
        doc.end();
    }

    /**
     * Takes back everything that the outermost transaction has done, and ends it, if this is the outermost; an inner one leaves that to it.
     *
     * @throws IllegalStateException if it is over
     */
    public void rollBack() {
        close();
        doc.fail();
    }

    private void close() {
        if (over) {
            throw new IllegalStateException("the transaction is over");
        }
        over = true;
    }
}
