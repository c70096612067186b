package dev.rejoin.server.room;

import dev.rejoin.crdt.document.Document;
import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.crdt.yjs.Updates;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocView;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The content of a room in memory, as bytes or as an engine, and what it is as a whole. Belongs to the loop of the room. */
final class ContentTiers {
    /* Cold and hot
     * ------------
     * A content that nobody writes to is one array of bytes, an update that holds all of it: joins and readers are served from
     * that by the operations on updates. The first change makes it an engine, and the budget of the loop makes it bytes again.
     */
    private static final long HOT_BYTES_PER_ENCODED_BYTE = 4;
    private static final byte[] NOTHING = {};

    private final Room room;
    private final RoomCommits commits;
    private final RoomKit kit;
    private final HotContents hotContents;
    private final Document document;
    private final ContentSource source;
    private long encodedBytes;

    /** Of the engine; null after a change, until somebody asks. */
    private @Nullable StateVector stateVector;

    /** What a change of the engine emitted while somebody waits for it. */
    private byte @Nullable [] emitted;

    /** The whole content as an update, for all who join; null after a change. */
    private byte @Nullable [] whole;

    /** Null after a change and while the content is cold. */
    private @Nullable ContentView view;

    ContentTiers(
            Room room,
            RoomCommits commits,
            RoomKit kit,
            HotContents hotContents,
            Document document,
            ContentSource source) {
        this.room = room;
        this.commits = commits;
        this.kit = kit;
        this.hotContents = hotContents;
        this.document = document;
        this.source = source;
        byte[] state = source.bytes();
        this.encodedBytes = state.length;
        this.stateVector = state.length == 0 ? StateVector.EMPTY : Updates.stateVector(state);
        source.whenMade(this::made);
    }

    /** The engine; makes one if the content is cold. Linear in the content then. */
    YDoc engine() {
        YDoc engine = document.content();
        hotContents.used(this, encodedBytes * HOT_BYTES_PER_ENCODED_BYTE);
        return engine;
    }

    private void made(YDoc engine) {
        engine.onUpdate((update, origin, changed) -> emitted(update));
        kit.observer().contentHeated();
    }

    /** The engine; null if the content is cold. */
    @Nullable
    YDoc hot() {
        return document.hasContent() ? document.content() : null;
    }

    /** Back to bytes, if nothing is under way. Linear in the content. */
    boolean cool() {
        if (!document.hasContent()) {
            return true;
        }
        if (commits.hasContentUnderWay()) {
            return false;
        }
        byte[] state = whole();
        encodedBytes = state.length;
        source.keep(state);
        document.releaseContent();
        view = null;
        kit.observer().contentCooled();
        return true;
    }

    /** All of it as one update, with what waits for earlier updates; shared by whoever asks until it changes. */
    byte[] whole() {
        byte[] all = whole;
        if (all == null) {
            YDoc engine = hot();
            byte[] cold = source.bytes();
            all = engine != null ? engine.encodeStateAsUpdate() : cold.length == 0 ? RoomContent.EMPTY_UPDATE : cold;
            whole = all;
        }
        return all;
    }

    /** What the log is to keep, written when it is asked for, on any thread; empty for a document without content. */
    Supplier<byte[]> image() {
        YDoc engine = hot();
        if (engine != null && engine.pending().structs() + engine.pending().deletes() == 0) {
            YDocView view = engine.view();
            return view::encodeStateAsUpdate;
        }
        // a view does not hold what waits for earlier updates
        byte[] bytes = engine == null ? source.bytes() : engine.encodeStateAsUpdate();
        return () -> bytes;
    }

    /** The content as it is, changes not yet durable included; makes it hot. Linear in the content after a change. */
    ContentView view() {
        ContentView current = view;
        if (current == null) {
            current = ContentView.of(room.epoch(), engine().view());
            view = current;
        }
        return current;
    }

    /** Linear in the clients after a change. */
    StateVector stateVector() {
        StateVector current = stateVector;
        if (current == null) {
            current = engine().stateVector();
            stateVector = current;
        }
        return current;
    }

    /** What somebody who holds this lacks, with what waits for earlier updates; empty if there is nothing at all. */
    byte[] excerpt(StateVector known) {
        byte[] lacking = lacking(known);
        return Updates.isEmpty(lacking) ? NOTHING : lacking;
    }

    /** What somebody who holds this lacks. */
    byte[] lacking(StateVector known) {
        if (known.size() == 0) {
            return whole();
        }
        YDoc engine = hot();
        if (engine != null) {
            return engine.encodeStateAsUpdate(known);
        }
        byte[] cold = source.bytes();
        return cold.length == 0 ? RoomContent.EMPTY_UPDATE : Updates.diff(cold, known);
    }

    /** Something that came waits for what has not come: it is part of the whole, and nothing may have been emitted. */
    void stalled() {
        kit.observer().contentStalled();
        whole = null;
    }

    /** Forgets what the engine has emitted: what {@link #takeEmitted} returns comes after this. */
    void forgetEmitted() {
        emitted = null;
    }

    /** What the engine has emitted last; null if nothing. */
    byte @Nullable [] takeEmitted() {
        byte[] update = emitted;
        emitted = null;
        return update;
    }

    /** The engine has changed: by what has come to this room, or by trusted code in this process. */
    private void emitted(byte[] update) {
        whole = null;
        stateVector = null;
        view = null;
        encodedBytes += update.length;
        emitted = update;
    }

    /** Trusted code in this process runs: it may tell the kind of a root, which changes nothing but what is shown. */
    void forgetView() {
        view = null;
    }

    /** The room leaves memory. */
    void gone() {
        hotContents.forget(this);
        if (document.hasContent()) {
            kit.observer().contentCooled();
        }
    }
}
