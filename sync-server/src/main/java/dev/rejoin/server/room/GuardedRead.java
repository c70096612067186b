package dev.rejoin.server.room;

import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.ReadOutcome;
import java.util.Optional;

/**
 * What the guard of a room has decided about a read, and what may be answered with.
 *
 * @param epoch the life of the document that is here; 0 if there is none
 * @param shown what {@code view} shows, for the token of the answer; what is here if there is no view
 * @param stalenessMillis how far the view may be behind other servers; {@link Long#MAX_VALUE} if nobody can tell
 * @param view empty if the outcome is no answer
 */
public record GuardedRead<V>(
        ReadOutcome outcome, long epoch, PositionVector shown, long stalenessMillis, Optional<V> view) {
    static boolean isAnswer(ReadOutcome outcome) {
        return outcome instanceof ReadOutcome.Served || outcome instanceof ReadOutcome.Stale;
    }
}
