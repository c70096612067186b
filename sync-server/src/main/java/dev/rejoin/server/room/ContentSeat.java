package dev.rejoin.server.room;

import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.sync.dialect.Framing;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The place of one editor in a room, and the way from its session to the room. The public methods may be called from any one
 * thread; they take effect in that order, on the room's loop.
 */
public final class ContentSeat {
    private final RoomLoop loop;
    final ContentOutlet outlet;
    final Framing framing;
    final String user;

    /* From here on touched on the loop only. */
    @Nullable
    Room room;

    boolean readOnly;
    boolean over;

    /** Names the seat to the awareness table. */
    long number;

    /** Has got, or is about to get, the state that later changes build on. */
    boolean synchronised;

    /** Has said that it holds something of this document. */
    boolean kin;

    /** Has said that it holds changes of several clients which the document has lost; its answer gives them back. */
    boolean heals;

    boolean behind;

    /** What the peer had when it fell behind. */
    StateVector had = StateVector.EMPTY;

    /** What the editor said it has when it asked for the rest, while it waits for the answer. */
    @Nullable
    StateVector unanswered;

    /** An answer is on its way, or will be at its time. */
    boolean answering;

    /** Monotonic milliseconds; moves on with each answer. */
    long answersFreeAt = Long.MIN_VALUE / 2;

    /** How often what the peer lacks has been taken from the content and waits to be sent until it is durable. */
    int catchingUp;

    /**
     * What the batch that it is sent after has changed. Some of that may have come after it was taken; what was in it already does no harm
     * a second time.
     */
    byte @Nullable [] meanwhile;

    int owedApplied;
    int owedRefused;

    /** Notices of refusals that wait until the peer reads; the oldest first, and not many. */
    final ArrayDeque<String> owedNotices = new ArrayDeque<>();

    final RejectionBudget rejections = new RejectionBudget();

    /** Changes of which something was left out until the peer has answered what it is asked. */
    int heldBack;

    boolean askDue;

    /** Monotonic milliseconds of the last time that the peer was asked for what the server lacks. */
    long askedAt = Long.MIN_VALUE / 2;

    ContentSeat(RoomLoop loop, ContentOutlet outlet, Framing framing, boolean readOnly) {
        this.loop = loop;
        this.outlet = outlet;
        this.framing = framing;
        this.user = outlet.user();
        this.readOnly = readOnly;
    }

    /** Says what the editor has and asks for the rest. */
    public void synchronise(byte[] stateVector) {
        enter(room -> room.content().synchronise(this, stateVector));
    }

    /**
     * One change of the editor.
     *
     * @param answer whether it answers the server's question for what it lacks
     */
    public void change(byte[] update, boolean answer) {
        enter(room -> room.change(this, update, answer));
    }

    /** The editor says something of who is there. */
    public void awareness(byte[] update) {
        enter(room -> room.content().presence().show(this, update));
    }

    /** The editor wants to know who is there. */
    public void queryAwareness() {
        enter(room -> room.content().presence().introduce(this));
    }

    /** What the seat may do has changed. */
    public void access(boolean nowReadOnly) {
        enter(room -> room.content().access(this, nowReadOnly));
    }

    /** The peer keeps up again. */
    public void drained() {
        enter(room -> room.content().drained(this));
    }

    /** The editor has left, for whatever reason. */
    public void leave() {
        loop.execute(() -> {
            over = true;
            if (room != null) {
                room.leave(this);
            }
        });
    }

    private void enter(java.util.function.Consumer<Room> visit) {
        loop.execute(() -> {
            if (room != null && !over) {
                visit.accept(room);
            }
        });
    }
}
