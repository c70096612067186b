package dev.rejoin.server.storage;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the log knows of a document without reading it.
 *
 * @param epoch identity of this life of the document
 * @param createdMillis when it began, in milliseconds since 1970
 * @param sequence its last entry; 0 if there was none ever
 * @param deleted whether it was deleted and can be brought back
 * @param damaged whether its head failed its check; the numbers are 0 then
 */
public record DocumentLine(
        String name, long epoch, long createdMillis, long sequence, boolean deleted, boolean damaged) {
    /* Below every character that a name may have, so what begins with a name and this comes directly behind the name. */
    private static final char LEAST = '\u0001';

    /** The lines behind {@code after} whose names begin with {@code prefix}, in the order of their bytes, at most {@code limit}. */
    static List<DocumentLine> list(DeltaLog log, String prefix, String after, int limit) {
        String from = after.isEmpty() || compareBytes(after, prefix) < 0 ? prefix : after + LEAST;
        List<DocumentLine> lines = new ArrayList<>();
        log.heads(from, limit, row -> {
            if (row.name().startsWith(prefix)) {
                lines.add(of(row));
            }
        });
        return lines;
    }

    /** The order of names. */
    static int compareBytes(String one, String other) {
        return Arrays.compareUnsigned(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }

    private static DocumentLine of(HeadRow row) {
        try {
            Head head = Head.fromRow(row);
            return new DocumentLine(
                    row.name(), head.epoch(), head.createdMillis(), head.sequence(), head.isDeleted(), false);
        } catch (DamagedValueException failure) {
            return new DocumentLine(row.name(), 0, 0, 0, false, true);
        }
    }
}
