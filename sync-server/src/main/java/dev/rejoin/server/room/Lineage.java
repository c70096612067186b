package dev.rejoin.server.room;

import dev.rejoin.crdt.yjs.ContradictoryUpdateException;
import dev.rejoin.crdt.yjs.MalformedUpdateException;
import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.crdt.yjs.Updates;
import dev.rejoin.sync.wire.FailureCode;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Who has written to the content of a room, in this life of the document and in former ones, and so what belongs to it and what has to be asked
 * for. Belongs to the loop of the room.
 */
final class Lineage {
    static final int MAX_NEW_WRITERS_PER_CHANGE = 1_024;

    /** Client ids that two have written under; of further ones those who come later are not asked. */
    private static final int MAX_SUSPECTS = 16;

    private static final int OVERLAP_UNITS = 8;
    private static final byte[] NOTHING = {};

    private final ContentTiers tiers;
    private final RoomObserver observer;
    private final int maxWriters;

    /** Who wrote in former lives of the document. */
    private final StateVector former;

    /**
     * Client ids that two have written under, and from where on: everybody who comes is asked anew for what they wrote, so that whoever holds
     * the other history is found although its state vector does not tell.
     */
    private final Map<Long, Long> suspects = new LinkedHashMap<>();

    /** At least as many clients as have written. */
    private long writersAtMost;

    Lineage(ContentTiers tiers, StateVector former, RoomKit kit) {
        this.tiers = tiers;
        this.observer = kit.observer();
        this.maxWriters = kit.options().maxReplicas();
        this.former = former;
        this.writersAtMost = tiers.stateVector().size();
    }

    /** Who wrote in former lives, as in {@link RoomImage#former}. */
    byte[] former() {
        return former.size() == 0 ? NOTHING : former.encode();
    }

    /**
     * What an editor is told that the server has, so that it answers with the rest.
     *
     * @param holds what the editor is known to hold. Where that goes on from what is here, the last few units are asked for again, to be
     *     compared
     */
    byte[] question(StateVector holds) {
        StateVector has = tiers.stateVector();
        if (suspects.isEmpty() && has.includes(holds)) {
            return has.encode();
        }
        StateVector.Builder less = StateVector.builder();
        has.forEach((client, clock) -> {
            long from = holds.get(client) > clock ? Math.max(0, clock - OVERLAP_UNITS) : clock;
            less.add(client, Math.min(from, suspects.getOrDefault(client, clock)));
        });
        return less.build().encode();
    }

    /** Two have written different things under one client id. */
    void suspect(ContradictoryUpdateException found) {
        if (suspects.size() < MAX_SUSPECTS || suspects.containsKey(found.client())) {
            suspects.merge(found.client(), found.clock(), Math::min);
        }
    }

    /**
     * Whether merging would mix two documents: what several clients wrote, none of whom this document knows, is of another life of
     * the document, or of another one. What a single client wrote may be new.
     */
    boolean isForeign(StateVector holds) {
        return holds.size() > 1 && tiers.stateVector().size() > 0 && !sharesClients(holds, tiers.stateVector());
    }

    /** Whether an editor holds something of a former life. */
    boolean isFormer(StateVector holds) {
        return sharesClients(holds, former);
    }

    /** Whether an update has something of a former life. */
    boolean isFormer(byte[] update) {
        return former.size() > 0 && Updates.mentions(update, former);
    }

    /** Whether an editor holds something of this document. */
    boolean isKin(StateVector holds) {
        return holds.size() > 0 && sharesClients(holds, tiers.stateVector());
    }

    private static boolean sharesClients(StateVector holds, StateVector ours) {
        if (ours.size() == 0) {
            return false;
        }
        boolean[] shared = {false};
        holds.forEach((client, clock) -> shared[0] |= clock > 0 && ours.get(client) > 0);
        return shared[0];
    }

    /**
     * Whether an update that came without a seat may be merged.
     *
     * @throws WriteRefusedException if it is of another document, or another life of this one
     * @throws MalformedUpdateException if it does not decode
     */
    void check(byte[] update) {
        if (isForeign(Updates.stateVector(update))) {
            observer.lineageRefused();
            throw new WriteRefusedException(
                    FailureCode.LINEAGE.label(), "the update is not of this document, or of another life of it");
        }
    }

    /** Whether an update has more new writers than one change of an editor brings. */
    boolean hasTooManyNewWriters(byte[] update) {
        return declaredWriters(update) > MAX_NEW_WRITERS_PER_CHANGE && newWriters(update) > MAX_NEW_WRITERS_PER_CHANGE;
    }

    /** Whether the document would have more writers than it may: each one costs everybody who joins some bytes, for ever. */
    boolean hasTooManyWriters(byte[] update) {
        writersAtMost += declaredWriters(update);
        if (writersAtMost <= maxWriters) {
            return false;
        }
        int writers = tiers.stateVector().size();
        int fresh = newWriters(update);
        writersAtMost = writers + fresh;
        if (writersAtMost <= maxWriters) {
            return false;
        }
        writersAtMost = writers;
        return fresh > 0;
    }

    /** How many clients an update says it has structs of; it may lie, and is decoded later. */
    private static long declaredWriters(byte[] update) {
        long number = 0;
        for (int i = 0; i < Math.min(update.length, 5); i++) {
            number |= (update[i] & 0x7fL) << (7 * i);
            if (update[i] >= 0) {
                break;
            }
        }
        return number;
    }

    private int newWriters(byte[] update) {
        StateVector ours = tiers.stateVector();
        int[] fresh = {0};
        Updates.stateVector(update).forEach((client, clock) -> fresh[0] += ours.get(client) == 0 ? 1 : 0);
        return fresh[0];
    }
}
