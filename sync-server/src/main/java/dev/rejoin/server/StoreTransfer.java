package dev.rejoin.server;

import dev.rejoin.server.storage.ArchiveReader;
import dev.rejoin.server.storage.ArchiveWriter;
import dev.rejoin.server.storage.DocumentImage;
import dev.rejoin.server.storage.Intake;
import dev.rejoin.server.storage.IntakeRefusedException;
import dev.rejoin.server.storage.LogView;
import dev.rejoin.server.storage.LogWriter;
import dev.rejoin.server.storage.StoredDocument;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/** Documents on their way out of a store and into one, the same for the command line and for HTTP. Blocks. */
final class StoreTransfer {
    private StoreTransfer() {}

    /** Documents that did not come through. */
    static final class DamagedStoreException extends IOException {
        private static final long serialVersionUID = 1;

        DamagedStoreException(String message) {
            super(message);
        }
    }

    /**
     * What came of it.
     *
     * @param documents that are in the archive
     * @param damaged documents of the store that are not
     */
    record Exported(long documents, List<StoredDocuments.Damage> damaged) {}

    /** Where documents come from. */
    interface Source {
        /** Gives each to {@code into}. */
        void each(Into into) throws IOException;
    }

    /** Empties the place that documents are to take, and lets everybody in again when they have taken it. */
    interface Clearing {
        /** For a log that nobody else uses. */
        Clearing NOTHING = names -> () -> {};

        Runnable clear(List<String> names);
    }

    /** Where documents go. */
    interface Into {
        void add(DocumentImage document) throws IOException;
    }

    /**
     * Writes all documents of a view as an archive.
     *
     * @param salvage whether documents that are damaged are left out instead of ending it
     * @param each hears of each document
     */
    static Exported export(LogView view, OutputStream out, long nowMillis, boolean salvage, Runnable each)
            throws IOException {
        ArchiveWriter archive = new ArchiveWriter(out, nowMillis);
        List<StoredDocuments.Damage> damaged = new ArrayList<>();
        documents(view, salvage, damaged, each).each(archive::add);
        archive.finish();
        return new Exported(archive.documents(), damaged);
    }

    /** The documents of a view. */
    static Source documents(LogView view, boolean salvage, List<StoredDocuments.Damage> damaged, Runnable each) {
        return into -> {
            StoredDocuments documents = new StoredDocuments(view);
            Optional<String> damage = documents.damageOfList();
            if (damage.isPresent() && !salvage) {
                throw new DamagedStoreException("the list of documents is damaged: " + damage.get());
            }
            documents.visit(new StoredDocuments.Visitor() {
                @Override
                public void document(StoredDocument document) throws IOException {
                    into.add(StoredDocuments.image(document));
                    each.run();
                }

                @Override
                public void deleted(StoredDocument document) {
                    each.run();
                }

                @Override
                public void damaged(StoredDocuments.Damage damage) throws IOException {
                    if (!salvage) {
                        throw new DamagedStoreException(damage.what());
                    }
                    damaged.add(damage);
                    each.run();
                }
            });
        };
    }

    /** The documents of an archive. That it is whole is known at the end. */
    static Source documents(ArchiveReader archive, Runnable each) {
        return into -> {
            for (var next = archive.next(); next.isPresent(); next = archive.next()) {
                into.add(next.get());
                each.run();
            }
        };
    }

    /**
     * Each document in a new life, so that a client that knows more of the old one than is here starts over, and what it still wanted to
     * write is shown to its user instead of merged into something else.
     */
    static UnaryOperator<DocumentImage> renewEpochs(RandomGenerator random) {
        return document -> {
            long epoch = random.nextLong();
            return document.withEpoch(epoch == 0 || epoch == document.epoch() ? ~document.epoch() | 1 : epoch);
        };
    }

    /**
     * Takes documents into a log, all or none.
     *
     * @param clearing called before they become visible with their names
     * @throws IntakeRefusedException if the log does not take them
     * @throws IOException if the source fails
     */
    static Intake.Outcome take(
            Source source,
            UnaryOperator<DocumentImage> change,
            LogWriter log,
            Intake.Existing existing,
            Clearing clearing)
            throws IOException {
        Intake intake = log.intake(existing);
        List<String> names = new ArrayList<>();
        try {
            source.each(document -> {
                StoredDocuments.check(document);
                if (await(intake.add(change.apply(document)))) {
                    names.add(document.name());
                }
            });
            Runnable open = clearing.clear(names);
            try {
                return await(intake.finish());
            } finally {
                open.run();
            }
        } catch (IOException | RuntimeException failure) {
            try {
                await(intake.abandon());
            } catch (RuntimeException another) {
                failure.addSuppressed(another);
            }
            throw failure;
        }
    }

    /** What a stage of the log comes to. */
    static <T> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().join();
        } catch (CompletionException failure) {
            throw failure.getCause() instanceof RuntimeException cause ? cause : failure;
        }
    }
}
