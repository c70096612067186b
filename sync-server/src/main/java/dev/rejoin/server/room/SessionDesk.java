package dev.rejoin.server.room;

import dev.rejoin.consistency.session.GuardPolicy;
import dev.rejoin.consistency.session.MalformedTokenException;
import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.consistency.session.ReadFailure;
import dev.rejoin.consistency.session.ReadLevel;
import dev.rejoin.consistency.session.ReadOutcome;
import dev.rejoin.consistency.session.SessionToken;
import dev.rejoin.sync.wire.Answer;
import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.Frames;
import dev.rejoin.sync.wire.OriginLag;
import dev.rejoin.sync.wire.Standing;
import dev.rejoin.sync.wire.Watermark;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a room tells live sessions about where it stands among the servers of its cluster: what it holds of whose log, how late the others'
 * changes come, and when what a session has asked for is here. Owned by the room's loop, like the room.
 *
 * <p>Decision 0025.
 */
final class SessionDesk {
    /** How many questions of one session may be without an answer; more are told {@code overloaded}. */
    static final int MAX_ASKED = 16;

    /** The longest that a question waits. */
    static final long MAX_WAIT_MILLIS = 60_000;

    /** How long writes wait for what a session has seen elsewhere, if the state it holds is here. */
    static final long WRITES_WAIT_MILLIS = 5_000;

    private static final GuardPolicy AT_FIRST = waiting(WRITES_WAIT_MILLIS);
    private static final GuardPolicy AFTERWARDS = waiting(MAX_WAIT_MILLIS);
    private static final long AGAIN_MILLIS = 1_000;
    private static final long LOOK_MILLIS = 1_000;

    /** What has not changed to speak of is told again after this. */
    private static final long REPEAT_MILLIS = 10_000;

    private static final long NOTICEABLE_MILLIS = 250;
    private static final byte[] NOTHING = {};

    private final Room room;
    private final RoomCommits commits;
    private final RoomLoop loop;
    private final RoomKit kit;
    private final boolean isAlone;

    /** What the sessions have been told is held of all logs. */
    private PositionVector told = PositionVector.EMPTY;

    private List<OriginLag> toldLag = List.of();
    private long toldLagAt;
    private RoomLoop.@Nullable Timer look;

    SessionDesk(Room room, RoomCommits commits, RoomLoop loop, RoomKit kit) {
        this.room = room;
        this.commits = commits;
        this.loop = loop;
        this.kit = kit;
        this.isAlone = kit.others() == OtherServers.NONE;
    }

    /** What a session is welcomed with. */
    Standing standing(Seat seat) {
        return seat.keepsSession ? new Standing(held(), kit.others().lag(), List.of()) : Standing.NONE;
    }

    /** Whether the room is behind what a session that is about to be welcomed holds, or has seen. */
    boolean greet(Seat seat) {
        seat.holdsBack = room.isAhead(seat) || !room.satisfies(token(seat));
        return seat.holdsBack;
    }

    /** A token that cannot be read asks for nothing; {@link #admitted} says so. */
    private static SessionToken token(Seat seat) {
        try {
            return seat.keepsSession ? SessionToken.decodeUnchecked(seat.join.sessionToken()) : SessionToken.EMPTY;
        } catch (MalformedTokenException unreadable) {
            return SessionToken.EMPTY;
        }
    }

    void admitted(Seat seat) {
        if (seat.keepsSession) {
            try {
                SessionToken.decodeUnchecked(seat.join.sessionToken());
            } catch (MalformedTokenException unreadable) {
                answer(seat, Answer.failed(Answer.OF_HELLO, MalformedTokenException.CODE));
            }
            lookLater();
        }
        if (seat.holdsBack) {
            catchUp(seat, AT_FIRST);
        }
    }

    private static GuardPolicy waiting(long millis) {
        return new GuardPolicy(Duration.ofMillis(millis), true, false, false);
    }

    /** Fetches what a session holds, or has seen, and is not here. */
    private void catchUp(Seat seat, GuardPolicy policy) {
        if (seat.over) {
            return;
        }
        // of what it holds without saying where it is from, only all others together can tell whether it is lost
        ReadLevel level = room.isAhead(seat) ? ReadLevel.STRONG : ReadLevel.SESSION;
        room.guarded(false, token(seat), level, policy, outcome -> caughtUp(seat, outcome));
    }

    private void caughtUp(Seat seat, ReadOutcome outcome) {
        if (seat.over) {
            return;
        }
        boolean isAhead = room.isAhead(seat);
        boolean mayComeYet = !isAlone
                && outcome instanceof ReadOutcome.Failed failed
                && failed.reason() != ReadFailure.SESSION_LOST_WRITES
                && failed.reason() != ReadFailure.EPOCH_CHANGED;
        if (isAhead && !mayComeYet) {
            room.lost(seat);
            return;
        }
        if (!isAhead) {
            release(seat);
        }
        if (mayComeYet) {
            loop.schedule(() -> catchUp(seat, AFTERWARDS), AGAIN_MILLIS);
        } else if (seat.keepsSession) {
            answer(seat, answerOf(Answer.OF_HELLO, outcome));
        }
    }

