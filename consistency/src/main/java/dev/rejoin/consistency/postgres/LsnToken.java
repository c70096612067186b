package dev.rejoin.consistency.postgres;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A place in the write-ahead log of a PostgreSQL cluster, up to which a session has written: whoever has replayed that far shows what
 * the session wrote.
 *
 * <p>A position in a log (LSN) alone says too little. After a failover the log goes on from an earlier position on another
 * <em>timeline</em>, so that a lost write seems to have been replayed as soon as others have written enough; a token therefore names its
 * timeline, and the cluster.
 *
 * <p>Source: PostgreSQL documentation, "pg_lsn Type" and "Continuous Archiving: Timelines".
 *
 * @param systemId the cluster: {@code system_identifier} of {@code pg_control_system()}
 * @param timeline at least 1
 * @param lsn the position in bytes, unsigned
 */
public record LsnToken(long systemId, int timeline, long lsn) {
    /** The longest text of a token, in characters. */
    public static final int MAX_CHARS = 42;

    private static final Pattern TEXT = Pattern.compile("([0-9a-f]{1,16})\\.([0-9a-f]{1,8})\\.([0-9a-f]{1,16})");
    private static final Pattern PG_LSN = Pattern.compile("([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})");
    private static final int PAGE_BYTES = 8_192;
    private static final int PAGE_HEADER_BYTES = 24;
    private static final int FIRST_PAGE_HEADER_BYTES = 40;

    /** @throws IllegalArgumentException if the timeline is not positive */
    public LsnToken {
        if (timeline < 1) {
            throw new IllegalArgumentException("timeline " + timeline);
        }
    }

    /**
     * The token of an insert position.
     *
     * <p>A position that the primary is about to write to may lie behind the header of a page that is still empty, while the end of what
     * has been replayed is given as the beginning of that page. No record lies between the two, so the token names the beginning; a
     * replica that has everything would else seem to lack something until the next write.
     *
     * @param segmentBytes {@code wal_segment_size} of the cluster
     */
    static LsnToken ofInsertPosition(long systemId, int timeline, long lsn, long segmentBytes) {
        long header = Long.remainderUnsigned(lsn, segmentBytes) == FIRST_PAGE_HEADER_BYTES
                ? FIRST_PAGE_HEADER_BYTES
                : Long.remainderUnsigned(lsn, PAGE_BYTES) == PAGE_HEADER_BYTES ? PAGE_HEADER_BYTES : 0;
        return new LsnToken(systemId, timeline, lsn - header);
    }

    /** Reads what PostgreSQL prints of a {@code pg_lsn}, such as {@code 16/B374D848}. */
    static long parseLsn(String text) {
        Matcher lsn = PG_LSN.matcher(text);
        if (!lsn.matches()) {
            throw new IllegalArgumentException("not an LSN: " + text);
        }
        return Long.parseLong(lsn.group(1), 16) << 32 | Long.parseLong(lsn.group(2), 16);
    }

    /** The position as PostgreSQL writes it. */
    String lsnText() {
        return Long.toHexString(lsn >>> 32).toUpperCase(java.util.Locale.ROOT)
                + "/"
                + Long.toHexString(lsn & 0xFFFF_FFFFL).toUpperCase(java.util.Locale.ROOT);
    }

    /** The token as text for a cookie or a header, at most {@value #MAX_CHARS} characters. */
    public String encode() {
        return Long.toHexString(systemId) + "." + Integer.toHexString(timeline) + "." + Long.toHexString(lsn);
    }

    /**
     * Reads what {@link #encode} wrote. It may be forged: then it sends its holder's reads to the primary and does no other harm; who minds that
     * keeps it on the server or signs the cookie.
     *
     * @throws MalformedLsnTokenException if it is none
     */
    public static LsnToken decode(String text) {
        if (text.length() > MAX_CHARS) {
            throw new MalformedLsnTokenException("a token of " + text.length() + " characters");
        }
        Matcher token = TEXT.matcher(text);
        if (!token.matches()) {
            throw new MalformedLsnTokenException("a token is three hexadecimal numbers");
        }
        int timeline = Integer.parseUnsignedInt(token.group(2), 16);
        if (timeline < 1) {
            throw new MalformedLsnTokenException("timeline " + token.group(2));
        }
        return new LsnToken(
                Long.parseUnsignedLong(token.group(1), 16), timeline, Long.parseUnsignedLong(token.group(3), 16));
    }

    /** Whether both speak of the same log, so that their positions can be compared. */
    boolean isComparableTo(LsnToken other) {
        return systemId == other.systemId && timeline == other.timeline;
    }

    /** Whether whoever has replayed up to {@code position} has replayed this: at or beyond, for an idle replica stands exactly there. */
    boolean isReachedBy(LsnToken position) {
        return isComparableTo(position) && Long.compareUnsigned(position.lsn, lsn) >= 0;
    }
}
