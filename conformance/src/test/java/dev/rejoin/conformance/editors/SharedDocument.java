package dev.rejoin.conformance.editors;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;

/** What editors of many versions do in one document, at whatever server. */
final class SharedDocument {
    private SharedDocument() {}

    /**
     * All see all, each lets each other one type, one makes two letters bold, and everybody has the same.
     *
     * @return the text they have in the end, its first two letters bold
     */
    static String writtenByAll(List<StockClient> clients) {
        for (StockClient client : clients) {
            client.awaitSynced();
            client.set(Long.toString(client.clientId()), "here");
            client.ask("setState", "state", Map.of("here", true));
        }
        for (StockClient client : clients) {
            client.await("present", clients.size());
            clients.forEach(other -> other.insert(0, "x"));
        }
        String all = "x".repeat(clients.size() * clients.size());
        for (StockClient client : clients) {
            client.await("text", all);
            assertEquals(clients.size(), client.ask("map").size());
        }
        clients.get(0).ask("format", "index", 0, "length", 2, "attributes", Map.of("bold", true));
        for (StockClient client : clients) {
            client.await("delta", List.of(bold("xx"), Map.of("insert", all.substring(2))));
        }
        return all;
    }

    static Map<String, ?> bold(String text) {
        return Map.of("insert", text, "attributes", Map.of("bold", true));
    }
}
