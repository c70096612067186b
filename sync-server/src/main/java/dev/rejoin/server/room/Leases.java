package dev.rejoin.server.room;

import dev.rejoin.crdt.clock.ReplicaId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The replicas that may write to a document: whose each one is, which session writes for it now, and which verdicts its author knows. Belongs to the loop
 * of the room.
 */
final class Leases {
    private final Map<ReplicaId, Lease> leases;

    /** Leases of readers of a document that nobody has begun; not worth beginning it. */
    private final List<RoomRecord> readers = new ArrayList<>();

    private final Map<ReplicaId, Long> verdictsKnown = new LinkedHashMap<>();

    /** Sessions that hold a lease, admitted or about to be. */
    private int present;

    /** @param leases those that there are; they belong to this from now on */
    Leases(Map<ReplicaId, Lease> leases) {
        this.leases = leases;
    }

    @Nullable
    Lease of(ReplicaId replica) {
        return leases.get(replica);
    }

    int size() {
        return leases.size();
    }

    void add(Lease lease) {
        leases.put(lease.replica(), lease);
    }

    /** Goes along with the first entry of the document. */
    void addReader(RoomRecord leased) {
        readers.add(leased);
    }

    /** To be called with the first record of a batch. */
    void putReaders(Batch batch) {
        readers.forEach(reader -> batch.add(reader, 0));
        readers.clear();
    }

    /** The session writes for the replica from now on; nobody else does. */
    void take(Lease lease, Seat seat) {
        lease.live = seat;
        seat.lease = lease;
        present++;
    }

    /** The session writes no more. */
    void leave(Seat seat) {
        if (seat.lease != null && seat.lease.live == seat) {
            seat.lease.live = null;
            present--;
        }
    }

    boolean hasSessions() {
        return present > 0;
    }

    /** Adds those who hold a lease, admitted or about to be. */
    void addSessions(Collection<Seat> seats) {
        for (Lease lease : leases.values()) {
            if (lease.live != null) {
                seats.add(lease.live);
            }
        }
    }

    /** Not worth a commit of its own: it goes along with the next one, and if it is lost the client says it again. */
    void known(Lease lease, long through) {
        if (lease.known(through)) {
            verdictsKnown.put(lease.replica(), lease.verdictsKnown());
        }
    }

    /** To be called just before a batch is handed to the log. */
    void putVerdictsKnown(Batch batch) {
        verdictsKnown.forEach((replica, through) -> batch.add(new RoomRecord.VerdictsKnown(replica, through), 0));
        verdictsKnown.clear();
    }

    /** Up to where each replica knows its verdicts; without those that know none. */
    Map<ReplicaId, Long> verdictsKnown() {
        Map<ReplicaId, Long> known = new LinkedHashMap<>();
        leases.forEach((replica, lease) -> {
            if (lease.verdictsKnown() > 0) {
                known.put(replica, lease.verdictsKnown());
            }
        });
        return known;
    }

    List<RoomImage.LeaseImage> images() {
        List<RoomImage.LeaseImage> images = new ArrayList<>(leases.size());
        leases.values().forEach(lease -> images.add(lease.image()));
        return images;
    }
}
