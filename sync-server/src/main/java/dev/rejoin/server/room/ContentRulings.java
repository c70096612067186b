package dev.rejoin.server.room;

import dev.rejoin.crdt.yjs.ApplyResult;
import dev.rejoin.crdt.yjs.Proposal;
import dev.rejoin.crdt.yjs.Refusal;
import dev.rejoin.crdt.yjs.YDoc;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has the changes of one document's content judged, and carries the verdicts out on its engine. Belongs to the room's loop. */
final class ContentRulings {
    private static final Logger LOG = LoggerFactory.getLogger(ContentRulings.class);

    private final String document;
    private final ContentValidator validator;

    ContentRulings(String document, ContentValidator validator) {
        this.document = document;
        this.validator = validator;
    }

    /**
     * What became of a change.
     *
     * @param result whether something of it was left out because it refers to what has not come
     * @param refusal null if it was accepted, or refused without being applied
     */
    record Ruling(
            ApplyResult result,
            ContentValidator.Decision decision,
            @Nullable Refusal refusal) {}

    /**
     * Judges an editor's update and applies it, or what makes it void.
     *
     * @throws dev.rejoin.crdt.yjs.MalformedUpdateException if it does not decode, or contradicts what is known
     */
    Ruling rule(YDoc engine, byte[] update, Object origin, String user) {
        try (Proposal proposal = engine.propose(origin, validator.readsBefore())) {
            ApplyResult result = proposal.apply(update);
            ContentValidator.Decision decision = judge(proposal, user);
            Refusal refusal = null;
            if (decision.accepted()) {
                proposal.accept();
            } else if (decision.remedy() == ContentValidator.Remedy.COMPENSATE) {
                refusal = proposal.refuse();
            }
            return new Ruling(result, decision, refusal);
        }
    }

    /**
     * Makes a change that nobody has made elsewhere, inside an open transaction of its owner.
     *
     * @throws WriteRefusedException if it is refused, or lacks forerunners; to be thrown out of the transaction
     */
    void write(YDoc engine, DocumentWrite write) {
        byte[] update = write.update();
        try (Proposal proposal = engine.propose(null, validator.readsBefore())) {
            new ContentEditor(engine).apply(write.edits());
            if (update != null && !proposal.apply(update).complete()) {
                throw new WriteRefusedException(
                        WriteRefusedException.INCOMPLETE_UPDATE, "the update refers to changes that are not here");
            }
            ContentValidator.Decision decision = judge(proposal, write.user());
            if (!decision.accepted()) {
                throw new WriteRefusedException(decision.code(), decision.message());
            }
            proposal.accept();
        }
    }

    private ContentValidator.Decision judge(Proposal proposal, String user) {
        if (proposal.edits().isEmpty()) {
            return ContentValidator.Decision.accept();
        }
        try {
            return validator.judge(new ContentValidator.ProposedContent(
                    document,
                    user,
                    proposal.clients(),
                    proposal.edits(),
                    validator.readsBefore() ? proposal.before() : null));
        } catch (RuntimeException | StackOverflowError e) {
            // what is proposed may be nested as deep as its author likes
            LOG.error("the validator failed on a change of the content of '{}'; the change is refused", document, e);
            return ContentValidator.Decision.reject("validator-failed", "the server could not check this change");
        }
    }
}
