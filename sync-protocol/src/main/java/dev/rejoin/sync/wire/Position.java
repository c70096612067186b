package dev.rejoin.sync.wire;

/**
 * An admission into a server's log.
 *
 * @param incarnation 64 random bits that name one life of the log
 * @param sequence number of the entry within that life, 0 before the first
 */
public record Position(long incarnation, long sequence) {
    /** Before every entry of every log. */
    public static final Position START = new Position(0, 0);

    @Override
    public String toString() {
        return String.format("%016x", incarnation) + ":" + sequence;
    }
}
