package dev.rejoin.server;

import dev.rejoin.server.storage.LogView;
import dev.rejoin.server.storage.SqliteReplacement;
import dev.rejoin.server.storage.SqliteView;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code rejoin restore}: a store from a backup, each document in a new life. */
final class RestoreCommand extends StoreCommand {
    private static final String REPLACE = "--replace";
    private static final String SALVAGE = "--salvage";

    RestoreCommand() {
        super(
                "restore",
                "Makes a store from a backup: all of it, checked, or nothing. Each document begins a new life, so clients that have seen"
                        + " more than the backup start over instead of being merged with it. No server may be using the store.");
        flag(REPLACE, "There may be a store already; it is gone afterwards.");
        flag(
                SALVAGE,
                "Goes on although documents of the backup are damaged, and names them; a server refuses them as before.");
        operand("FILE", "1", "A file made by backup.");
    }

    @Override
    int run(Line line, Terminal terminal) throws IOException {
        List<StoredDocuments.Damage> damaged = new ArrayList<>();
        long renewed;
        try (SqliteView backup = SqliteView.ofFile(Path.of(line.operand().orElseThrow()));
                SqliteReplacement replacement = copy(backup, line, terminal)) {
            try (LogView copied = replacement.log().view()) {
                VerifyCommand.verify(copied, terminal, damaged);
            }
            if (!damaged.isEmpty() && !line.has(SALVAGE)) {
                damaged.forEach(damage -> terminal.err().println("damaged: " + damage.what()));
                throw new StoreTransfer.DamagedStoreException("the backup is damaged");
            }
            renewed = replacement.log().renewEpochs(new SecureRandom()::nextLong);
            replacement.install();
        }
        if (line.json()) {
            Map<String, Object> report = new LinkedHashMap<>();
            report.put("documents", renewed);
            report.put("damaged", VerifyCommand.names(damaged));
            terminal.json(report);
        } else {
            terminal.out()
                    .println(
                            Quantity.documentsText(renewed) + " restored into " + line.data() + ", each in a new life");
            damaged.forEach(damage -> terminal.out().println("damaged: " + damage.what()));
        }
        return damaged.isEmpty() ? Main.OK : Main.DAMAGED;
    }

    private static SqliteReplacement copy(SqliteView backup, Line line, Terminal terminal) {
        try (Progress progress = Progress.begin(terminal, "Copying", " MiB", 1 << 20, backup.bytes())) {
            return SqliteReplacement.begin(line.data(), backup, progress::at, line.has(REPLACE));
        }
    }
}
