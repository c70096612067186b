package dev.rejoin.crdt.document;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.ObjectKey;
import dev.rejoin.crdt.ObjectStore;
import dev.rejoin.crdt.ObjectType;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocView;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A document as it was, for any thread.
 *
 * <p>Taking one costs O(1), and so does keeping it. State and deltas are read from the frozen cells; typed reads build
 * their index once, at the first of them, O(cells).
 */
public final class Snapshot {
    private final ObjectStore.Frozen frozen;
    private final @Nullable YDocView content;
    private final boolean contentElsewhere;
    private @Nullable ObjectStore index;

    Snapshot(ObjectStore.Frozen frozen, @Nullable YDocView content, boolean contentElsewhere) {
        this.frozen = frozen;
        this.content = content;
        this.contentElsewhere = contentElsewhere;
    }

    /** The view of content that nobody has asked for. */
    private static final class NoContent {
        static final YDocView VIEW = YDoc.create().view();
    }

    /**
     * The content as it was; empty if the document had none.
     *
     * @throws IllegalStateException if the document was given its content by a supplier, and did not hold it when this snapshot was taken: ask the document for
     *     its content first
     */
    public YDocView content() {
        if (contentElsewhere) {
            throw new IllegalStateException("the content was not in memory when the snapshot was taken");
        }
        return content == null ? NoContent.VIEW : content;
    }

    /**
     * What was known of both parts. O(items)
     *
     * @throws IllegalStateException as {@link #content}
     */
    public DocumentVersion documentVersion() {
        YDocView view = content();
        return DocumentVersion.of(frozen.version(), view.stateVector(), view.deleteSet());
    }

    /**
     * The confirmed state of both parts, without what waited for earlier updates of the content. O(cells and items)
     *
     * @throws IllegalStateException as {@link #content}
     */
    public DocumentDelta documentState() {
        return deltaSince(DocumentVersion.EMPTY);
    }

    /**
     * What a holder of {@code version} lacks of both parts. O(cells and items)
     *
     * @throws IllegalStateException as {@link #content}
     */
    public DocumentDelta deltaSince(DocumentVersion version) {
        Delta objects = frozen.deltaSince(version.objects());
        return version.hasSameContent(documentVersion())
                ? DocumentDelta.of(objects)
                : DocumentDelta.written(objects, content().encodeStateAsUpdate(version.content()));
    }

    /** The confirmed version of the objects. */
    public Version version() {
        return frozen.version();
    }

    /** The confirmed state of the objects. O(cells) */
    public Delta state() {
        return frozen.state();
    }

    /** What a holder of {@code version} lacks of the confirmed state. O(cells) */
    public Delta deltaSince(Version version) {
        return frozen.deltaSince(version);
    }

    /** Reads go one at a time: even a lookup may touch the index's bookkeeping. */
    private synchronized <T> T read(java.util.function.Function<ObjectStore, T> reader) {
        ObjectStore store = index;
        if (store == null) {
            store = frozen.thaw();
            index = store;
        }
        return reader.apply(store);
    }

    /** The values by name; see {@link Document#toMap}. */
    public Map<String, Object> toMap() {
        return read(Tree::of);
    }

    /** The value of the counter of this name. */
    public long counter(String name) {
        return read(store ->
                store.counter(ObjectKey.root(ObjectType.PNCOUNTER, name)).value());
    }

    /** The value of the grow-only counter of this name. */
    public long gcounter(String name) {
        return read(store ->
                store.gcounter(ObjectKey.root(ObjectType.GCOUNTER, name)).value());
    }

    /** The value of the last-writer-wins register of this name. */
    public <T> Optional<T> register(String name, ValueCodec<T> codec) {
        return read(store -> store.register(ObjectKey.root(ObjectType.LWW_REGISTER, name), codec)
                .optional());
    }

    /** The values of the multi-value register of this name. */
    public <T> List<T> mvRegister(String name, ValueCodec<T> codec) {
        return read(store -> store.mvRegister(ObjectKey.root(ObjectType.MV_REGISTER, name), codec)
                .values());
    }

    /** The elements of the add-wins set of this name, in dot order. */
    public <E> List<E> set(String name, ValueCodec<E> codec) {
        return read(store ->
                store.set(ObjectKey.root(ObjectType.OR_SET, name), codec).elements());
    }

    /** The elements of the remove-wins set of this name, in dot order. */
    public <E> List<E> removeWinsSet(String name, ValueCodec<E> codec) {
        return read(store ->
                store.set(ObjectKey.root(ObjectType.RW_SET, name), codec).elements());
    }

    /** Whether the enable-wins flag of this name is enabled. */
    public boolean flag(String name) {
        return read(store -> store.flag(ObjectKey.root(ObjectType.FLAG, name)).isEnabled());
    }

    /** Whether the disable-wins flag of this name is enabled. */
    public boolean disableWinsFlag(String name) {
        return read(
                store -> store.flag(ObjectKey.root(ObjectType.DW_FLAG, name)).isEnabled());
    }
}
