package dev.rejoin.sync.wire;

import java.util.Arrays;
import java.util.List;

/**
 * Confirmed state and verdicts in one message, to be applied in one step.
 *
 * @param position everything up to here has now been sent on this connection
 * @param fragment what others did, or a joined delta; empty = nothing. Neither copied nor to be changed afterwards
 * @param ackedThrough own dots up to this counter have a verdict, those without a rejection are accepted; 0 = nothing new
 * @param level how far the acknowledged writes have come
 * @param rejections the voided ones among them, ascending
 * @param held an encoded vector of positions: what has come to be held of other logs since the last update; empty = nothing
 */
@SuppressWarnings("ArrayRecordComponent")
public record Update(
        Position position, byte[] fragment, long ackedThrough, AckLevel level, List<Rejection> rejections, byte[] held)
        implements ServerMessage {
    private static final byte[] NOTHING = {};

    public Update {
        rejections = List.copyOf(rejections);
    }

    /** An update with which nothing of other logs has come. */
    public Update(Position position, byte[] fragment, long ackedThrough, AckLevel level, List<Rejection> rejections) {
        this(position, fragment, ackedThrough, level, rejections, NOTHING);
    }

    /** An update that carries only what others did. */
    public static Update of(Position position, byte[] fragment) {
        return new Update(position, fragment, 0, AckLevel.NONE, List.of());
    }

    /** An update that carries only verdicts, all of them durable. */
    public static Update verdicts(Position position, long ackedThrough, List<Rejection> rejections) {
        return new Update(position, NOTHING, ackedThrough, AckLevel.DURABLE, rejections);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Update that
                && position.equals(that.position)
                && Arrays.equals(fragment, that.fragment)
                && ackedThrough == that.ackedThrough
                && level == that.level
                && rejections.equals(that.rejections)
                && Arrays.equals(held, that.held);
    }

    @Override
    public int hashCode() {
        return 31 * position.hashCode() + Arrays.hashCode(fragment);
    }

    @Override
    public String toString() {
        return "Update[position=" + position + ", fragment=" + fragment.length + " B, ackedThrough=" + ackedThrough
                + ", level=" + level + ", rejections=" + rejections + ", held="
                + held.length + " B]";
    }
}
