package dev.rejoin.server;

import dev.rejoin.server.storage.ArchiveReader;
import dev.rejoin.server.storage.DocumentImage;
import dev.rejoin.server.storage.Intake;
import dev.rejoin.server.storage.LogWriter;
import dev.rejoin.server.storage.SqliteDeltaLog;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/** {@code rejoin import}: the documents of an archive into a store that no server uses, all or none. */
final class ImportCommand extends StoreCommand {
    static final String EXISTING = "--existing";
    static final String KEEP_EPOCHS = "--keep-epochs";

    ImportCommand() {
        super(
                "import",
                "Takes the documents of an archive into a store, all or none. The store is made if it is not there; no server may be"
                        + " using it.");
        choice(
                EXISTING,
                "refuse|skip|replace",
                Intake.Existing.REFUSE.toString(),
                "What becomes of documents that are there already: refuse takes in nothing at all, skip leaves them as they are,"
                        + " replace replaces them. Default: refuse.");
        flag(
                KEEP_EPOCHS,
                "Clients go on as if nothing had happened. Right only when nobody has written since the export; without it they"
                        + " start over with what is imported.");
        operand("FILE", "1", "Where from; - is standard input.");
    }

    @Override
    int run(Line line, Terminal terminal) throws IOException {
        Intake.Existing existing = Intake.Existing.of(line.value(EXISTING))
                .orElseThrow(() -> new BadOptionException(EXISTING.substring(2)
                        + ": expected refuse, skip or replace, got \"" + line.value(EXISTING) + "\""));
        UnaryOperator<DocumentImage> change =
                line.has(KEEP_EPOCHS) ? UnaryOperator.identity() : StoreTransfer.renewEpochs(new SecureRandom());
        String from = line.operand().orElseThrow();
        Intake.Outcome outcome;
        try (InputStream in = from.equals(STANDARD_STREAM)
                        ? terminal.in()
                        : new BufferedInputStream(Files.newInputStream(Path.of(from)), 1 << 16);
                Progress progress = Progress.begin(terminal, "Importing", " documents", 1, -1)) {
            ArchiveReader archive = new ArchiveReader(in, ServerConfig.LARGEST_DOCUMENT_BYTES);
            try (LogWriter log = OfflineLog.open(SqliteDeltaLog.open(line.data()))) {
                outcome = StoreTransfer.take(
                        StoreTransfer.documents(archive, progress::step),
                        change,
                        log,
                        existing,
                        StoreTransfer.Clearing.NOTHING);
            }
        }
        report(outcome, line, terminal);
        return Main.OK;
    }

    static void report(Intake.Outcome outcome, Line line, Terminal terminal) {
        if (line.json()) {
            Map<String, Object> report = new LinkedHashMap<>();
            report.put("added", outcome.added());
            report.put("replaced", outcome.replaced());
            report.put("skipped", outcome.skipped());
            terminal.json(report);
        } else {
            terminal.out()
                    .println(Quantity.documentsText(outcome.added()) + " added, "
                            + Quantity.countText(outcome.replaced()) + " replaced, "
                            + Quantity.countText(outcome.skipped()) + " skipped");
        }
    }
}
