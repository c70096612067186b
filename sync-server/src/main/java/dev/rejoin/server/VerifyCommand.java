package dev.rejoin.server;

import dev.rejoin.server.storage.DamagedPageException;
import dev.rejoin.server.storage.LogView;
import dev.rejoin.server.storage.SqliteView;
import dev.rejoin.server.storage.StoredDocument;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code rejoin verify}: whether every stored value is what was written, and every document decodes. */
final class VerifyCommand extends StoreCommand {
    VerifyCommand() {
        super(
                "verify",
                "Reads everything that is stored, compares each value with its checksum and decodes each document. A server may be"
                        + " using the store. Exits with 3 if something is damaged.");
        operand("BACKUP", "0..1", "A file made by backup, instead of a data directory.");
    }

    @Override
    int run(Line line, Terminal terminal) throws IOException {
        try (SqliteView view = line.operand()
                .map(file -> SqliteView.ofFile(Path.of(file)))
                .orElseGet(() -> SqliteView.ofDirectory(line.data()))) {
            List<StoredDocuments.Damage> damaged = new ArrayList<>();
            long good = verify(view, terminal, damaged);
            boolean whole = damaged.isEmpty();
            if (line.json()) {
                Map<String, Object> report = new LinkedHashMap<>();
                report.put("whole", whole);
                report.put("documents", good + named(damaged));
                report.put("damaged", names(damaged));
                report.put(
                        "found",
                        damaged.stream().map(StoredDocuments.Damage::what).toList());
                terminal.json(report);
            } else {
                damaged.forEach(damage -> terminal.out().println("damaged: " + damage.what()));
                terminal.out()
                        .println(Quantity.documentsText(good + named(damaged))
                                + (whole
                                        ? ", all whole"
                                        : ", damage found in " + damaged.size()
                                                + (damaged.size() == 1 ? " place" : " places")));
            }
            return whole ? Main.OK : Main.DAMAGED;
        }
    }

    private static long named(List<StoredDocuments.Damage> damaged) {
        return names(damaged).size();
    }

    /** The documents that are damaged, each once. */
    static List<String> names(List<StoredDocuments.Damage> damaged) {
        return damaged.stream()
                .map(StoredDocuments.Damage::document)
                .filter(name -> !name.isEmpty())
                .distinct()
                .toList();
    }

    /** Looks at everything; how many documents are good, and what is not. */
    static long verify(LogView view, Terminal terminal, List<StoredDocuments.Damage> damaged) throws IOException {
        StoredDocuments documents = new StoredDocuments(view);
        long[] good = {0};
        try {
            documents.damageOfList().ifPresent(what -> damaged.add(new StoredDocuments.Damage("", what)));
            try (Progress progress = Progress.begin(terminal, "Verifying", " documents", 1, documents.count())) {
                documents.visit(new StoredDocuments.Visitor() {
                    @Override
                    public void document(StoredDocument document) throws IOException {
                        StoredDocuments.check(StoredDocuments.image(document));
                        good[0]++;
                        progress.step();
                    }

                    @Override
                    public void deleted(StoredDocument document) throws IOException {
                        document(document);
                    }

                    @Override
                    public void damaged(StoredDocuments.Damage damage) {
                        damaged.add(damage);
                        progress.step();
                    }
                });
            }
        } catch (DamagedPageException unreadable) {
            // of the list itself, so it cannot be told what else there is
            damaged.add(new StoredDocuments.Damage("", String.valueOf(unreadable.getMessage())));
        }
        return good[0];
    }
}
