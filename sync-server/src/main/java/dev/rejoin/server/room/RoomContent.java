package dev.rejoin.server.room;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.crdt.document.DocumentDelta;
import dev.rejoin.crdt.yjs.ApplyResult;
import dev.rejoin.crdt.yjs.ContradictoryUpdateException;
import dev.rejoin.crdt.yjs.DeleteSet;
import dev.rejoin.crdt.yjs.MalformedUpdateException;
import dev.rejoin.crdt.yjs.Refusal;
import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.crdt.yjs.Updates;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.sync.dialect.Framing;
import dev.rejoin.sync.wire.FailureCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The editors at the content of a room: takes in what they change, and sends them what became durable. Belongs to the room's loop. */
final class RoomContent {
    /* What leaves is durable
     * ----------------------
     * The engine runs ahead of the log, as the objects do. An answer to an editor is computed from the engine at once and leaves when
     * everything that is in it is durable. An editor gets no changes before it has got its first answer: each later change follows
     * on what that holds.
     *
     * Slow peers
     * ----------
     * A peer that does not read gets nothing queued but a count of what it is owed. When it has drained it gets one update with
     * all that happened since it fell behind. Awareness is not owed: everybody's newest state is sent then.
     */
    private static final long ASK_MILLIS = 1_000;

    /** What has overtaken its forerunners, from another tab, is asked for when they have had time to come. */
    private static final long HELD_BACK_MILLIS = 50;

    private static final int MAX_OWED_NOTICES = 16;

    /** Changes of one editor that wait for its answer. */
    private static final int MAX_HELD_BACK = 64;

    private static final int MAX_ECHOED_DELETIONS_BYTES = 16 << 10;
    static final byte[] EMPTY_UPDATE = {0, 0};

    /* Answers to one seat: so many at once, then one in so many milliseconds. */
    private static final int ANSWERS_AT_ONCE = 5;
    private static final long ANSWER_MILLIS = 1_000;

    private final Room room;
    private final RoomCommits commits;
    private final RoomLoop loop;
    private final RoomKit kit;
    private final Document document;
    private final ContentTiers tiers;
    private final Lineage lineage;

    /** Null if nobody judges the content. */
    private final @Nullable ContentRulings rulings;

    private StateVector durable;

    private final Set<ContentSeat> seats = new LinkedHashSet<>();
    private final ContentPresence presence;
    private long seatNumbers;

    RoomContent(
            Room room,
            RoomCommits commits,
            RoomLoop loop,
            RoomKit kit,
            HotContents hotContents,
            Document document,
            ContentSource source,
            StateVector former,
            PresenceListener attention) {
        this.rulings = kit.contentValidator() == ContentValidator.ACCEPT_ALL
                ? null
                : new ContentRulings(room.name(), kit.contentValidator());
        this.room = room;
        this.commits = commits;
        this.loop = loop;
        this.kit = kit;
        this.document = document;
        this.tiers = new ContentTiers(room, commits, kit, hotContents, document, source);
        this.lineage = new Lineage(tiers, former, kit);
        this.durable = tiers.stateVector();
        this.presence = new ContentPresence(room, loop, seats, kit.awarenessLimits(), attention);
    }

    void join(ContentSeat seat) {
        seat.number = ++seatNumbers;
        seats.add(seat);
        seat.outlet.admitted(seat.readOnly, lineage.question(StateVector.EMPTY), presence.everybody());
    }

    void leave(ContentSeat seat) {
        if (seats.remove(seat)) {
            presence.leave(seat);
        }
    }

    ContentTiers tiers() {
        return tiers;
    }

    Lineage lineage() {
        return lineage;
    }

    ContentPresence presence() {
        return presence;
    }

    int seatCount() {
        return seats.size();
    }

    boolean hasSeats() {
        return !seats.isEmpty();
    }

    /** Ends every seat. */
    void end(FailureCode code, String message) {
        for (ContentSeat seat : List.copyOf(seats)) {
            deny(seat, code, message);
        }
    }

