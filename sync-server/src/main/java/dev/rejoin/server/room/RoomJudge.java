package dev.rejoin.server.room;

import dev.rejoin.crdt.Chain;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.sync.wire.FailureCode;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what becomes of a change of the objects that somebody else than this process asks for: it is joined into the document, its dots are made void,
 * or its session ends. Belongs to the loop of the room.
 */
final class RoomJudge {
    private static final Logger LOG = LoggerFactory.getLogger(RoomJudge.class);

    private final Room room;
    private final RoomCommits commits;
    private final RoomKit kit;
    private final Document document;
    private final AdmissionRules rules;

    RoomJudge(Room room, RoomCommits commits, RoomKit kit, Document document) {
        this.room = room;
        this.commits = commits;
        this.kit = kit;
        this.document = document;
        this.rules = new AdmissionRules(kit.options());
    }

    /** What becomes of one transaction of a session. */
    void judge(Seat seat, Lease lease, Delta delta, byte[] fragment) {
        ReplicaId author = lease.replica();
        AdmissionRules.Finding finding = rules.check(
                delta, author, lease.judgedThrough(), document, kit.time().millis());
        if (finding instanceof AdmissionRules.Malformed malformed) {
            long last = delta.context().highest(author);
            if (last <= lease.judgedThrough() && delta.cellCount() > 0 && lease.contradicts(last, fragment)) {
                kit.observer().equivocated();
                room.end(seat, FailureCode.EQUIVOCATION, "the replica has written something else at " + last);
                return;
            }
            room.end(seat, FailureCode.MALFORMED, malformed.message());
        } else if (finding instanceof AdmissionRules.Unfit unfit) {
            refuse(seat, lease, fragment, unfit.first(), unfit.last(), unfit.code(), unfit.message());
        } else if (finding instanceof AdmissionRules.Fit fit) {
            MutationValidator.Decision decision = seat.readOnly
                    ? MutationValidator.Decision.reject("read-only", "this session may read only")
                    : validate(author, () -> document.describe(delta));
            if (decision.accepted()) {
                accept(seat, lease, delta, fragment, fit.first(), fit.last());
            } else {
                refuse(seat, lease, fragment, fit.first(), fit.last(), decision.code(), decision.message());
            }
        }
    }

    /**
     * Whether a change would fit, and the validator lets it be; a validator that fails says no.
     *
     * @param author null if it comes without a session
     */
    MutationValidator.Decision validate(@Nullable ReplicaId author, Supplier<List<Mutation>> mutations) {
        MutationValidator.Decision size = checkSize();
        if (!size.accepted()) {
            return size;
        }
        MutationValidator validator = kit.validator();
        if (validator == MutationValidator.ACCEPT_ALL) {
            return MutationValidator.Decision.accept();
        }
        try {
            return validator.judge(
                    new MutationValidator.ProposedChange(room.name(), author, mutations.get(), document.snapshot()));
        } catch (RuntimeException e) {
            LOG.error("the validator failed on a change of '{}'; the change is refused", room.name(), e);
            return MutationValidator.Decision.reject("validator-failed", "the server could not check this change");
        }
    }

    /** Whether a change would fit. */
    MutationValidator.Decision checkSize() {
        return commits.isFull()
                ? MutationValidator.Decision.reject("document-full", "the document has reached its size limit")
                : MutationValidator.Decision.accept();
    }

    private void accept(Seat seat, Lease lease, Delta delta, byte[] fragment, long first, long last) {
        document.merge(delta, seat);
        Judgement judgement = new Judgement(first, last, Chain.extend(lease.chain(), fragment), "", "");
        lease.judged(judgement);
        commits.changed(
                seat, judgement, delta, new RoomRecord.Merged(lease.replica(), judgement, fragment), fragment.length);
    }

    private void refuse(Seat seat, Lease lease, byte[] fragment, long first, long last, String code, String message) {
        Delta claim = Delta.voided(lease.replica(), first, last);
        document.merge(claim, seat);
        Judgement judgement = new Judgement(first, last, Chain.extend(lease.chain(), fragment), code, message);
        lease.judged(judgement);
        commits.changed(
                seat,
                judgement,
                claim,
                new RoomRecord.Voided(lease.replica(), judgement),
                code.length() + message.length());
        kit.observer().rejected(code);
    }
}
