package dev.rejoin.server.room;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.crdt.yjs.MalformedUpdateException;
import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.crdt.yjs.UpdateLimits;
import dev.rejoin.crdt.yjs.Updates;
import dev.rejoin.sync.wire.FailureCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A document brought back to life from its log: the snapshot, then every batch after it.
 *
 * @param log null if nobody has begun the document yet
 * @param former who wrote in former lives, see {@link FormerLives}
 * @param held what of which log is held
 */
record Recovered(
        RoomLog.@Nullable DocumentLog log,
        long epoch,
        Document document,
        ContentSource content,
        StateVector former,
        HeldPositions held,
        Map<ReplicaId, Lease> leases,
        long sequence,
        long tailBytes,
        int tailEntries,
        long imageBytes) {

    private static final ReplicaId READER = ReplicaId.of(1);

    /**
     * Replays what the log holds. Linear in its size; may run on any thread.
     *
     * @throws DocumentUnavailableException {@code document-corrupt} if what is stored cannot be what a room wrote
     */
    static Recovered from(String name, RoomLog.Stored stored, RoomKit kit) {
        return from(
                name,
                stored,
                held(name, stored, kit.log()),
                kit.updateLimits(),
                ReplicaId.random(kit.random()),
                kit.time());
    }

    private static Recovered from(
            String name,
            RoomLog.Stored stored,
            HeldPositions held,
            UpdateLimits limits,
            ReplicaId replica,
            TimeSource time) {
        ContentSource source = new ContentSource(content(name, stored), limits);
        Document document = empty(source, replica, time);
        Map<ReplicaId, Lease> leases = new LinkedHashMap<>();
        long imageBytes = 0;
        try {
            if (stored.image().isPresent()) {
                RoomImage image = stored.image().get();
                imageBytes = image.state().length + image.content().length;
                document.merge(Delta.decode(image.state()));
                image.leases().forEach(lease -> leases.put(lease.replica(), Lease.of(lease)));
            }
            for (List<RoomRecord> batch : stored.tail()) {
                for (RoomRecord record : batch) {
                    replay(record, document, leases);
                }
            }
        } catch (MalformedDeltaException | IllegalStateException e) {
            throw corrupt(name, e);
        }
        return new Recovered(
                stored.log(),
                stored.epoch(),
                document,
                source,
                former(name, stored),
                held,
                new HashMap<>(leases),
                stored.sequence(),
                stored.tailBytes(),
                stored.tail().size(),
                imageBytes);
    }

    /** A document that nobody has begun yet. */
    static Recovered unbegun(long epoch, RoomKit kit) {
        ContentSource source = new ContentSource(new byte[0], kit.updateLimits());
        Document document = empty(source, ReplicaId.random(kit.random()), kit.time());
        return new Recovered(
                null, epoch, document, source, StateVector.EMPTY, HeldPositions.NONE, new HashMap<>(), 0, 0, 0, 0);
    }

    private static Document empty(ContentSource source, ReplicaId replica, TimeSource time) {
        return Document.builder()
                .replica(replica)
                .timeSource(time)
                .content(source)
                .build();
    }

    /**
     * Who wrote in a life that has ended and in those before it.
     *
     * @throws DocumentUnavailableException {@code document-corrupt} if what is stored cannot be what a room wrote
     */
    static StateVector formerAfter(String name, RoomLog.Stored ended) {
        return FormerLives.after(content(name, ended), former(name, ended));
    }

    private static StateVector former(String name, RoomLog.Stored stored) {
        byte[] encoded = stored.image().map(RoomImage::former).orElse(new byte[0]);
        for (List<RoomRecord> batch : stored.tail()) {
            for (RoomRecord record : batch) {
                encoded = record instanceof RoomRecord.Former former ? former.clients() : encoded;
            }
        }
        try {
            return encoded.length == 0 ? StateVector.EMPTY : StateVector.decode(encoded);
        } catch (MalformedUpdateException e) {
            throw corrupt(name, e);
        }
    }

    /**
     * What of which log is held: what the image says, what the tail says of other logs, and by whom the tail was written. An image that says
     * nothing of this log is from before positions were kept, from a backup or from an import: what it covers counts as written by an opening that
     * has the name of the log.
     */
    private static HeldPositions held(String name, RoomLog.Stored stored, RoomLog log) {
        try {
            HeldPositions held = HeldPositions.NONE;
            if (stored.image().isPresent()) {
                RoomImage image = stored.image().get();
                held = HeldPositions.decode(image.held());
                if (!held.knows(log.name()) && image.sequence() > 0) {
                    held = held.with(log.name(), log.name(), image.sequence());
                }
            }
            for (List<RoomRecord> batch : stored.tail()) {
                for (RoomRecord record : batch) {
                    if (record instanceof RoomRecord.Held said) {
                        held = held.union(HeldPositions.decode(said.positions()));
                    }
                }
            }
            return held.with(log.name(), stored.written());
        } catch (IllegalArgumentException e) {
            throw corrupt(name, e);
        }
    }

    /**
     * All that the log holds as one image; as {@link #from} otherwise. Nobody writes to what comes of it.
     *
     * @throws DocumentUnavailableException as there
     */
    static RoomImage image(String name, RoomLog.Stored stored) {
        if (stored.sequence() == 0) {
            // begun, by a create or anew, and nothing written since
            return new RoomImage(0, new byte[0], new byte[0], new byte[0], new byte[0], List.of());
        }
        Recovered recovered = from(name, stored, HeldPositions.NONE, UpdateLimits.DEFAULT, READER, () -> 0);
        List<RoomImage.LeaseImage> leases = new ArrayList<>();
        recovered.leases().values().forEach(lease -> leases.add(lease.image()));
        return new RoomImage(
                stored.sequence(),
                recovered.document().state().encode(),
                recovered.content().bytes(),
                recovered.former().size() == 0
                        ? new byte[0]
                        : recovered.former().encode(),
                new byte[0],
                leases);
    }

    /** All changes of the content as one update, without an engine; empty if there are none. */
    private static byte[] content(String name, RoomLog.Stored stored) {
        List<byte[]> updates = new ArrayList<>();
        stored.image().map(RoomImage::content).filter(all -> all.length > 0).ifPresent(updates::add);
        for (List<RoomRecord> batch : stored.tail()) {
            for (RoomRecord record : batch) {
                if (record instanceof RoomRecord.Content changed) {
                    updates.add(changed.update());
                }
            }
        }
        try {
            return updates.isEmpty() ? new byte[0] : updates.size() == 1 ? updates.get(0) : Updates.merge(updates);
        } catch (MalformedUpdateException e) {
            throw corrupt(name, e);
        }
    }

    private static DocumentUnavailableException corrupt(String name, RuntimeException cause) {
        return new DocumentUnavailableException(
                FailureCode.DOCUMENT_CORRUPT, "the stored document '" + name + "' cannot be replayed", cause);
    }

    private static void replay(RoomRecord record, Document document, Map<ReplicaId, Lease> leases) {
        if (record instanceof RoomRecord.Merged merged) {
            document.merge(Delta.decode(merged.fragment()));
            if (merged.author() != null && merged.judgement() != null) {
                lease(leases, merged.author()).judged(merged.judgement());
            }
        } else if (record instanceof RoomRecord.Voided voided) {
            Judgement judgement = voided.judgement();
            document.merge(Delta.voided(voided.author(), judgement.first(), judgement.last()));
            lease(leases, voided.author()).judged(judgement);
        } else if (record instanceof RoomRecord.Leased leased) {
            leases.put(leased.replica(), new Lease(leased.replica(), leased.keyHash()));
        } else if (record instanceof RoomRecord.VerdictsKnown known) {
            lease(leases, known.replica()).known(known.through());
        }
    }

    private static Lease lease(Map<ReplicaId, Lease> leases, ReplicaId replica) {
        Lease lease = leases.get(replica);
        if (lease == null) {
            throw new IllegalStateException("a record of " + replica + ", which has no lease");
        }
        return lease;
    }
}