    void deny(ContentSeat seat, FailureCode code, String message) {
        seat.over = true;
        room.leave(seat);
        seat.outlet.denied(code, message);
    }

    void synchronise(ContentSeat seat, byte[] encodedStateVector) {
        StateVector known;
        try {
            known = StateVector.decode(encodedStateVector);
        } catch (MalformedUpdateException e) {
            deny(seat, FailureCode.MALFORMED, "the state vector does not decode: " + e.getMessage());
            return;
        }
        if (lineage.isForeign(known) || lineage.isFormer(known)) {
            denyForeign(seat);
            return;
        }
        seat.kin |= lineage.isKin(known);
        compare(seat, known);
        seat.unanswered = known;
        answer(seat);
    }

    /**
     * Says what the editor lacks, which may be the whole document for a byte of a question: one answer at a time, to a peer that reads,
     * and not too often. A question that comes meanwhile takes the place of one that waits.
     */
    private void answer(ContentSeat seat) {
        StateVector known = seat.unanswered;
        if (known == null || seat.answering || seat.over || !seat.outlet.hasRoom()) {
            return;
        }
        long now = now();
        seat.answersFreeAt = Math.max(seat.answersFreeAt, now - ANSWERS_AT_ONCE * ANSWER_MILLIS);
        if (seat.answersFreeAt + ANSWER_MILLIS > now) {
            seat.answering = true;
            loop.schedule(
                    () -> {
                        seat.answering = false;
                        answer(seat);
                    },
                    seat.answersFreeAt + ANSWER_MILLIS - now);
            return;
        }
        seat.answersFreeAt += ANSWER_MILLIS;
        seat.unanswered = null;
        seat.answering = true;
        byte[] lacking = tiers.lacking(known);
        byte[] has = lineage.question(known);
        catchUp(seat, () -> {
            seat.answering = false;
            seat.synchronised = true;
            seat.behind = false;
            seat.outlet.state(lacking, has);
            answer(seat);
        });
    }

    /** Sends what has been taken for a peer when it is durable, and then what came into that batch after it had been taken. */
    private void catchUp(ContentSeat seat, Runnable send) {
        seat.catchingUp++;
        commits.whenDurable(failure -> {
            seat.catchingUp--;
            if (failure != null || seat.over) {
                return;
            }
            byte[] meanwhile = seat.meanwhile;
            seat.meanwhile = null;
            send.run();
            if (meanwhile != null) {
                seat.outlet.relay(seat.framing.update(meanwhile));
            }
        });
    }

    /**
     * Notes what an editor holds that the document lacks. What one person typed offline continues one client that the document knows, or is
     * of clients that it does not know; more than that has been here and was lost.
     */
    private void compare(ContentSeat seat, StateVector holds) {
        StateVector ours = tiers.stateVector();
        int[] ahead = {0, 0};
        holds.forEach((client, clock) -> {
            long known = ours.get(client);
            ahead[0] += clock > known ? 1 : 0;
            ahead[1] += clock > known && (known > 0 || ours.size() == 0) ? 1 : 0;
        });
        if (ahead[0] > 0) {
            kit.observer().editorAhead();
        }
        seat.heals = ahead[1] > 1;
    }

    private void denyForeign(ContentSeat seat) {
        kit.observer().lineageRefused();
        deny(
                seat,
                FailureCode.LINEAGE,
                "what this editor holds is not of this document; discard its local copy and load again");
    }

    // other servers

    /** What is durably here. */
    StateVector durable() {
        return durable;
    }

    /**
     * Takes in what another server has admitted, both parts or none.
     *
     * @param update of the content; empty if nothing happened to it
     * @return what it did to the content; null if nothing
     * @throws MalformedUpdateException if it does not decode, or is of a former life
     * @throws ContradictoryUpdateException if two have written different things under one client id
     */
    byte @Nullable [] arrived(Delta objects, byte[] update) {
        if (update.length == 0 || Updates.isEmpty(update)) {
            document.merge(objects, this);
            return null;
        }
        if (lineage.isFormer(update)) {
            kit.observer().lineageRefused();
            throw new MalformedUpdateException("the update is of a former life of the document", 0);
        }
        tiers.engine();
        tiers.forgetEmitted();
        ApplyResult result = document.merge(DocumentDelta.of(objects, update), this);
        byte[] integrated = tiers.takeEmitted();
        if (!result.complete()) {
            tiers.stalled();
            return integrated == null ? EMPTY_UPDATE : integrated;
        }
        return integrated;
    }

