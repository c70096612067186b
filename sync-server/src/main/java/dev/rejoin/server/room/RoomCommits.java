package dev.rejoin.server.room;

import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.Watermark;
import dev.rejoin.crdt.Change;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.crdt.document.Snapshot;
import dev.rejoin.sync.wire.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The way of changes of a room into its log, batch by batch, and what of the document is durable. Belongs to the loop of the room. */
final class RoomCommits {
    /* Batches
     * -------
     * A change goes into the batch `open`, and waits there while `inFlight` is being committed; then the whole of `open` follows as one
     * entry of the log. So a room has at most one commit under way, its entries are in order, and under load the batches
     * grow by themselves.
     *
     * Whoever needs an answer that covers what it has just seen of the document (a welcome, a write without effect) waits in
     * the last batch that is not yet durable, see whenDurable().
     *
     * What is held
     * ------------
     * `held` says of which log everything is durable and shown through which entry; a batch brings its own number and what
     * came with it of other logs. `watermark` is told of a batch when everybody has been sent it, in one call, so that whoever is
     * woken sees no more than the token of the answer says (decision 0018).
     */
    private static final long RETRY_MILLIS = 10;

    /** How many reads and writes of one document may wait for what their sessions have seen; more are told {@code overloaded}. */
    private static final int MAX_WAITING_READS = 1_000;

    private static final int FOLD_AT_LEAST_CELLS = 16;
    private static final byte[] NOTHING = {};

    private final Room room;
    private final RoomLoop loop;
    private final RoomKit kit;
    private final Document document;
    private final Leases leases;
    private final ChangeListeners listeners;
    private final LogTail tail;
    private final Watermark watermark;

    /** Null until the document has begun, which it does with its first record. */
    private RoomLog.@Nullable DocumentLog log;

    private boolean beginning;
    private Batch open = new Batch();
    private @Nullable Batch inFlight;
    private boolean flushScheduled;

    /** What is held with all that was judged or came from other servers. */
    private HeldPositions ahead;

    /** What is held of the logs of other servers and is not in the own log: not worth an entry, it goes along with the next one. */
    private HeldPositions owed = HeldPositions.NONE;

    private Snapshot committed;
    private long committedSequence;
    private HeldPositions held;
    private @Nullable DocumentView view;

    RoomCommits(Room room, RoomLoop loop, RoomKit kit, Leases leases, ChangeListeners listeners, Recovered recovered) {
        this.room = room;
        this.loop = loop;
        this.kit = kit;
        this.document = recovered.document();
        this.leases = leases;
        this.listeners = listeners;
        this.log = recovered.log();
        this.committed = document.snapshot();
        this.committedSequence = recovered.sequence();
        this.held = recovered.held();
        this.ahead = held;
        this.watermark = new Watermark(shown(), MAX_WAITING_READS);
        this.tail = new LogTail(room, loop, kit.options(), recovered);
    }

    /**
     * A change of the objects goes into the open batch.
     *
     * @param author null if nobody judges it
     */
    void changed(
            @Nullable Seat author, @Nullable Judgement judgement, Delta delta, RoomRecord record, int recordBytes) {
        open.changes.add(new Batch.Change(author, judgement, delta));
        record(record, recordBytes);
    }

    /** A change of the objects that nobody judges goes into the open batch. */
    void unjudged(Delta delta) {
        if (!delta.isEmpty()) {
            byte[] fragment = delta.encode();
            changed(null, null, delta, new RoomRecord.Merged(null, null, fragment), fragment.length);
        }
    }

    /** A change of the objects that another server has admitted goes into the open batch. */
    void arrived(Delta delta, byte[] fragment) {
        Batch.Change change = new Batch.Change(null, null, delta);
        open.foreign.add(change);
        open.changes.add(change);
        record(new RoomRecord.Merged(null, null, fragment), fragment.length);
    }

    /**
     * A change of the content goes into the open batch.
     *
     * @param update for the log
     * @param integrated what it did to the content
     */
    void contentChanged(@Nullable ContentSeat author, byte[] update, byte[] integrated) {
        open.contentChanges.add(new Batch.ContentChange(author, integrated, null, true));
        record(new RoomRecord.Content(update), update.length);
    }

    /** What makes void a change of the author goes into the open batch. */
    void contentVoided(ContentSeat author, byte[] integrated, String refusal, boolean settles) {
        open.contentChanges.add(new Batch.ContentChange(author, integrated, refusal, settles));
        record(new RoomRecord.Content(integrated), integrated.length);
    }

    /** A change of the content that another server has admitted goes into the open batch, as in {@link #contentChanged}. */
    void contentArrived(byte[] update, byte[] integrated) {
        Batch.ContentChange change = new Batch.ContentChange(null, integrated, null, true);
        open.foreign.add(change);
        open.contentChanges.add(change);
        record(new RoomRecord.Content(update), update.length);
    }

