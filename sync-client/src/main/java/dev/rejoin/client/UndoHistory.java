package dev.rejoin.client;

import dev.rejoin.crdt.Change;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.ObjectKey;
import dev.rejoin.crdt.ObjectType;
import dev.rejoin.crdt.Values;
import dev.rejoin.crdt.document.Document;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Undo and redo of what this client has written to some objects; made by {@link SyncClient#undoHistory}. For any thread.
 *
 * <p>What is undone is always the last write that still stands, whatever others have done in between: an increment is taken back by its amount, a register gets the value
 * that it had before (of several, the first), elements that were added go and those that were removed come back. What to write is found out when it is undone, and what redo has to write as well, from
 * what undoing has changed. So after undoing some writes and redoing as many, the document is as it was before the first undo, also where that was somebody else's doing.
 *
 * <p>A write that was not sent yet is taken back as if it had never been made ({@link SyncClient#cancel}). What undoes one that was sent is sent after its verdict, and not at all if
 * that is a refusal. A refused write leaves both stacks; one in doubt is passed over. Increments of a grow-only counter, sums beyond 64 bits, and writes that show only when they are accepted, are not
 * recorded.
 *
 * <p>It holds the last {@value #MAX_ENTRIES} writes, as long as the process; a write that changes more than {@value #MAX_ELEMENTS} elements empties it, because it cannot be undone
 * and neither can what lies below.
 */
public final class UndoHistory implements AutoCloseable {
    /** Writes that can be undone, and those that can be redone, at most. */
    public static final int MAX_ENTRIES = 200;

    /** Elements, counters and registers that one write may have changed to be undone. */
    public static final int MAX_ELEMENTS = 10_000;

    private final SyncClient client;
    private final Set<String> names;
    private final ArrayDeque<Entry> undone = new ArrayDeque<>();
    private final ArrayDeque<Entry> done = new ArrayDeque<>();

    /** What one write has changed within the scope. */
    private record Entry(List<Change> changes, @Nullable WriteHandle handle) {}

    UndoHistory(SyncClient client, Set<String> names) {
        this.client = client;
        this.names = Set.copyOf(names);
    }

    /** Undoes the last write that can be; false if there is none, or the client is closed. */
    public CompletableFuture<Boolean> undo() {
        return client.step(ledger -> turn(ledger, done, undone));
    }

    /** Does again what was undone last; false if nothing has been since the last write, or the client is closed. */
    public CompletableFuture<Boolean> redo() {
        return client.step(ledger -> turn(ledger, undone, done));
    }

    /** How many writes can be undone now. */
    public int undoable() {
        return client.locked(done::size);
    }

    /** How many can be redone. */
    public int redoable() {
        return client.locked(undone::size);
    }

    /** Records no more, and forgets what it has. */
    @Override
    public void close() {
        client.locked(() -> {
            client.forget(this);
            done.clear();
            undone.clear();
            return true;
        });
    }

    /** The client has written this; under its lock. */
    void wrote(List<Change> all, WriteHandle handle) {
        List<Change> changes = inScope(all);
        if (changes.stream().allMatch(change -> change.object().type() == ObjectType.GCOUNTER)) {
            return;
        }
        undone.clear();
        if (elements(changes) > MAX_ELEMENTS) {
            done.clear();
            return;
        }
        push(done, changes, handle);
    }

    private void push(ArrayDeque<Entry> stack, List<Change> changes, @Nullable WriteHandle handle) {
        Entry entry = new Entry(changes, handle);
        stack.push(entry);
        if (stack.size() > MAX_ENTRIES) {
            stack.removeLast();
        }
        if (handle != null) {
            handle.rejection().thenRun(() -> client.locked(() -> stack.remove(entry)));
        }
    }

    private boolean turn(Ledger ledger, ArrayDeque<Entry> from, ArrayDeque<Entry> to) {
        for (Entry entry = from.poll(); entry != null; entry = from.poll()) {
            WriteHandle handle = entry.handle();
            Optional<List<Change>> takenBack = handle == null ? Optional.empty() : ledger.takeBackUnsent(handle);
            if (takenBack.isPresent()) {
                List<Change> changes = inScope(takenBack.get());
                if (!changes.isEmpty()) {
                    push(to, changes, null);
                    return true;
                }
                continue;
            }
            if (handle != null && hasNoEffect(handle)) {
                continue;
            }
            List<Change> changes = entry.changes();
            // if what it takes back is refused, it must not happen either
            WriteOptions options = handle == null ? WriteOptions.DEFAULT : WriteOptions.after(handle);
            Ledger.Written written = ledger.write(options, document -> revert(document, changes));
            List<Change> reverted = inScope(written.changes());
            if (!reverted.isEmpty()) {
                written.handle().rejection().thenAccept(client::discardDependent);
                push(to, reverted, written.handle());
                return true;
            }
        }
        return false;
    }

    private static boolean hasNoEffect(WriteHandle handle) {
        return handle.state() == WriteState.REJECTED || handle.state() == WriteState.IN_DOUBT;
    }

    private List<Change> inScope(List<Change> all) {
        return names.isEmpty()
                ? all
                : all.stream()
                        .filter(change -> names.contains(change.object().path().get(0)))
                        .toList();
    }

    private static int elements(List<Change> changes) {
        int elements = 0;
        for (Change change : changes) {
            elements += change instanceof Change.SetChange set
                    ? set.added().size() + set.removed().size()
                    : 1;
        }
        return elements;
    }

    private static void revert(Document document, List<Change> changes) {
        List<Mutation> mutations = new ArrayList<>();
        changes.forEach(change -> revert(change, mutations));
        document.apply(mutations);
    }

    private static void revert(Change change, List<Mutation> out) {
        ObjectKey key = change.object();
        ObjectType type = key.type();
        if (type == null) {
            return;
        }
        if (change instanceof Change.CounterChange counter) {
            if (type == ObjectType.PNCOUNTER) {
                BigInteger amount = counter.before().subtract(counter.after());
                if (amount.bitLength() < Long.SIZE) {
                    out.add(new Mutation(key.path(), type, Mutation.Op.INCREMENT, amount.longValue()));
                }
            }
        } else if (change instanceof Change.RegisterChange register) {
            List<Object> before = register.before();
            out.add(
                    before.isEmpty()
                            ? new Mutation(key.path(), type, Mutation.Op.CLEAR, Values.NULL)
                            : new Mutation(key.path(), type, Mutation.Op.SET, before.get(0)));
        } else if (change instanceof Change.SetChange set) {
            boolean isFlag = type == ObjectType.FLAG || type == ObjectType.DW_FLAG;
            for (Object element : set.added()) {
                out.add(
                        isFlag
                                ? new Mutation(key.path(), type, Mutation.Op.DISABLE, Values.NULL)
                                : new Mutation(key.path(), type, Mutation.Op.REMOVE, element));
            }
            for (Object element : set.removed()) {
                out.add(
                        isFlag
                                ? new Mutation(key.path(), type, Mutation.Op.ENABLE, Values.NULL)
                                : new Mutation(key.path(), type, Mutation.Op.ADD, element));
            }
        }
    }
}