    /** Takes a change; what it does to the document waits in the open batch. */
    void change(ContentSeat seat, byte[] update, boolean answer) {
        boolean full = commits.isFull();
        if (seat.readOnly || full || seat.rejections.isExceeded()) {
            boolean harmless = answer && holdsNothingNew(seat, update);
            if (!harmless) {
                kit.observer().rejected(full ? "document-full" : "read-only");
                if (seat.rejections.passOver()) {
                    deny(seat, FailureCode.FORBIDDEN, "too many changes that were refused");
                    return;
                }
            }
            settle(seat, harmless);
            return;
        }
        YDoc engine = tiers.engine();
        tiers.forgetEmitted();
        ContentRulings.@Nullable Ruling ruling = null;
        ApplyResult result;
        try {
            // a local store may open after the connection did, and bring what the editor did not say it holds
            if (!seat.kin && lineage.isForeign(Updates.stateVector(update)) || lineage.isFormer(update)) {
                denyForeign(seat);
                return;
            }
            if (!answer && lineage.hasTooManyNewWriters(update)) {
                kit.observer().malformed();
                deny(
                        seat,
                        FailureCode.TOO_LARGE,
                        "more than " + Lineage.MAX_NEW_WRITERS_PER_CHANGE + " new writers in one change");
                return;
            }
            if (lineage.hasTooManyWriters(update)) {
                kit.observer().rejected("too-many-writers");
                settle(seat, false);
                return;
            }
            if (rulings == null) {
                result = engine.applyUpdate(update, this);
            } else {
                ruling = rulings.rule(engine, update, this, seat.user);
                result = ruling.result();
            }
        } catch (ContradictoryUpdateException e) {
            kit.observer().equivocated();
            lineage.suspect(e);
            deny(
                    seat,
                    FailureCode.EQUIVOCATION,
                    "another editor has written something else under the same client id; load again without the local copy");
            return;
        } catch (MalformedUpdateException e) {
            kit.observer().malformed();
            deny(seat, FailureCode.MALFORMED, "the update does not decode: " + e.getMessage());
            return;
        }
        byte[] integrated = tiers.takeEmitted();
        if (seat.heals && answer && integrated != null) {
            seat.heals = false;
            kit.observer().contentHealed();
        }
        if (ruling != null) {
            ruled(seat, update, answer, ruling, integrated);
        } else if (!result.complete()) {
            tiers.stalled();
            commits.contentChanged(seat, update, integrated == null ? EMPTY_UPDATE : integrated);
            ask(seat);
        } else {
            keep(seat, update, answer, integrated);
        }
    }

    /** All of a change is in the document, and what that has changed, if anything, goes into the log. */
    private void keep(ContentSeat seat, byte[] update, boolean answer, byte @Nullable [] integrated) {
        if (integrated != null) {
            commits.contentChanged(seat, integrated, integrated);
            if (answer) {
                echo(seat, update);
            }
        } else {
            echo(seat, update);
            settle(seat, true);
        }
    }

    private void ruled(
            ContentSeat seat,
            byte[] update,
            boolean answer,
            ContentRulings.Ruling ruling,
            byte @Nullable [] integrated) {
        ContentValidator.Decision decision = ruling.decision();
        Refusal refusal = ruling.refusal();
        if (!decision.accepted()) {
            kit.observer().rejected(decision.code());
        }
        if (!decision.accepted() && refusal == null) {
            deny(seat, FailureCode.CONTENT_REJECTED, decision.code() + ": " + decision.message());
            return;
        }
        boolean complete = ruling.result().complete();
        if (refusal != null) {
            voided(seat, Objects.requireNonNull(integrated), RejectionNotice.of(decision, refusal), complete);
        } else if (complete) {
            keep(seat, update, answer, integrated);
        } else if (integrated != null) {
            commits.contentChanged(null, integrated, integrated);
        }
        if (complete) {
            settleHeldBack(seat, true);
        } else {
            holdBack(seat, answer);
        }
    }