    /** How objects differ, for those who want to know. */
    void heard(List<Change> changes) {
        open.heard.addAll(changes);
    }

    void record(RoomRecord record, int size) {
        if (open.isEmpty()) {
            open.sinceMillis = kit.time().millis();
            leases.putReaders(open);
        }
        open.add(record, size);
        if (!flushScheduled && inFlight == null) {
            flushScheduled = true;
            loop.execute(this::flush);
        }
    }

    /**
     * What another server holds is held here too, with the open batch and all that has been put into it; to be called after the changes themselves.
     *
     * @throws IllegalArgumentException if the document has entries of too many logs; nothing has happened then
     */
    void hold(HeldPositions theirs) {
        HeldPositions underWay = inFlight == null ? held : held.union(inFlight.arrived);
        HeldPositions arrived = open.arrived.union(theirs);
        if (!underWay.union(arrived).equals(underWay)) {
            open.arrived = arrived;
            byte[] positions = theirs.encode();
            record(new RoomRecord.Held(positions), positions.length);
        }
    }

    /**
     * What other servers hold is held here too, as {@link #hold} says, but is not worth an entry.
     *
     * @param after what is held with it and with all that was there before
     * @param fetched what of it this server has asked for
     */
    void holdWithNext(HeldPositions theirs, HeldPositions after, PositionVector fetched) {
        ahead = after;
        owed = owed.union(theirs);
        Batch batch = open.isEmpty() ? inFlight : open;
        if (batch != null) {
            batch.arrived = batch.arrived.union(theirs);
            batch.fetched = batch.fetched.union(fetched);
        } else {
            held = held.union(theirs);
            watermark.advance(shown(), fetched);
        }
    }

    private void flush() {
        flushScheduled = false;
        if (room.isGone() || inFlight != null || open.isEmpty()) {
            return;
        }
        if (log == null) {
            begin();
            return;
        }
        leases.putVerdictsKnown(open);
        if (!owed.isEmpty()) {
            open.add(new RoomRecord.Held(owed.encode()), 0);
            owed = HeldPositions.NONE;
        }
        boolean image = tail.wantsImage();
        if (image) {
            fold();
        }
        Batch batch = open;
        try {
            batch.sequence = log.append(
                    batch.records, isAwaited(batch), failure -> loop.execute(() -> committed(batch, failure)));
        } catch (DocumentUnavailableException e) {
            room.giveUp(e);
            return;
        }
        if (batch.sequence == RoomLog.DocumentLog.REFUSED) {
            flushScheduled = true;
            loop.schedule(this::flush, RETRY_MILLIS);
            return;
        }
        batch.held = held.union(batch.arrived).with(kit.log().name(), kit.log().incarnation(), batch.sequence);
        ahead = ahead.union(batch.held);
        // a snapshot of the content would have each commit copy what the next keystroke touches; nobody reads it there
        batch.after = batch.changes.isEmpty() ? committed : document.snapshot();
        if (!batch.contentChanges.isEmpty()) {
            batch.contentAfter = room.content().tiers().stateVector();
        }
        if (image) {
            batch.leases = leases.images();
            batch.contentImage = room.content().tiers().image();
        }
        inFlight = batch;
        open = new Batch();
        batch.whenHandedOver.forEach(Runnable::run);
    }

    /** Whether somebody waits who has had this asked for at another server. */
    private boolean isAwaited(Batch batch) {
        return !batch.fetched.isEmpty() && watermark.waiting() > 0;
    }

    private void begin() {
        if (beginning) {
            return;
        }
        beginning = true;
        kit.log()
                .create(room.name(), room.epoch())
                .whenComplete((stored, failure) -> loop.execute(() -> {
                    if (room.isGone()) {
                        return;
                    }
                    if (failure != null) {
                        room.giveUp(DocumentUnavailableException.of(failure));
                    } else {
                        log = stored.log();
                        listeners.tell(new DocumentNotice(
                                DocumentNotice.Kind.CREATED,
                                room.name(),
                                room.epoch(),
                                new Position(kit.log().incarnation(), stored.sequence())));
                        flush();
                    }
                }));
    }

    /** Amounts whose verdicts their authors know become one total per author, which keeps counters small. */
    private void fold() {
        Delta folded = document.fold(leases.verdictsKnown(), FOLD_AT_LEAST_CELLS);
        if (!folded.isEmpty()) {
            byte[] fragment = folded.encode();
            open.changes.add(new Batch.Change(null, null, folded));
            open.add(new RoomRecord.Merged(null, null, fragment), fragment.length);
        }
    }

