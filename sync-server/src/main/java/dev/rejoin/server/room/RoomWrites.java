package dev.rejoin.server.room;

import dev.rejoin.crdt.Commit;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.crdt.document.Snapshot;
import dev.rejoin.crdt.yjs.ApplyResult;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocView;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The writes of a room that come without a session: those of trusted code in this process, and those over HTTP. Belongs to the loop of the room. */
final class RoomWrites {
    private final Room room;
    private final RoomCommits commits;
    private final RoomJudge judge;
    private final RoomContent content;
    private final RoomKit kit;
    private final Document document;
    private final EntityTags tags;

    RoomWrites(
            Room room,
            RoomCommits commits,
            RoomJudge judge,
            RoomContent content,
            RoomKit kit,
            Document document,
            EntityTags tags) {
        this.room = room;
        this.commits = commits;
        this.judge = judge;
        this.content = content;
        this.kit = kit;
        this.document = document;
        this.tags = tags;
    }

    /** One transaction on the server's own replica; completes when it is durable. */
    void transact(Consumer<Document> change, CompletableFuture<DocumentView> result) {
        write(() -> document.transact(() -> change.accept(document)), result, view -> view);
    }

    /** As {@link #transact}, but past the precondition on the present entity tags, the bound on the size, and the validator. */
    void apply(DocumentWrite write, Predicate<EntityTags> precondition, CompletableFuture<WriteResult> result) {
        if (room.isClosedTo(result)) {
            return;
        }
        byte[] update = write.update();
        YDoc engine;
        ContentRulings rulings = content.rulings();
        try {
            if (!precondition.test(tags)) {
                throw new WriteRefusedException(
                        WriteRefusedException.PRECONDITION_FAILED, "the document has changed since", commits.view());
            }
            MutationValidator.Decision decision =
                    write.mutations().isEmpty() ? judge.checkSize() : judge.validate(null, write::mutations);
            if (!decision.accepted()) {
                kit.observer().rejected(decision.code());
                throw new WriteRefusedException(decision.code(), decision.message());
            }
            engine = write.touchesContent() ? content.tiers().engine() : null;
            if (update != null) {
                content.lineage().check(update);
            }
        } catch (RuntimeException refused) {
            result.completeExceptionally(refused);
            return;
        }
        @Nullable ApplyResult[] applied = new ApplyResult[1];
        YDocView[] contentAfter = new YDocView[1];
        write(
                () -> document.transact(() -> {
                    if (!write.mutations().isEmpty()) {
                        document.apply(write.mutations());
                    }
                    if (engine != null && rulings != null) {
                        rulings.write(engine, write);
                    } else if (engine != null) {
                        new ContentEditor(engine).apply(write.edits());
                        // last, since what waits for earlier updates is not taken back
                        applied[0] = update == null ? null : engine.applyUpdate(update, this);
                    }
                }),
                result,
                view -> new WriteResult(
                        view,
                        contentAfter[0],
                        applied[0] != null && !applied[0].complete(),
                        commits.held().latest()),
                () -> {
                    if (engine != null) {
                        contentAfter[0] = engine.view();
                    }
                    if (update != null && applied[0] != null && !applied[0].complete()) {
                        content.tiers().stalled();
                        commits.contentChanged(null, update, RoomContent.EMPTY_UPDATE);
                    }
                });
    }

    private <T> void write(
            Supplier<Commit> transaction, CompletableFuture<T> result, Function<DocumentView, T> answer) {
        write(transaction, result, answer, () -> {});
    }

    /**
     * Runs a transaction that nobody judges.
     *
     * @param answer made of the document just after it, when that is durable
     * @param then runs when the transaction stands, to add to its batch
     */
    private <T> void write(
            Supplier<Commit> transaction,
            CompletableFuture<T> result,
            Function<DocumentView, T> answer,
            Runnable then) {
        if (room.isClosedTo(result)) {
            return;
        }
        room.watchIfAsked();
        Commit commit;
        content.tiers().forgetView();
        try {
            commit = transaction.get();
        } catch (RuntimeException | Error e) {
            if (e instanceof WriteRefusedException refused && !refused.isMisfit()) {
                kit.observer().rejected(refused.code());
            }
            result.completeExceptionally(e);
            return;
        }
        room.stayAwake();
        commits.unjudged(commit.delta());
        byte[] update = commit.content();
        if (update != null) {
            content.tiers().engine(); // counts for the budget
            commits.contentChanged(null, update, update);
        }
        then.run();
        Snapshot after = document.snapshot();
        commits.whenDurable(failure -> {
            if (failure == null) {
                result.complete(answer.apply(new DocumentView(room.name(), room.epoch(), commits.position(), after)));
            } else {
                result.completeExceptionally(failure);
            }
            room.restWhenIdle();
        });
    }
}
