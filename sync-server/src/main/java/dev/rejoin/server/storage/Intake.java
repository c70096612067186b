package dev.rejoin.server.storage;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Documents from elsewhere on their way into a log. However many they are, they are all there or none of them is. For one thread
 * at a time.
 */
public final class Intake {
    /* Each document is stored under a number that no head names, as the chunks of a snapshot are before the head moves. The last
     * commit writes all the heads. What an intake leaves that never gets there is removed by the next snapshot of the document
     * that gets its number, or when the store is compacted.
     */

    /** What becomes of documents that are there already. */
    public enum Existing {
        /** Nothing at all is taken in. */
        REFUSE,
        /** They stay as they are, and theirs are left out. */
        SKIP,
        /** They are replaced. Nobody may use them meanwhile. */
        REPLACE;

        /** The one of this name in lower case; empty if there is none. */
        public static Optional<Existing> of(String name) {
            for (Existing choice : values()) {
                if (choice.toString().equals(name)) {
                    return Optional.of(choice);
                }
            }
            return Optional.empty();
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * What came of it.
     *
     * @param added documents that were not there before
     * @param replaced documents that were
     * @param skipped documents that were and stayed
     */
    public record Outcome(long added, long replaced, long skipped) {}

    private final LogWriter writer;
    private final DeltaLog log;
    private final Directory directory;
    private final Existing existing;
    private final List<Head> staged = new ArrayList<>(); // this and below: on the writer's thread
    private final Set<String> names = new HashSet<>();
    private boolean over;
    private long skipped;

    Intake(LogWriter writer, DeltaLog log, Directory directory, Existing existing) {
        this.writer = writer;
        this.log = log;
        this.directory = directory;
        this.existing = existing;
    }

    /**
     * Stores a document where nobody sees it yet. Fails with {@link IntakeRefusedException} if it came before or must not be there, or
     * {@link StoreDownException}.
     *
     * @return whether it will be there; false if it is {@linkplain Existing#SKIP skipped}
     */
    public CompletionStage<Boolean> add(DocumentImage document) {
        return alone(() -> stage(document));
    }

    /** Makes everything that was added visible in one commit. Fails as {@link #add} does. */
    public CompletionStage<Outcome> finish() {
        return alone(this::reveal);
    }

    /** Forgets everything that was added; does nothing after {@link #finish}. */
    public CompletionStage<Void> abandon() {
        return alone(() -> {
            if (!over) {
                over = true;
                List<RowChange> changes = new ArrayList<>();
                staged.forEach(head -> changes.add(new RowChange.DeleteChunksExcept(head.id(), 0)));
                if (!changes.isEmpty()) {
                    log.commit(changes);
                }
            }
            return null;
        });
    }

    private <T> CompletionStage<T> alone(Supplier<T> step) {
        return writer.alone(step);
    }

    private boolean stage(DocumentImage document) {
        String name = document.name();
        requireOpen();
        if (!names.add(name)) {
            throw new IntakeRefusedException("document '" + name + "' comes twice");
        }
        if (existing != Existing.REPLACE && log.head(name).isPresent()) {
            refuseOrSkip(name);
            return false;
        }
        StoredSnapshot snapshot = document.snapshot();
        Head head = Head.begun(directory.reserve(), name, document.epoch(), document.createdMillis(), 0);
        if (snapshot.sequence() > 0) {
            List<ChunkRow> chunks = SnapshotCodec.encode(head.id(), head.seal(), snapshot);
            List<RowChange> changes = new ArrayList<>();
            changes.add(new RowChange.DeleteChunksExcept(head.id(), 0));
            chunks.forEach(chunk -> changes.add(new RowChange.InsertChunk(chunk)));
            log.commit(changes);
            if (!SnapshotCodec.isStored(log, chunks)) {
                throw new IntakeRefusedException("document '" + name + "' reads back differently than it was written");
            }
            head = head.withSequence(snapshot.sequence()).withSnapshot(snapshot.sequence(), chunks.size());
        }
        staged.add(head);
        return true;
    }

    private void refuseOrSkip(String name) {
        if (existing == Existing.REFUSE) {
            throw new IntakeRefusedException("document '" + name + "' is there already");
        }
        skipped++;
    }

    private void requireOpen() {
        if (over) {
            throw new IntakeRefusedException("this intake is over");
        }
        directory.damage().ifPresent(damage -> {
            throw new IntakeRefusedException("the list of documents is damaged: " + damage);
        });
    }

    private Outcome reveal() {
        requireOpen();
        List<RowChange> changes = new ArrayList<>();
        long added = 0;
        long replaced = 0;
        for (Head head : staged) {
            Optional<HeadRow> present = log.head(head.name());
            if (present.isPresent() && existing != Existing.REPLACE) {
                // it was created after this one was staged
                refuseOrSkip(head.name());
                changes.add(new RowChange.DeleteChunksExcept(head.id(), 0));
                continue;
            }
            if (present.isPresent()) {
                changes.add(new RowChange.DeleteHead(present.get()));
                changes.add(new RowChange.DeleteEntries(present.get().document(), Long.MAX_VALUE));
                changes.add(new RowChange.DeleteChunksExcept(present.get().document(), 0));
                replaced++;
            } else {
                added++;
            }
            changes.add(new RowChange.InsertHead(head.toRow()));
        }
        if (!changes.isEmpty()) {
            changes.add(directory.grown(Math.toIntExact(added)));
            log.commit(changes);
            directory.added(added);
        }
        over = true;
        return new Outcome(added, replaced, skipped);
    }
}
