package dev.rejoin.crdt.yjs;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A change that is made in a document, can be looked at, and stands only when somebody says so. Nobody is told of it before.
 *
 * <p>Made by {@link YDoc#propose}; it is the document's open transaction until {@link #accept}, {@link #refuse} or {@link #close}, on one thread. A change that
 * somebody else has made already, in a copy of the document, cannot be undone there by leaving it out: what he does next refers to it. So {@link #refuse} takes
 * its units in as deleted ones and puts back what it took away, in one update for everybody.
 */
public final class Proposal implements AutoCloseable {
    private final YDoc doc;
    private final @Nullable Object origin;
    private final @Nullable YDocView before;
    private @Nullable List<ProposedEdit> edits;
    private @Nullable YTransaction transaction;
    private boolean over;

    Proposal(YDoc doc, @Nullable Object origin, boolean keepsBefore) {
        this.doc = doc;
        this.origin = origin;
        this.before = keepsBefore ? doc.view() : null;
        doc.beginProposal(origin);
    }

    /**
     * Takes in what of an update can be. What waits for earlier updates is forgotten, so nothing is kept that nobody has looked at.
     *
     * @return whether something was forgotten, and the clocks from which it has to come again
     * @throws MalformedUpdateException as {@link YDoc#applyUpdate(byte[])} does; nothing has changed then
     * @throws IllegalStateException if the proposal is over, or somebody has looked at it
     */
    public ApplyResult apply(byte[] update) {
        checkOpen();
        if (edits != null) {
            throw new IllegalStateException("somebody has looked at the change already");
        }
        return doc.receiveProposed(update);
    }

    /** Whether the document is as before. */
    public boolean isEmpty() {
        checkOpen();
        return changes().isEmpty();
    }

    /**
     * What the change does to the types that were there before and still are, as far as it can be seen; no edits if what is shown stays the same. What new types
     * hold is part of what is inserted where they stand. O(change); if formats come or go also O(text)
     *
     * @throws IllegalStateException if the proposal is over
     */
    public List<ProposedEdit> edits() {
        checkOpen();
        List<ProposedEdit> known = edits;
        if (known == null) {
            Changes changes = changes();
            changes.close();
            YTransaction looked = new YTransaction(doc, changes, origin, /* local= */ false);
            transaction = looked;
            known = new ProposedEdits(doc).of(looked);
            edits = known;
        }
        return known;
    }

    /** The clients who have inserted something, which whoever sends it has said himself. Who only deletes is not named. */
    public Set<Long> clients() {
        checkOpen();
        Set<Long> clients = new LinkedHashSet<>();
        for (int i = 0; i < changes().grownCount(); i++) {
            clients.add(doc.store.clients.id(changes().grownClient(i)));
        }
        return clients;
    }

    /**
     * The document without the change.
     *
     * @throws IllegalStateException if it was not asked for when the proposal was made
     */
    public YDocView before() {
        if (before == null) {
            throw new IllegalStateException("the proposal was made without keeping what was before");
        }
        return before;
    }

    /** The document with the change. The pages that are written next are copied for it. */
    public YDocView after() {
        checkOpen();
        return doc.view();
    }

    /** The change stands: the transaction ends as any other. */
    public void accept() {
        checkOpen();
        end();
        doc.endProposal();
    }

    /**
     * The change is void, and so known to everybody: inserted units are there as deleted ones, with their clocks, origins and parents and without content, so what
     * their author writes beside them later finds its place; what was deleted, formatted or overwritten stands again, as a copy written by this document. The
     * transaction's update says all of that and holds nothing of what was refused but the names of roots and keys. O(change)
     *
     * @throws IllegalStateException if the proposal is over, or part of an outer transaction, which can be taken back as a whole
     */
    public Refusal refuse() {
        checkOpen();
        Refusal refusal = new Compensation(doc).refuse();
        end();
        doc.endProposal();
        return refusal;
    }

    /** Takes the change back if nothing else has been said, and leaves no trace of it; inside an outer transaction that is left to that one. */
    @Override
    public void close() {
        if (!over) {
            end();
            doc.fail();
        }
    }

    private void end() {
        over = true;
        if (transaction != null) {
            transaction.close();
        }
    }

    private Changes changes() {
        return doc.store.changes;
    }

    private void checkOpen() {
        if (over) {
            throw new IllegalStateException("the proposal is over");
        }
    }
}
