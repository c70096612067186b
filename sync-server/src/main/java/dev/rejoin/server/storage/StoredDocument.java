package dev.rejoin.server.storage;

import java.util.List;
import java.util.Optional;

/**
 * A document read back from the log, all checks passed: the snapshot, if there is one, and the entries after it without a
 * gap.
 *
 * @param handle what later appends to this document go through
 * @param tailBytes bytes that the entries occupy in the log
 */
public record StoredDocument(
        LogDocument handle, Optional<StoredSnapshot> snapshot, List<LogEntry> tail, long tailBytes) {
    public StoredDocument {
        tail = List.copyOf(tail);
    }
}
