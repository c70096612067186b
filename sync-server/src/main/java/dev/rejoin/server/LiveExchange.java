package dev.rejoin.server;

import dev.rejoin.server.room.Rooms;
import dev.rejoin.server.storage.ArchiveReader;
import dev.rejoin.server.storage.DamagedPageException;
import dev.rejoin.server.storage.Intake;
import dev.rejoin.server.storage.IntakeRefusedException;
import dev.rejoin.server.storage.LogView;
import dev.rejoin.server.storage.LogWriter;
import dev.rejoin.server.storage.MalformedArchiveException;
import dev.rejoin.server.storage.StoreDownException;
import dev.rejoin.server.transport.StoreExchange;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/** The store of a running server on its way out and in, while it serves. */
final class LiveExchange implements StoreExchange {
    private final LogWriter log;
    private final Rooms rooms;
    private final Executor threads;
    private final RandomGenerator random;
    private final long maxDocumentBytes;

    LiveExchange(LogWriter log, Rooms rooms, Executor threads, RandomGenerator random, long maxDocumentBytes) {
        this.log = log;
        this.rooms = rooms;
        this.threads = threads;
        this.random = random;
        this.maxDocumentBytes = maxDocumentBytes;
    }

    @Override
    public Executor threads() {
        return threads;
    }

    @Override
    public void exportTo(OutputStream out, boolean salvage) throws IOException {
        try (LogView view = log.view()) {
            OutputStream buffered = new BufferedOutputStream(out, 1 << 16);
            StoreTransfer.export(view, buffered, System.currentTimeMillis(), salvage, () -> {});
            buffered.flush();
        } catch (StoreTransfer.DamagedStoreException | DamagedPageException damage) {
            throw new Failure(500, "document-corrupt", String.valueOf(damage.getMessage()));
        } catch (StoreDownException down) {
            throw new Failure(503, "store-down", "the log is out of service");
        }
    }

    @Override
    public Map<String, Long> importFrom(InputStream in, String existing, boolean keepEpochs) throws IOException {
        Intake.Existing choice = Intake.Existing.of(existing)
                .orElseThrow(() -> new Failure(400, "malformed", "existing is refuse, skip or replace"));
        try {
            ArchiveReader archive = new ArchiveReader(in, maxDocumentBytes);
            Intake.Outcome outcome = StoreTransfer.take(
                    StoreTransfer.documents(archive, () -> {}),
                    keepEpochs ? UnaryOperator.identity() : StoreTransfer.renewEpochs(random),
                    log,
                    choice,
                    this::clear);
            Map<String, Long> report = new LinkedHashMap<>();
            report.put("added", outcome.added());
            report.put("replaced", outcome.replaced());
            report.put("skipped", outcome.skipped());
            return report;
        } catch (IntakeRefusedException refused) {
            throw new Failure(409, "conflict", String.valueOf(refused.getMessage()));
        } catch (MalformedArchiveException | MalformedDocumentException malformed) {
            throw new Failure(400, "malformed", String.valueOf(malformed.getMessage()));
        } catch (StoreDownException down) {
            throw new Failure(503, "store-down", "the log is out of service");
        }
    }

    /** Also where a document is new: somebody may be about to begin it. */
    private Runnable clear(List<String> names) {
        rooms.withhold(names).toCompletableFuture().join();
        return () -> rooms.release(names);
    }
}
