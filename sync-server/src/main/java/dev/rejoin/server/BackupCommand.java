package dev.rejoin.server;

import dev.rejoin.server.storage.SqliteView;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code rejoin backup}: a copy of a store at one moment, while it is written to. */
final class BackupCommand extends StoreCommand {
    private static final String REPLACE = "--replace";

    BackupCommand() {
        super(
                "backup",
                "Copies a store as it is at one moment into one file. A server may be using it and goes on writing. Everything that"
                        + " was acknowledged before is in the copy.");
        flag(REPLACE, "FILE may be there already.");
        operand("FILE", "1", "Where to.");
    }

    @Override
    int run(Line line, Terminal terminal) {
        Path file = Path.of(line.operand().orElseThrow());
        try (SqliteView view = SqliteView.ofDirectory(line.data());
                Progress progress = Progress.begin(terminal, "Copying", " MiB", 1 << 20, view.bytes())) {
            long bytes = view.copyTo(file, line.has(REPLACE), progress::at);
            if (line.json()) {
                Map<String, Object> report = new LinkedHashMap<>();
                report.put("bytes", bytes);
                report.put("live", view.isLive());
                terminal.json(report);
            } else {
                terminal.out()
                        .println(Quantity.countText(bytes) + " bytes in " + file
                                + (view.isLive() ? ", copied while a server was using the store" : ""));
            }
            return Main.OK;
        }
    }
}
