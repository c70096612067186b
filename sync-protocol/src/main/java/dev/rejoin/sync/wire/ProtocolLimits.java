package dev.rejoin.sync.wire;

/**
 * The named bounds of the protocol on one side of a session. A server enforces the client-facing ones and announces
 * frame size, window and heartbeat in its welcome; a client enforces the bounds on what a server may send.
 *
 * @param maxFrameBytes largest frame of a client
 * @param maxServerFrameBytes largest frame of a server that a client takes
 * @param maxInFlight transactions of one session that may await their verdict
 * @param maxPresenceBytes largest presence payload
 * @param presencePerSecond presence changes of one session that are relayed per second; between them the newest waits
 * @param maxTokenBytes longest credentials, UTF-8
 * @param maxVerdicts verdicts or rejections in one message of a server
 * @param helloDeadlineMillis from the opening of the connection to the Hello
 * @param heartbeatMillis a side that has sent nothing for this long sends a sign of life
 */
public record ProtocolLimits(
        int maxFrameBytes,
        int maxServerFrameBytes,
        int maxInFlight,
        int maxPresenceBytes,
        int presencePerSecond,
        int maxTokenBytes,
        int maxVerdicts,
        int helloDeadlineMillis,
        int heartbeatMillis) {
    /** The values of docs/reference/sync-protocol.md. */
    public static final ProtocolLimits DEFAULT =
            new ProtocolLimits(1 << 20, 64 << 20, 256, 4_096, 20, 8_192, 4_096, 5_000, 5_000);

    public ProtocolLimits {
        require("maxFrameBytes", maxFrameBytes, 1_024);
        require("maxServerFrameBytes", maxServerFrameBytes, 1_024);
        require("maxInFlight", maxInFlight, 1);
        require("maxPresenceBytes", maxPresenceBytes, 1);
        require("presencePerSecond", presencePerSecond, 1);
        require("maxTokenBytes", maxTokenBytes, 0);
        require("maxVerdicts", maxVerdicts, maxInFlight);
        require("helloDeadlineMillis", helloDeadlineMillis, 1);
        require("heartbeatMillis", heartbeatMillis, 1);
    }

    /** Longest session token, sealed, in bytes. */
    public static final int MAX_SESSION_TOKEN_BYTES = 4_096;

    /** Longest text of a read level, in characters: a snapshot of 64 logs. */
    public static final int MAX_LEVEL_CHARS = 2_048;

    private static void require(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be at least " + least + ", not " + value);
        }
    }

    /** How long a side may be silent before the other one closes. */
    public long silenceMillis() {
        return silenceMillis(heartbeatMillis);
    }

    /** How long a side may be silent at a heartbeat, both in milliseconds. */
    public static long silenceMillis(int heartbeatMillis) {
        return heartbeatMillis * 5L / 2;
    }

    public ProtocolLimits withMaxFrameBytes(int bytes) {
        return new ProtocolLimits(
                bytes,
                maxServerFrameBytes,
                maxInFlight,
                maxPresenceBytes,
                presencePerSecond,
                maxTokenBytes,
                maxVerdicts,
                helloDeadlineMillis,
                heartbeatMillis);
    }

    public ProtocolLimits withMaxInFlight(int transactions) {
        return new ProtocolLimits(
                maxFrameBytes,
                maxServerFrameBytes,
                transactions,
                maxPresenceBytes,
                presencePerSecond,
                maxTokenBytes,
                Math.max(maxVerdicts, transactions),
                helloDeadlineMillis,
                heartbeatMillis);
    }

    public ProtocolLimits withHeartbeatMillis(int millis) {
        return new ProtocolLimits(
                maxFrameBytes,
                maxServerFrameBytes,
                maxInFlight,
                maxPresenceBytes,
                presencePerSecond,
                maxTokenBytes,
                maxVerdicts,
                helloDeadlineMillis,
                millis);
    }

    public ProtocolLimits withHelloDeadlineMillis(int millis) {
        return new ProtocolLimits(
                maxFrameBytes,
                maxServerFrameBytes,
                maxInFlight,
                maxPresenceBytes,
                presencePerSecond,
                maxTokenBytes,
                maxVerdicts,
                millis,
                heartbeatMillis);
    }
}
