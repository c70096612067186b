package dev.rejoin.sync.dialect;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes what a server says to stock providers about one document: the prefix of the dialect, then type and body. Two framings
 * with the same prefix write the same bytes, so a frame for many sessions is made once per prefix.
 *
 * @param address of the document as the provider wrote it (Hocuspocus); empty for y-websocket, which has none
 */
public record Framing(String address) {
    static final int SYNC = 0;
    static final int AWARENESS = 1;
    static final int AUTH = 2;
    static final int QUERY_AWARENESS = 3;
    static final int STATELESS = 5;
    static final int CLOSE = 7;
    static final int SYNC_STATUS = 8;
    static final int PING = 9;
    static final int PONG = 10;

    static final int STEP_1 = 0;
    static final int STEP_2 = 1;
    static final int UPDATE = 2;

    static final int TOKEN = 0;
    private static final int PERMISSION_DENIED = 1;
    private static final int AUTHENTICATED = 2;
    private static final int Y_WEBSOCKET_DENIED = 0;

    private static final byte[] NOBODY = {0};

    /** The framing of y-websocket. */
    public static final Framing Y_WEBSOCKET = new Framing("");

    static DialectMessage sync(FrameReader in) {
        long step = in.varUint();
        if (step == STEP_1) {
            return new DialectMessage.SyncStep1(in.bytes());
        } else if (step == STEP_2) {
            return new DialectMessage.SyncStep2(in.bytes());
        } else if (step == UPDATE) {
            return new DialectMessage.Update(in.bytes());
        }
        throw new MalformedFrameException("sync message of unknown step " + step);
    }

    /** Asks for what the server lacks, which is how edits made offline get here. */
    public byte[] syncStep1(byte[] stateVector) {
        return frame(SYNC, STEP_1).bytes(stateVector).done();
    }

    /** What goes in front of an update of so many bytes that answers a {@link DialectMessage.SyncStep1}. */
    public byte[] syncStep2Head(int length) {
        return frame(SYNC, STEP_2).varUint(length).done();
    }

    /** A change of somebody. */
    public byte[] update(byte[] update) {
        return frame(SYNC, UPDATE).bytes(update).done();
    }

    /** An awareness update. */
    public byte[] awareness(byte[] update) {
        return frame(AWARENESS).bytes(update).done();
    }

    /** An awareness update about nobody: what keeps a provider from believing that the server has gone. */
    public byte[] signOfLife() {
        return awareness(NOBODY);
    }

    /** Refuses the document, or what was sent to it. */
    public byte[] permissionDenied(String reason) {
        return frame(AUTH, address.isEmpty() ? Y_WEBSOCKET_DENIED : PERMISSION_DENIED)
                .string(reason)
                .done();
    }

    /** Lets the provider in (Hocuspocus). */
    public byte[] authenticated(boolean readOnly) {
        return frame(AUTH, AUTHENTICATED)
                .string(readOnly ? "readonly" : "read-write")
                .done();
    }

    /** Asks for fresh credentials (Hocuspocus from 3.3). */
    public byte[] tokenRequest() {
        return frame(AUTH, TOKEN).done();
    }

    /** One change of the provider is durable, or was not taken (Hocuspocus). */
    public byte[] syncStatus(boolean applied) {
        return frame(SYNC_STATUS, applied ? 1 : 0).done();
    }

    /** A message of the application (Hocuspocus). */
    public byte[] stateless(String payload) {
        return frame(STATELESS).string(payload).done();
    }

    /** Answers a {@link DialectMessage.Ping}. */
    public static byte[] pong() {
        return new byte[] {PONG};
    }

    private Writer frame(int... types) {
        Writer out = new Writer();
        if (!address.isEmpty()) {
            out.string(address);
        }
        for (int type : types) {
            out.varUint(type);
        }
        return out;
    }

    private static final class Writer {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream(64);

        Writer varUint(int value) {
            int rest = value;
            while (rest > 0x7f) {
                out.write(rest & 0x7f | 0x80);
                rest >>>= 7;
            }
            out.write(rest);
            return this;
        }

        Writer bytes(byte[] bytes) {
            varUint(bytes.length);
            out.writeBytes(bytes);
            return this;
        }

        Writer string(String text) {
            return bytes(text.getBytes(StandardCharsets.UTF_8));
        }

        byte[] done() {
            return out.toByteArray();
        }
    }
}
