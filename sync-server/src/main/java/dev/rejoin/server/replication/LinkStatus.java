package dev.rejoin.server.replication;

import dev.rejoin.consistency.lag.LagReading;
import java.util.Optional;

/**
 * How a server follows one of its peers.
 *
 * @param peer the address that is dialled
 * @param linked whether the link is open
 * @param caughtUp whether every document has been compared since it was opened
 * @param opening names the opening of the log that is followed; 0 if there was no link yet
 * @param due documents known to be out of date
 * @param lag how late the peer's changes are here; empty before the first heartbeat of this opening
 * @param waitedMillis for how long no heartbeat of the peer has counted, since the last one or since it is followed
 * @param problem why the link is not open; empty if it is
 */
public record LinkStatus(
        String peer,
        boolean linked,
        boolean caughtUp,
        long opening,
        int due,
        Optional<LagReading> lag,
        long waitedMillis,
        String problem) {}
