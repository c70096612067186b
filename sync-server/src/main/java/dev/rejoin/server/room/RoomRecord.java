package dev.rejoin.server.room;

import dev.rejoin.crdt.clock.ReplicaId;
import org.jspecify.annotations.Nullable;

/** One fact about a document that a room asks its log to keep. Arrays pass into the record's ownership. */
public sealed interface RoomRecord {

    /**
     * A fragment that was merged.
     *
     * @param author the judged replica that wrote it; null for a change that nobody judges
     * @param judgement the verdict that accepted it; null for a change that nobody judges
     * @param fragment self-contained
     */
    record Merged(@Nullable ReplicaId author, @Nullable Judgement judgement, byte[] fragment) implements RoomRecord {}

    /** A transaction that was refused: its new dots are known and hold nothing. */
    record Voided(ReplicaId author, Judgement judgement) implements RoomRecord {}

    /** A change of the content, as an update of the first encoding. */
    record Content(byte[] update) implements RoomRecord {}

    /** Who wrote in former lives of the document, as a state vector; the first record of one that was begun anew. */
    record Former(byte[] clients) implements RoomRecord {}

    /** What of the logs of other servers is held with this batch, as {@link HeldPositions#encode} writes it. */
    record Held(byte[] positions) implements RoomRecord {}

    /** The replica id belongs to whoever knows the key with this hash. */
    record Leased(ReplicaId replica, byte[] keyHash) implements RoomRecord {}

    /** The replica durably knows all verdicts on its dots up to {@code through}. */
    record VerdictsKnown(ReplicaId replica, long through) implements RoomRecord {}
}