    private void committed(Batch batch, @Nullable DocumentUnavailableException failure) {
        if (room.isGone()) {
            return;
        }
        if (failure != null) {
            room.giveUp(failure);
            return;
        }
        Version before = committed.version();
        inFlight = null;
        committed = Objects.requireNonNull(batch.after);
        committedSequence = batch.sequence;
        HeldPositions heldBefore = held.union(batch.arrived);
        // what came meanwhile without a change of its own is held as well
        held = heldBefore.union(batch.held);
        view = null;
        tail.grow(batch.bytes);
        kit.observer()
                .committed(
                        batch.changes.size() + batch.contentChanges.size(),
                        kit.time().millis() - batch.sinceMillis);
        room.show(batch, before);
        watermark.advance(shown(), batch.fetched);
        room.tellServers(batch, heldBefore);
        if (batch.leases != null && batch.contentImage != null) {
            image(committedSequence, committed, batch.held, batch.contentImage, batch.leases, () -> {});
        }
        flush();
        room.restWhenIdle();
    }

    /** Calls {@code waiter} with null when everything that has been put into batches is durable, otherwise with the reason. */
    void whenDurable(Consumer<@Nullable DocumentUnavailableException> waiter) {
        if (!open.isEmpty()) {
            open.waiting.add(waiter);
        } else if (inFlight != null) {
            inFlight.waiting.add(waiter);
        } else {
            waiter.accept(null);
        }
    }

    /**
     * Runs {@code then} when the document holds just what is durable or under way.
     *
     * @param otherwise called with the reason if it is never durable
     */
    void whenHandedOver(Runnable then, Consumer<DocumentUnavailableException> otherwise) {
        if (open.isEmpty()) {
            then.run();
        } else {
            open.waiting.add(failure -> {
                if (failure != null) {
                    otherwise.accept(failure);
                }
            });
            open.whenHandedOver.add(then);
        }
    }

    /** The room is given up: everybody who waits for something to be durable hears why. */
    void fail(DocumentUnavailableException cause) {
        List<Consumer<@Nullable DocumentUnavailableException>> waiting = new ArrayList<>();
        if (inFlight != null) {
            waiting.addAll(inFlight.waiting);
        }
        waiting.addAll(open.waiting);
        waiting.forEach(waiter -> waiter.accept(cause));
    }

    /** Has the log delete the document, of which everything is durable. */
    CompletionStage<Void> delete() {
        return Objects.requireNonNull(log).delete();
    }

    /** Runs {@code then}, unless the room is gone, when the log has a snapshot of everything, of which all is durable, or could not be given one. */
    void tidy(Runnable then) {
        if (tail.isEmpty()) {
            then.run();
        } else {
            image(committedSequence, committed, held, room.content().tiers().image(), leases.images(), then);
        }
    }

    private void image(
            long sequence,
            Snapshot snapshot,
            HeldPositions positions,
            Supplier<byte[]> contentImage,
            List<RoomImage.LeaseImage> leaseImages,
            Runnable then) {
        byte[] former = room.content().lineage().former();
        tail.replaceBy(
                () -> new RoomImage(
                        sequence,
                        snapshot.state().encode(),
                        contentImage.get(),
                        former,
                        positions.encode(),
                        leaseImages),
                Objects.requireNonNull(log),
                sequence,
                then);
    }

    /** A change as it leaves the room: empty if it is nothing. */
    static byte[] bytes(Delta delta) {
        return delta.isEmpty() ? NOTHING : delta.encode();
    }

    LogTail tail() {
        return tail;
    }

    /** Whether nobody has written to the document, so that it is in memory only. */
    boolean isUnbegun() {
        return log == null;
    }

    /** Whether there is nothing in it that wants to be kept. */
    boolean isUntouched() {
        return open.isEmpty() && !beginning;
    }

    /** Whether nothing is on its way into the log, and nobody waits for anything from other servers. */
    boolean isQuiet() {
        return open.isEmpty() && inFlight == null && !tail.isImaging() && watermark.waiting() == 0;
    }

    /** Whether there are changes of the content that are not durable. */
    boolean hasContentUnderWay() {
        return !open.contentChanges.isEmpty() || inFlight != null && !inFlight.contentChanges.isEmpty();
    }

    boolean isFull() {
        return tail.storedBytes() + open.bytes > kit.options().maxDocumentBytes();
    }

    /** The objects as they durably are. */
    Snapshot committed() {
        return committed;
    }

    /** The document as it durably is. */
    DocumentView view() {
        DocumentView current = view;
        if (current == null) {
            current = new DocumentView(room.name(), room.epoch(), position(), committed);
            view = current;
        }
        return current;
    }

    Position position() {
        return new Position(kit.log().incarnation(), committedSequence);
    }

    /** What is held, by log. */
    HeldPositions held() {
        return held;
    }

    /** What is held with all that was judged or came from other servers. */
    HeldPositions ahead() {
        return ahead;
    }

    /** What is held and shown of all logs. Entries of this opening of the own log are held through the last one, whoever wrote it. */
    private PositionVector shown() {
        return committedSequence == 0
                ? held.vector()
                : held.vector()
                        .with(dev.rejoin.consistency.session.Position.of(
                                kit.log().incarnation(), committedSequence));
    }

    /** Knows what is shown, and who waits for more. */
    Watermark watermark() {
        return watermark;
    }
}
