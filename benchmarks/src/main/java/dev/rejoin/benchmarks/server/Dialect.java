package dev.rejoin.benchmarks.server;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What stock editors say to a server, as whole WebSocket frames that can be written to a socket as they are. */
enum Dialect {
    /** One document, named by the path. */
    Y_WEBSOCKET,
    /** The name of the document is in front of each message. */
    HOCUSPOCUS;

    static final int SYNC = 0;
    static final int AWARENESS = 1;
    static final int AUTH = 2;
    static final int SYNC_STATUS = 8;

    static final int STEP_1 = 0;
    static final int STEP_2 = 1;
    static final int UPDATE = 2;

    private static final int TOKEN = 0;
    private static final byte[] KNOWS_NOTHING = {0};
    private static final byte[] EMPTY_UPDATE = {0, 0};

    /** What an editor without content of its own says first. */
    List<byte[]> opening(String document) {
        byte[] ask = message(document, SYNC, STEP_1, KNOWS_NOTHING);
        return this == Y_WEBSOCKET
                ? List.of(ask)
                : List.of(frame(prefixed(document, AUTH, TOKEN, new byte[] {0})), ask);
    }

    /** The answer of such an editor to the question for what it has. */
    byte[] nothingToAdd(String document) {
        return message(document, SYNC, STEP_2, EMPTY_UPDATE);
    }

    byte[] update(String document, byte[] update) {
        return message(document, SYNC, UPDATE, update);
    }

    byte[] awareness(String document, byte[] update) {
        ByteArrayOutputStream body = begin(document);
        varUint(body, AWARENESS);
        varUint(body, update.length);
        body.writeBytes(update);
        return frame(body.toByteArray());
    }

    private byte[] message(String document, int type, int step, byte[] content) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        varUint(body, content.length);
        body.writeBytes(content);
        return frame(prefixed(document, type, step, body.toByteArray()));
    }

    private byte[] prefixed(String document, int type, int step, byte[] rest) {
        ByteArrayOutputStream body = begin(document);
        varUint(body, type);
        varUint(body, step);
        body.writeBytes(rest);
        return body.toByteArray();
    }

    private ByteArrayOutputStream begin(String document) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        if (this == HOCUSPOCUS) {
            byte[] name = document.getBytes(StandardCharsets.UTF_8);
            varUint(body, name.length);
            body.writeBytes(name);
        }
        return body;
    }

    static void varUint(ByteArrayOutputStream out, long value) {
        long rest = value;
        while (rest > 0x7f) {
            out.write((int) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    /** A masked binary frame; the key is 0, so the payload is as it is. */
    static byte[] frame(byte[] payload) {
        return frame(0x82, payload);
    }

    static byte[] pong(byte[] payload) {
        return frame(0x8a, payload);
    }

    private static byte[] frame(int head, byte[] payload) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(payload.length + 14);
        out.write(head);
        int masked = 0x80;
        if (payload.length < 126) {
            out.write(masked | payload.length);
        } else if (payload.length < 1 << 16) {
            out.write(masked | 126);
            out.write(payload.length >>> 8);
            out.write(payload.length);
        } else {
            out.write(masked | 127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                out.write((int) ((long) payload.length >>> shift));
            }
        }
        out.writeBytes(new byte[4]);
        out.writeBytes(payload);
        return out.toByteArray();
    }
}
