package dev.rejoin.sync.session;

import dev.rejoin.sync.wire.Standing;
import dev.rejoin.sync.wire.Verdict;
import java.util.List;

/**
 * What a room tells a session that it takes in: the life of the document, and what it knows of the replica.
 *
 * @param epoch names this life of the document, never 0
 * @param session names the session in presence, never 0
 * @param judgedThrough own dots of the replica up to this counter have a durable verdict
 * @param chain chain checksum at {@code judgedThrough}
 * @param verdicts those after {@code Hello.verdictsKnown}, ascending
 * @param standing where the server stands, for a client that keeps a session
 * @param behind whether the server lacks some of what that session has read and written
 */
public record Admission(
        long epoch,
        long session,
        long judgedThrough,
        int chain,
        List<Verdict> verdicts,
        Standing standing,
        boolean behind) {
    public Admission {
        verdicts = List.copyOf(verdicts);
    }

    /** Of a client that keeps no session. */
    public Admission(long epoch, long session, long judgedThrough, int chain, List<Verdict> verdicts) {
        this(epoch, session, judgedThrough, chain, verdicts, Standing.NONE, false);
    }
}