    /** The author hears of it when it is durable, and gets it right after: what it has refused can still be read in its editor then. */
    private void voided(ContentSeat seat, byte[] integrated, String notice, boolean settles) {
        commits.contentVoided(seat, integrated, notice, settles);
        if (seat.rejections.spend(now(), integrated.length)) {
            seat.outlet.access(true);
        }
    }

    @Nullable
    ContentRulings rulings() {
        return rulings;
    }

    private static void notify(ContentSeat seat, String notice) {
        if (!seat.owedNotices.isEmpty() || !seat.outlet.stateless(notice)) {
            if (seat.owedNotices.size() == MAX_OWED_NOTICES) {
                seat.owedNotices.remove();
            }
            seat.owedNotices.add(notice);
        }
    }

    /**
     * Where content is judged nothing waits in it, since it would come in unseen with what it waits for: the peer is asked for it again, and its change counts as
     * taken when all of the answer is here.
     */
    private void holdBack(ContentSeat seat, boolean answer) {
        kit.observer().contentStalled();
        seat.heldBack++;
        if (answer || seat.heldBack > MAX_HELD_BACK) {
            // it has said all it knows, or more than it will ever answer for
            settleHeldBack(seat, false);
        } else {
            askSoon(seat);
        }
    }

    private void settleHeldBack(ContentSeat seat, boolean applied) {
        for (; seat.heldBack > 0; seat.heldBack--) {
            settle(seat, applied);
        }
    }

    private void askSoon(ContentSeat seat) {
        if (seat.askDue) {
            return;
        }
        seat.askDue = true;
        loop.schedule(
                () -> {
                    seat.askDue = false;
                    if (!seat.over && seat.heldBack > 0 && !room.isGone()) {
                        ask(seat);
                    }
                },
                Math.max(HELD_BACK_MILLIS, seat.askedAt + ASK_MILLIS - now()));
    }

    /**
     * A client of y-websocket takes for saved what comes back to it. What was known before it sent it is relayed to nobody, so it
     * comes back by itself: a server was killed after the commit and before it had told anybody. Each client that joins answers
     * with all deletions of the document, which would be much for nothing.
     */
    private void echo(ContentSeat seat, byte[] update) {
        boolean hasStructs = update[0] != 0;
        if (!seat.framing.equals(Framing.Y_WEBSOCKET)
                || update.length <= EMPTY_UPDATE.length
                || !hasStructs && update.length > MAX_ECHOED_DELETIONS_BYTES) {
            return;
        }
        commits.whenDurable(failure -> {
            if (failure == null && !seat.over && seat.outlet.hasRoom()) {
                seat.outlet.relay(seat.framing.update(update));
            }
        });
    }

    /** What the server lacks only the editor can tell; it is asked again, but not without end. */
    private void ask(ContentSeat seat) {
        long now = now();
        if (now - seat.askedAt >= ASK_MILLIS) {
            seat.askedAt = now;
            seat.outlet.relay(seat.framing.syncStep1(lineage.question(StateVector.EMPTY)));
        }
    }

    private boolean holdsNothingNew(ContentSeat seat, byte[] update) {
        try {
            byte[] rest = Updates.diff(update, tiers.stateVector());
            if (Updates.isEmpty(rest)) {
                return true;
            }
            DeleteSet deletes = Updates.deleteSet(rest);
            YDoc engine = tiers.hot();
            DeleteSet ours = engine != null ? engine.deleteSet() : Updates.deleteSet(tiers.whole());
            return Updates.stateVector(update).equals(StateVector.EMPTY)
                    && ours.union(deletes).equals(ours);
        } catch (MalformedUpdateException e) {
            deny(seat, FailureCode.MALFORMED, "the update does not decode: " + e.getMessage());
            return false;
        }
    }

