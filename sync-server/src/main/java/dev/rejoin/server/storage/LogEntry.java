package dev.rejoin.server.storage;

import java.util.List;

/**
 * One batch of records that was admitted and committed together.
 *
 * @param incarnation the opening of the log that wrote it
 * @param sequence its place among the entries of the document, ascending by one
 */
public record LogEntry(long incarnation, long sequence, List<LogRecord> records) {
    public LogEntry {
        records = List.copyOf(records);
    }
}
