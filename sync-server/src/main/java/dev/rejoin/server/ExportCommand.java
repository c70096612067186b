package dev.rejoin.server;

import dev.rejoin.server.storage.SqliteView;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code rejoin export}: all documents of a store as an archive. */
final class ExportCommand extends StoreCommand {
    private static final String SALVAGE = "--salvage";
    private static final String REPLACE = "--replace";

    ExportCommand() {
        super(
                "export",
                "Writes all documents of a store into one file that any version can read. A server may be using the store.");
        flag(SALVAGE, "Leaves out documents that are damaged, and names them, instead of failing.");
        flag(REPLACE, "FILE may be there already.");
        operand("FILE", "1", "Where to; - is standard output.");
    }

    @Override
    int run(Line line, Terminal terminal) throws IOException {
        String target = line.operand().orElseThrow();
        try (SqliteView view = SqliteView.ofDirectory(line.data())) {
            if (target.equals(STANDARD_STREAM)) {
                OutputStream out = new BufferedOutputStream(terminal.out(), 1 << 16);
                StoreTransfer.Exported done = export(view, out, line, terminal);
                if (terminal.out().checkError()) {
                    throw new IOException("standard output takes nothing more");
                }
                done.damaged().forEach(damage -> terminal.err().println("left out: " + damage.what()));
                return done.damaged().isEmpty() ? Main.OK : Main.DAMAGED;
            }
            return toFile(view, Path.of(target), line, terminal);
        }
    }

    private static int toFile(SqliteView view, Path file, Line line, Terminal terminal) throws IOException {
        if (!line.has(REPLACE) && Files.exists(file)) {
            throw new BadOptionException(file + " is there already: choose another name, or " + REPLACE);
        }
        Path part = file.resolveSibling(file.getFileName() + ".part");
        StoreTransfer.Exported done;
        try (FileChannel channel = FileChannel.open(
                        part,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE);
                OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16)) {
            done = export(view, out, line, terminal);
            channel.force(true);
        } catch (IOException | RuntimeException failure) {
            Files.deleteIfExists(part);
            throw failure;
        }
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("documents", done.documents());
        report.put("bytes", Files.size(file));
        report.put("damaged", VerifyCommand.names(done.damaged()));
        if (line.json()) {
            terminal.json(report);
        } else {
            terminal.out()
                    .println(Quantity.documentsText(done.documents()) + ", " + Quantity.countText(Files.size(file))
                            + " bytes in " + file);
            done.damaged().forEach(damage -> terminal.out().println("left out: " + damage.what()));
        }
        return done.damaged().isEmpty() ? Main.OK : Main.DAMAGED;
    }

    private static StoreTransfer.Exported export(SqliteView view, OutputStream out, Line line, Terminal terminal)
            throws IOException {
        try (Progress progress =
                Progress.begin(terminal, "Exporting", " documents", 1, new StoredDocuments(view).count())) {
            return StoreTransfer.export(view, out, System.currentTimeMillis(), line.has(SALVAGE), progress::step);
        }
    }
}
