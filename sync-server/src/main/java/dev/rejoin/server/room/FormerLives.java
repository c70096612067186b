package dev.rejoin.server.room;

import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.crdt.yjs.Updates;

/**
 * Who wrote in the former lives of a document that was deleted and begun anew. Stock editors carry no epoch, but each page that
 * writes has a client id of its own, and what it wrote under it names it for ever: an editor that holds something of such a client holds
 * something of a former life.
 */
final class FormerLives {
    /** So many clients are remembered, of later lives first. What only others wrote is not recognised. */
    static final int MAX_CLIENTS = 65_536;

    private FormerLives() {}

    /**
     * The clients of a life that has ended and of those before it.
     *
     * @param content all of the content of the life that has ended, empty if there is none
     * @param earlier of the lives before it
     */
    static StateVector after(byte[] content, StateVector earlier) {
        StateVector last = content.length == 0 ? StateVector.EMPTY : Updates.stateVector(content);
        StateVector.Builder all = StateVector.builder();
        int[] count = {0};
        last.forEach((client, clock) -> {
            if (count[0]++ < MAX_CLIENTS) {
                all.add(client, Math.max(clock, earlier.get(client)));
            }
        });
        earlier.forEach((client, clock) -> {
            if (last.get(client) == 0 && count[0]++ < MAX_CLIENTS) {
                all.add(client, clock);
            }
        });
        return all.build();
    }
}
