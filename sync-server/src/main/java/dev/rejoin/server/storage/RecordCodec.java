package dev.rejoin.server.storage;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The bytes of one batch of records: format, then each record as kind and fields up to the end. */
final class RecordCodec {
    private static final int FORMAT = 1;
    private static final int MERGED = 1;
    private static final int VOIDED = 2;
    private static final int LEASED = 3;
    private static final int VERDICTS_KNOWN = 4;
    private static final int CONTENT = 5;
    private static final int FORMER = 6;
    private static final int HELD = 7;

    private RecordCodec() {}

    static byte[] encode(List<LogRecord> records) {
        int expected = 64;
        for (LogRecord record : records) {
            expected += record instanceof LogRecord.Merged merged
                    ? 40 + merged.fragment().length
                    : record instanceof LogRecord.Content content ? 8 + content.update().length : 64;
        }
        Fields out = new Fields(expected).u8(FORMAT);
        for (LogRecord record : records) {
            write(out, record);
        }
        return out.toByteArray();
    }

    private static void write(Fields out, LogRecord record) {
        if (record instanceof LogRecord.Merged merged) {
            out.u8(MERGED).i64(merged.author()).i64(merged.first()).i64(merged.last());
            out.i32(merged.chain()).bytes(merged.fragment());
        } else if (record instanceof LogRecord.Voided voided) {
            out.u8(VOIDED).i64(voided.author()).i64(voided.first()).i64(voided.last());
            out.i32(voided.chain()).text(voided.code()).text(voided.message());
        } else if (record instanceof LogRecord.Leased leased) {
            out.u8(LEASED).i64(leased.replica()).bytes(leased.keyHash());
        } else if (record instanceof LogRecord.VerdictsKnown known) {
            out.u8(VERDICTS_KNOWN).i64(known.replica()).i64(known.through());
        } else if (record instanceof LogRecord.Content content) {
            out.u8(CONTENT).bytes(content.update());
        } else if (record instanceof LogRecord.Former former) {
            out.u8(FORMER).bytes(former.clients());
        } else if (record instanceof LogRecord.Held held) {
            out.u8(HELD).bytes(held.positions());
        }
    }

    /** @throws DamagedValueException if these are not the bytes of a batch */
    static List<LogRecord> decode(ByteBuffer in) {
        try {
            int format = in.get();
            if (format != FORMAT) {
                throw new DamagedValueException("entry of format " + format + "; this server reads " + FORMAT);
            }
            List<LogRecord> records = new ArrayList<>();
            while (in.hasRemaining()) {
                records.add(read(in));
            }
            return records;
        } catch (BufferUnderflowException failure) {
            throw new DamagedValueException("entry ends early");
        }
    }

    private static LogRecord read(ByteBuffer in) {
        int kind = in.get();
        return switch (kind) {
            case MERGED ->
                new LogRecord.Merged(in.getLong(), in.getLong(), in.getLong(), in.getInt(), Fields.bytes(in));
            case VOIDED ->
                new LogRecord.Voided(
                        in.getLong(), in.getLong(), in.getLong(), in.getInt(), Fields.text(in), Fields.text(in));
            case LEASED -> new LogRecord.Leased(in.getLong(), Fields.bytes(in));
            case VERDICTS_KNOWN -> new LogRecord.VerdictsKnown(in.getLong(), in.getLong());
            case CONTENT -> new LogRecord.Content(Fields.bytes(in));
            case FORMER -> new LogRecord.Former(Fields.bytes(in));
            case HELD -> new LogRecord.Held(Fields.bytes(in));
            default -> throw new DamagedValueException("record of unknown kind " + kind);
        };
    }
}