    /** Tells what became of one change that is not in any batch, in order with those that are. */
    private void settle(ContentSeat seat, boolean applied) {
        commits.whenDurable(failure -> {
            if (failure == null && !seat.over) {
                settled(seat, applied ? 1 : 0, applied ? 0 : 1);
            }
        });
    }

    private static void settled(ContentSeat seat, int applied, int refused) {
        if (!seat.outlet.hasRoom()) {
            seat.owedApplied += applied;
            seat.owedRefused += refused;
            return;
        }
        if (applied > 0) {
            seat.outlet.settled(applied, true);
        }
        if (refused > 0) {
            seat.outlet.settled(refused, false);
        }
    }

    // what became durable

    /** A batch is durable: everybody gets what it did to the content, its authors also that it is kept. */
    void deliver(List<Batch.ContentChange> changes, StateVector after) {
        StateVector before = durable;
        durable = after;
        Map<ContentSeat, Integer> authors = new LinkedHashMap<>();
        List<byte[]> updates = new ArrayList<>(changes.size());
        for (Batch.ContentChange change : changes) {
            ContentSeat author = change.author();
            if (author != null && change.settles()) {
                authors.merge(author, 1, Integer::sum);
            }
            if (author != null && change.refusal() != null && !author.over) {
                notify(author, change.refusal());
            }
            if (change.integrated().length > EMPTY_UPDATE.length) {
                updates.add(change.integrated());
            }
        }
        relay(updates.isEmpty() ? null : updates.size() == 1 ? updates.get(0) : Updates.merge(updates), before);
        authors.forEach((author, own) -> {
            if (seats.contains(author)) {
                settled(author, own, 0);
            }
        });
    }

    /** @param merged what happened to the content; null if nothing did */
    private void relay(byte @Nullable [] merged, StateVector before) {
        Framed news = merged == null ? null : new Framed(framing -> framing.update(merged));
        for (ContentSeat seat : seats) {
            if (seat.catchingUp > 0) {
                seat.meanwhile = merged;
            } else if (news != null && seat.synchronised && !seat.behind) {
                if (seat.outlet.hasRoom()) {
                    seat.outlet.relay(news.as(seat.framing));
                } else {
                    seat.behind = true;
                    seat.had = before;
                    kit.observer().fellBehind();
                }
            }
        }
    }

    void drained(ContentSeat seat) {
        if (!seat.outlet.hasRoom()) {
            return;
        }
        int applied = seat.owedApplied;
        int refused = seat.owedRefused;
        seat.owedApplied = 0;
        seat.owedRefused = 0;
        settled(seat, applied, refused);
        while (!seat.owedNotices.isEmpty() && seat.outlet.stateless(seat.owedNotices.element())) {
            seat.owedNotices.remove();
        }
        presence.introduce(seat);
        answer(seat);
        if (seat.behind) {
            byte[] missed = tiers.lacking(seat.had);
            catchUp(seat, () -> {
                if (seat.behind) {
                    seat.behind = false;
                    seat.outlet.relay(seat.framing.update(missed));
                    kit.observer().resynced();
                }
            });
        }
    }

    void access(ContentSeat seat, boolean readOnly) {
        boolean tooMany = seat.rejections.isExceeded();
        boolean mayWriteNow = seat.readOnly && !readOnly && !tooMany;
        seat.readOnly = readOnly;
        seat.outlet.access(readOnly || tooMany);
        if (mayWriteNow) {
            // what was refused before is still there
            seat.outlet.relay(seat.framing.syncStep1(lineage.question(StateVector.EMPTY)));
        }
    }

    /** Sends a message of the application to everybody who speaks a dialect that has them; how many keep up with it. */
    int stateless(String payload) {
        int sent = 0;
        for (ContentSeat seat : seats) {
            if (!seat.framing.equals(Framing.Y_WEBSOCKET) && seat.outlet.stateless(payload)) {
                sent++;
            }
        }
        return sent;
    }

    private long now() {
        return loop.millis();
    }
}
