package dev.rejoin.server;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.yjs.MalformedUpdateException;
import dev.rejoin.crdt.yjs.Updates;
import dev.rejoin.server.room.DocumentUnavailableException;
import dev.rejoin.server.storage.DocumentImage;
import dev.rejoin.server.storage.SqliteView;
import dev.rejoin.server.storage.StoredDocument;
import dev.rejoin.server.storage.StoredLease;
import dev.rejoin.server.storage.StoredSnapshot;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code rejoin inspect}: what is in a store, or in one document: sizes, versions, who wrote. Never what they wrote. */
final class InspectCommand extends StoreCommand {
    InspectCommand() {
        super(
                "inspect",
                "Lists the documents of a store with their sizes, or tells of one document its versions, its structs and who wrote. A"
                        + " server may be using the store.");
        operand("DOCUMENT", "0..1", "Name of one document.");
    }

    @Override
    int run(Line line, Terminal terminal) throws IOException {
        try (SqliteView view = SqliteView.ofDirectory(line.data())) {
            StoredDocuments documents = new StoredDocuments(view);
            return line.operand().isPresent()
                    ? one(line.operand().get(), documents, line, terminal)
                    : all(view, documents, line, terminal);
        }
    }

    private static int all(SqliteView view, StoredDocuments documents, Line line, Terminal terminal)
            throws IOException {
        List<StoredDocuments.Damage> damaged = new ArrayList<>();
        long[] documentsSeen = {0};
        if (!line.json()) {
            row(terminal, "entries", "log", "snapshot", "objects", "content", "document");
        }
        documents.visit(new StoredDocuments.Visitor() {
            @Override
            public void document(StoredDocument document) {
                list(document, "");
            }

            @Override
            public void deleted(StoredDocument document) {
                list(document, " (deleted)");
            }

            private void list(StoredDocument document, String remark) {
                Map<String, Object> facts = facts(document);
                facts.put("deleted", !remark.isEmpty());
                documentsSeen[0]++;
                if (line.json()) {
                    terminal.json(facts);
                } else {
                    row(
                            terminal,
                            count(facts, "entries"),
                            count(facts, "logBytes"),
                            count(facts, "snapshotBytes"),
                            count(facts, "objectsBytes"),
                            count(facts, "contentBytes"),
                            document.handle().name() + remark);
                }
            }

            @Override
            public void damaged(StoredDocuments.Damage damage) {
                damaged.add(damage);
            }
        });
        if (!line.json()) {
            terminal.out()
                    .println(Quantity.documentsText(documentsSeen[0]) + ", " + Quantity.countText(view.bytes())
                            + " bytes on disk" + (view.isLive() ? ", a server is using the store" : ""));
        }
        damaged.forEach(damage -> terminal.err().println("damaged: " + damage.what()));
        return damaged.isEmpty() ? Main.OK : Main.DAMAGED;
    }

    private static void row(Terminal terminal, String... cells) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < cells.length - 1; i++) {
            text.append(String.format(Locale.ROOT, "%11s  ", cells[i]));
        }
        terminal.out().println(text.append(cells[cells.length - 1]));
    }

    private static String count(Map<String, Object> facts, String name) {
        return facts.get(name) instanceof Number number ? Quantity.countText(number.longValue()) : "-";
    }

    private static int one(String name, StoredDocuments documents, Line line, Terminal terminal) {
        StoredDocument document = documents
                .find(name)
                .orElseThrow(() -> new BadOptionException("document '" + name + "' is not in this store"));
        Map<String, Object> facts;
        try {
            facts = facts(document);
            facts.putAll(versions(StoredDocuments.image(document)));
        } catch (MalformedDeltaException | MalformedUpdateException | DocumentUnavailableException e) {
            terminal.err().println("damaged: document '" + name + "' does not decode: " + e.getMessage());
            return Main.DAMAGED;
        }
        if (line.json()) {
            terminal.json(facts);
        } else {
            print(facts, terminal);
        }
        return Main.OK;
    }

    private static void print(Map<String, Object> facts, Terminal terminal) {
        facts.forEach((label, value) -> {
            if (value instanceof List<?> rows) {
                terminal.out().println(label + "  " + (rows.isEmpty() ? "none" : ""));
                for (Object row : rows) {
                    StringBuilder text = new StringBuilder("   ");
                    ((Map<?, ?>) row)
                            .forEach((key, cell) ->
                                    text.append(' ').append(key).append(' ').append(cell));
                    terminal.out().println(text);
                }
            } else {
                terminal.out()
                        .println(String.format(
                                Locale.ROOT,
                                "%-15s  %s",
                                label,
                                value instanceof Number number ? Quantity.countText(number.longValue()) : value));
            }
        });
    }

    /** What can be said without decoding the objects. */
    private static Map<String, Object> facts(StoredDocument document) {
        StoredSnapshot image = LogBridge.image(document);
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("document", document.handle().name());
        facts.put("epoch", hex(document.handle().epoch()));
        facts.put(
                "created",
                Instant.ofEpochMilli(document.handle().createdMillis()).toString());
        facts.put("sequence", document.handle().appended());
        facts.put("entries", document.tail().size());
        facts.put("logBytes", document.tailBytes());
        facts.put(
                "snapshotBytes",
                document.snapshot()
                        .map(stored -> stored.state().length + stored.content().length)
                        .orElse(0));
        facts.put("objectsBytes", image.state().length);
        facts.put("contentBytes", image.content().length);
        return facts;
    }

    private static Map<String, Object> versions(DocumentImage image) {
        StoredSnapshot snapshot = image.snapshot();
        Delta objects = snapshot.state().length == 0 ? Delta.EMPTY : Delta.decode(snapshot.state());
        byte[] content = snapshot.content();
        List<Map<String, Object>> clients = new ArrayList<>();
        if (content.length > 0) {
            Updates.stateVector(content)
                    .forEach((client, clock) -> clients.add(pair("client", client, "clock", clock)));
        }
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("cells", objects.cellCount());
        facts.put("structs", content.length == 0 ? 0 : Updates.structs(content));
        facts.put(
                "deletedRanges",
                content.length == 0 ? 0 : Updates.deleteSet(content).rangeCount());
        facts.put("stateVector", clients);
        facts.put("replicas", replicas(objects.context(), snapshot.leases()));
        return facts;
    }

    /** Who has written objects: clients, which have a lease, and the server's own code, which has none. */
    private static List<Map<String, Object>> replicas(Version version, List<StoredLease> leases) {
        Map<Long, StoredLease> leased = new LinkedHashMap<>();
        leases.forEach(lease -> leased.put(lease.replica(), lease));
        List<Map<String, Object>> rows = new ArrayList<>();
        for (ReplicaId replica : version.replicas()) {
            Map<String, Object> row = pair("replica", hex(replica.bits()), "dots", version.highest(replica));
            StoredLease lease = leased.remove(replica.bits());
            row.put("by", lease == null ? "server" : "client");
            rows.add(row);
        }
        leased.values().forEach(lease -> {
            Map<String, Object> row = pair("replica", hex(lease.replica()), "dots", 0L);
            row.put("by", "client");
            rows.add(row);
        });
        return rows;
    }

    private static Map<String, Object> pair(String first, Object a, String second, Object b) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put(first, a);
        row.put(second, b);
        return row;
    }

    private static String hex(long bits) {
        return String.format(Locale.ROOT, "%016x", bits);
    }
}