    /** Keeps a write until it may be judged here; false if it may be now. */
    boolean holdsBack(Seat seat, byte[] fragment) {
        if (seat.holdsBack) {
            seat.heldBack.add(fragment);
        }
        return seat.holdsBack;
    }

    private void release(Seat seat) {
        seat.holdsBack = false;
        for (byte[] next = seat.heldBack.poll(); next != null && !seat.over; next = seat.heldBack.poll()) {
            room.submit(seat, next);
        }
    }

    void await(Seat seat, Await question) {
        seat.keepsSession = true;
        lookLater();
        SessionToken token;
        ReadLevel level;
        try {
            token = question.token().length == 0 ? SessionToken.EMPTY : SessionToken.decodeUnchecked(question.token());
        } catch (MalformedTokenException unreadable) {
            answer(seat, Answer.failed(question.id(), MalformedTokenException.CODE));
            return;
        }
        try {
            level = question.level().isEmpty() ? ReadLevel.SESSION : ReadLevel.parse(question.level());
        } catch (IllegalArgumentException unknown) {
            answer(seat, Answer.failed(question.id(), "bad-consistency"));
            return;
        }
        if (seat.asked >= MAX_ASKED) {
            answer(seat, Answer.failed(question.id(), ReadFailure.OVERLOADED.label()));
            return;
        }
        seat.asked++;
        GuardPolicy policy = waiting(Math.min(question.timeoutMillis(), MAX_WAIT_MILLIS));
        room.guarded(false, token, level, policy, outcome -> {
            seat.asked--;
            if (!seat.over) {
                answer(seat, answerOf(question.id(), outcome));
            }
        });
    }

    private static Answer answerOf(long id, ReadOutcome outcome) {
        if (outcome instanceof ReadOutcome.Failed failed) {
            return failed.reason() == ReadFailure.SESSION_LOST_WRITES
                    ? new Answer(
                            id,
                            failed.reason().label(),
                            "",
                            failed.missing().encode(),
                            failed.surviving().encode())
                    : Answer.failed(id, failed.reason().label());
        }
        return Answer.shown(id, outcome.label());
    }

    /** After everything that it is about; a session that does not keep up hears of it when it does. */
    private void answer(Seat seat, Answer answer) {
        seat.unanswered.add(answer);
        if (!seat.behind) {
            drained(seat);
        }
    }

    /** The session has been sent everything. */
    void drained(Seat seat) {
        if (!seat.unanswered.isEmpty()) {
            Standing standing = new Standing(held(), kit.others().lag(), seat.unanswered);
            seat.unanswered.clear();
            seat.outlet.relay(watermark(standing), commits.position());
        }
    }

    private byte[] watermark(Standing standing) {
        return Frames.encode(new Watermark(commits.position(), kit.time().millis(), standing));
    }

    private byte[] held() {
        return commits.held().latest().encode();
    }

    /** What has come to be held of the logs of other servers since the last call, encoded; of the own log each update tells by itself. */
    byte[] news() {
        if (isAlone) {
            return NOTHING;
        }
        PositionVector latest = commits.held().latest();
        PositionVector[] news = {PositionVector.EMPTY};
        long own = Position.originOf(kit.log().incarnation());
        latest.beyond(told).forEach((origin, sequence) -> {
            if (origin != own) {
                news[0] = news[0].with(new Position(origin, sequence));
            }
        });
        told = latest;
        return news[0].encode();
    }

    // lag

    private void lookLater() {
        if (!isAlone && look == null) {
            look = loop.schedule(this::look, LOOK_MILLIS);
        }
    }

    /** Tells of the lag when it has changed to speak of. */
    private void look() {
        look = null;
        if (room.isGone() || room.seats().stream().noneMatch(seat -> seat.keepsSession)) {
            return;
        }
        lookLater();
        List<OriginLag> now = kit.others().lag();
        long millis = kit.time().millis();
        boolean isDue = Math.abs(millis - toldLagAt) >= REPEAT_MILLIS && !now.isEmpty();
        if (!isDue && !differs(now, toldLag)) {
            return;
        }
        toldLag = now;
        toldLagAt = millis;
        byte[] frame = watermark(new Standing(held(), now, List.of()));
        for (Seat seat : room.seats()) {
            if (seat.keepsSession && !seat.behind && seat.outlet.hasRoom()) {
                seat.outlet.relay(frame, commits.position());
            }
        }
    }

    private static boolean differs(List<OriginLag> now, List<OriginLag> before) {
        if (now.size() != before.size()) {
            return true;
        }
        for (int i = 0; i < now.size(); i++) {
            OriginLag a = now.get(i);
            OriginLag b = before.get(i);
            if (a.origin() != b.origin()
                    || a.silent() != b.silent()
                    || differs(a.lagMillis(), b.lagMillis())
                    || differs(a.p95Millis(), b.p95Millis())
                    || differs(a.uncertaintyMillis(), b.uncertaintyMillis())) {
                return true;
            }
        }
        return false;
    }

    private static boolean differs(long now, long before) {
        return Math.abs(now - before) >= Math.max(NOTICEABLE_MILLIS, before / 4);
    }
}
