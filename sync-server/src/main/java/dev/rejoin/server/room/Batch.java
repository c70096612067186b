package dev.rejoin.server.room;

import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.document.Snapshot;
import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.crdt.yjs.Updates;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a room commits together: the records for its log, what they mean to whom, and who waits for it. */
final class Batch {
    /** One change of the document. The author is null for a change that nobody judges. */
    record Change(@Nullable Seat author, @Nullable Judgement judgement, Delta delta) {}

    /**
     * One change of the content. The author is null for trusted code in this process.
     *
     * @param integrated what it did to the content; less than what was sent if some of it waits
     * @param refusal what the author is told, just before it gets the change, if this makes void what it has sent
     * @param settles whether the author's change is done with that
     */
    record ContentChange(
            @Nullable ContentSeat author,
            byte[] integrated,
            @Nullable String refusal,
            boolean settles) {}

    final List<RoomRecord> records = new ArrayList<>();
    final List<Change> changes = new ArrayList<>();
    final List<ContentChange> contentChanges = new ArrayList<>();

    /** How objects differ, as far as somebody wants to know. */
    final List<dev.rejoin.crdt.Change> heard = new ArrayList<>();

    /** Called once: with null when all of it is durable, otherwise with the reason. */
    final List<Consumer<@Nullable DocumentUnavailableException>> waiting = new ArrayList<>();

    /** What came from other servers, of the changes of both kinds: they are not told of it again. */
    final Set<Object> foreign = Collections.newSetFromMap(new IdentityHashMap<>());

    /** Run when the batch has been handed to the log, and nothing else has happened since its last change. */
    final List<Runnable> whenHandedOver = new ArrayList<>();

    /** What is held with it of the logs of other servers. */
    HeldPositions arrived = HeldPositions.NONE;

    /** What of {@link #arrived} this server has asked for. */
    PositionVector fetched = PositionVector.EMPTY;

    /** What is held with it of all logs, once it is durable; set when the batch is handed to the log. */
    HeldPositions held = HeldPositions.NONE;

    long bytes;
    long sinceMillis;

    /** The document after it; set when the batch is handed to the log. */
    @Nullable
    Snapshot after;

    /** What the content holds after it; set with {@link #after} if there are changes of it. */
    @Nullable
    StateVector contentAfter;

    /** Position in the log; set with {@link #after}. */
    long sequence;

    /** Set if the log is to be replaced by a snapshot at this batch. */
    @Nullable
    List<RoomImage.LeaseImage> leases;

    /** Set with {@link #leases}: writes the content of that snapshot. */
    @Nullable
    Supplier<byte[]> contentImage;

    boolean isEmpty() {
        return records.isEmpty();
    }

    void add(RoomRecord record, long size) {
        records.add(record);
        bytes += size;
    }

    /** What all of it together does to the document. */
    Delta all() {
        Delta joined = Delta.EMPTY;
        for (Change change : changes) {
            joined = joined.join(change.delta());
        }
        return joined;
    }

    /** What of it was done to the objects at this server. */
    Delta ownChanges() {
        Delta joined = Delta.EMPTY;
        for (Change change : changes) {
            joined = foreign.contains(change) ? joined : joined.join(change.delta());
        }
        return joined;
    }

    /** What of it was done to the content at this server, as one update; empty if nothing. */
    byte[] ownContent() {
        List<byte[]> updates = new ArrayList<>();
        for (ContentChange change : contentChanges) {
            if (!foreign.contains(change) && change.integrated().length > RoomContent.EMPTY_UPDATE.length) {
                updates.add(change.integrated());
            }
        }
        return updates.isEmpty() ? new byte[0] : updates.size() == 1 ? updates.get(0) : Updates.merge(updates);
    }

    /**
     * For each author what the others did. Every author's changes are joined once, then prefixes and suffixes of these, so
     * the cost is linear in the authors and in what is sent to them.
     */
    Map<Seat, Delta> withoutOwn() {
        Map<Seat, Delta> own = new LinkedHashMap<>();
        Delta nobodys = Delta.EMPTY;
        for (Change change : changes) {
            if (change.author() == null) {
                nobodys = nobodys.join(change.delta());
            } else {
                own.merge(change.author(), change.delta(), Delta::join);
            }
        }
        List<Seat> authors = new ArrayList<>(own.keySet());
        Delta[] after = new Delta[authors.size() + 1];
        after[authors.size()] = nobodys;
        for (int i = authors.size() - 1; i > 0; i--) {
            after[i] = after[i + 1].join(own.getOrDefault(authors.get(i), Delta.EMPTY));
        }
        Map<Seat, Delta> others = new LinkedHashMap<>();
        Delta before = Delta.EMPTY;
        for (int i = 0; i < authors.size(); i++) {
            others.put(authors.get(i), before.join(after[i + 1]));
            before = before.join(own.getOrDefault(authors.get(i), Delta.EMPTY));
        }
        return others;
    }
}
