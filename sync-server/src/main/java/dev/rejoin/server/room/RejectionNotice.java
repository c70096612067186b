package dev.rejoin.server.room;

import dev.rejoin.crdt.yjs.DeleteSet;
import dev.rejoin.crdt.yjs.Refusal;

/** What an editor is told of a change that was refused, in JSON: why, and which units are void or were put back, for its undo stack. */
final class RejectionNotice {
    /** Ranges that are named, of each kind. */
    private static final int MAX_RANGES = 64;

    private RejectionNotice() {}

    static String of(ContentValidator.Decision decision, Refusal refusal) {
        StringBuilder json = new StringBuilder("{\"type\":\"rejected\",\"code\":");
        string(json, decision.code());
        json.append(",\"message\":");
        string(json, decision.message());
        boolean all = ranges(json, "refused", refusal.refused());
        all &= ranges(json, "restored", refusal.restored());
        return json.append(",\"complete\":").append(all).append('}').toString();
    }

    private static boolean ranges(StringBuilder json, String name, DeleteSet units) {
        int[] count = {0};
        json.append(",\"").append(name).append("\":[");
        units.forEachRange((client, clock, length) -> {
            if (count[0]++ < MAX_RANGES) {
                json.append(count[0] > 1 ? "," : "")
                        .append("{\"client\":")
                        .append(client)
                        .append(",\"from\":")
                        .append(clock)
                        .append(",\"to\":")
                        .append(clock + length)
                        .append('}');
            }
        });
        json.append(']');
        return count[0] <= MAX_RANGES;
    }

    private static void string(StringBuilder json, String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ' || Character.isSurrogate(c)) {
                json.append(String.format("\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        json.append('"');
    }
}
