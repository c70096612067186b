package dev.rejoin.server;

import dev.rejoin.server.room.DocumentUnavailableException;
import dev.rejoin.server.storage.CorruptDocumentException;
import dev.rejoin.server.storage.DeletedDocumentException;
import dev.rejoin.server.storage.LogWriter;
import dev.rejoin.server.storage.SqliteDeltaLog;
import dev.rejoin.server.storage.SqliteView;
import dev.rejoin.server.storage.StoredDocument;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code rejoin compact}: the smallest form of the same documents. */
final class CompactCommand extends StoreCommand {
    CompactCommand() {
        super(
                "compact",
                "Replaces the log of each document by a snapshot and gives the space back to the file system. Takes as much space"
                        + " again while it runs; no server may be using the store.");
    }

    @Override
    int run(Line line, Terminal terminal) throws IOException {
        List<String> names = new ArrayList<>();
        long before;
        try (SqliteView present = SqliteView.ofDirectory(line.data())) {
            before = present.bytes();
            present.heads(row -> names.add(row.name()));
        }
        List<StoredDocuments.Damage> damaged = new ArrayList<>();
        long rewritten = 0;
        try (LogWriter log = OfflineLog.open(SqliteDeltaLog.open(line.data()));
                Progress progress = Progress.begin(terminal, "Compacting", " documents", 1, names.size())) {
            for (String name : names) {
                try {
                    rewritten += rewrite(name, log) ? 1 : 0;
                } catch (CorruptDocumentException | DocumentUnavailableException | MalformedDocumentException e) {
                    damaged.add(new StoredDocuments.Damage(name, String.valueOf(e.getMessage())));
                }
                progress.step();
            }
        }
        long freed = Math.max(0, before - SqliteDeltaLog.compact(line.data()));
        report(rewritten, freed, damaged, line, terminal);
        return damaged.isEmpty() ? Main.OK : Main.DAMAGED;
    }

    /** Whether there was anything to do. */
    private static boolean rewrite(String name, LogWriter log) throws MalformedDocumentException {
        StoredDocument document;
        try {
            document = StoreTransfer.await(log.load(name))
                    .orElseThrow(() -> new CorruptDocumentException(name, 0, "it is listed and not found", null));
        } catch (DeletedDocumentException e) {
            return false;
        }
        if (document.tail().isEmpty()) {
            return false;
        }
        var image = StoredDocuments.image(document);
        StoredDocuments.check(image);
        StoreTransfer.await(log.snapshot(document.handle(), image.snapshot()));
        return true;
    }

    private static void report(
            long rewritten, long freed, List<StoredDocuments.Damage> damaged, Line line, Terminal terminal) {
        if (line.json()) {
            Map<String, Object> report = new LinkedHashMap<>();
            report.put("rewritten", rewritten);
            report.put("freedBytes", freed);
            report.put("damaged", VerifyCommand.names(damaged));
            terminal.json(report);
        } else {
            terminal.out()
                    .println(Quantity.documentsText(rewritten) + " rewritten, " + Quantity.countText(freed)
                            + " bytes freed");
            damaged.forEach(damage -> terminal.out().println("left as it is: " + damage.what()));
        }
    }
}
