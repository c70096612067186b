package dev.rejoin.server.storage;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The write-ahead log that a crash has left beside an SQLite file, looked over before SQLite reads it.
 *
 * <p>SQLite takes the first frame with a bad checksum for the end of the log and drops what follows. After a crash that is
 * right for the last transaction, which may be half written. If whole transactions follow, the disk has changed bytes that
 * it had confirmed, and acknowledged writes would be gone without a word.
 *
 * <p>Source: <a href="https://www.sqlite.org/fileformat2.html#the_write_ahead_log">SQLite's file format, section 4</a>.
 */
final class WriteAheadLog {
    /* What can be told
     * ----------------
     * A transaction is flushed before the next one is written. So if anything that belongs to this life of the log (its
     * frames carry the salts of the header) stands behind the end of a transaction, that transaction was confirmed, and a
     * bad frame in it or before it is damage.
     *
     * A frame's checksum goes on from that of the frame before. Behind a bad frame the chain is taken up again from what
     * the frames say of themselves. What earlier lives of the log left behind the end has other salts.
     *
     * A bad frame in the last transaction looks like a write that the crash cut off; that cannot be told apart here.
     */
    private static final int HEADER_BYTES = 32;
    private static final int FRAME_HEADER_BYTES = 24;
    private static final int MAGIC = 0x377f0682;
    private static final int VERSION = 3_007_000;
    private static final int MIN_PAGE_BYTES = 512;
    private static final int MAX_PAGE_BYTES = 65_536;

    private final Path file;
    private final ByteOrder order;
    private final long salts;
    private long checksum;

    private WriteAheadLog(Path file, ByteOrder order, long salts, long checksum) {
        this.file = file;
        this.order = order;
        this.salts = salts;
        this.checksum = checksum;
    }

    /**
     * Reads the log once, if there is one. Linear in its size.
     *
     * @throws StoreDownException if SQLite would drop transactions from it that had been confirmed
     */
    static void check(Path file) throws IOException {
        long size = Files.exists(file) ? Files.size(file) : 0;
        if (size < HEADER_BYTES + FRAME_HEADER_BYTES + MIN_PAGE_BYTES) {
            return;
        }
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16))) {
            ByteBuffer header = ByteBuffer.wrap(in.readNBytes(HEADER_BYTES));
            int magic = header.getInt();
            int version = header.getInt();
            int page = header.getInt();
            ByteOrder order = (magic & 1) == 0 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
            long checksum = checksum(order, 0, header.array(), HEADER_BYTES - 8);
            if ((magic & ~1) != MAGIC
                    || version != VERSION
                    || page < MIN_PAGE_BYTES
                    || page > MAX_PAGE_BYTES
                    || Integer.bitCount(page) != 1
                    || checksum != header.getLong(HEADER_BYTES - 8)) {
                // The header is flushed before the first frame is written, so a half written one has nothing behind it
                // but blocks that the file system had allocated, which read as zeros.
                if (isZero(in)) {
                    return;
                }
                throw damaged(file, "its header");
            }
            new WriteAheadLog(file, order, header.getLong(16), checksum)
                    .frames(in, page, (size - HEADER_BYTES) / (FRAME_HEADER_BYTES + page));
        }
    }

    private static boolean isZero(InputStream in) throws IOException {
        byte[] part = new byte[MAX_PAGE_BYTES];
        byte[] zeros = new byte[MAX_PAGE_BYTES];
        for (int read = in.readNBytes(part, 0, part.length); read > 0; read = in.readNBytes(part, 0, part.length)) {
            if (!Arrays.equals(part, 0, read, zeros, 0, read)) {
                return false;
            }
        }
        return true;
    }

    private void frames(DataInputStream in, int page, long count) throws IOException {
        long bad = 0;
        boolean ended = false;
        for (long i = 1; i <= count; i++) {
            byte[] frame = in.readNBytes(FRAME_HEADER_BYTES + page);
            ByteBuffer fields = ByteBuffer.wrap(frame);
            boolean isOurs = fields.getLong(8) == salts;
            boolean follows = follows(frame, fields.getLong(16));
            boolean isCommit = fields.getInt(4) != 0;
            if (bad == 0 && isOurs && follows && fields.getInt(0) != 0) {
                continue;
            }
            if (bad == 0) {
                bad = i;
                ended = isCommit && (isOurs || follows);
            } else if (isOurs) {
                if (ended && follows) {
                    throw damaged(file, "frame " + bad + " of " + count);
                }
                ended |= isCommit;
            }
        }
    }

    /** Whether the frame's checksum goes on from that of the frame before it. */
    private boolean follows(byte[] frame, long stored) {
        long first = checksum(order, checksum, frame, 8);
        long computed = checksum(order, first, frame, FRAME_HEADER_BYTES, frame.length);
        checksum = stored;
        return computed == stored;
    }

    private static long checksum(ByteOrder order, long from, byte[] bytes, int length) {
        return checksum(order, from, bytes, 0, length);
    }

    private static long checksum(ByteOrder order, long from, byte[] bytes, int start, int end) {
        ByteBuffer words = ByteBuffer.wrap(bytes, start, end - start).order(order);
        int first = (int) (from >>> 32);
        int second = (int) from;
        while (words.hasRemaining()) {
            first += words.getInt() + second;
            second += words.getInt() + first;
        }
        return (long) first << 32 | second & 0xffff_ffffL;
    }

    private static StoreDownException damaged(Path file, String where) {
        return new StoreDownException(
                "the write-ahead log " + file + " is damaged in " + where
                        + ": acknowledged writes behind it would be lost; restore the directory from a copy",
                null);
    }
}
