package dev.rejoin.sync.dialect;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads the frames of y-websocket clients: type and body, no address, for the socket belongs to one document. Clients up to
 * version 3 send one message in a frame, later ones may send several.
 */
public final class YWebsocketFrames {
    private static final int MAX_MESSAGES = 64;

    private YWebsocketFrames() {}

    /**
     * The messages of one frame, at least one.
     *
     * @throws MalformedFrameException if it holds anything else
     */
    public static List<DialectMessage> decode(byte[] frame) {
        FrameReader in = new FrameReader(frame);
        List<DialectMessage> messages = new ArrayList<>(1);
        do {
            if (messages.size() == MAX_MESSAGES) {
                throw new MalformedFrameException("more than " + MAX_MESSAGES + " messages in a frame");
            }
            messages.add(message(in));
        } while (!in.isDone());
        return messages;
    }

    private static DialectMessage message(FrameReader in) {
        long type = in.varUint();
        if (type == Framing.SYNC) {
            return Framing.sync(in);
        } else if (type == Framing.AWARENESS) {
            return new DialectMessage.Awareness(in.bytes());
        } else if (type == Framing.QUERY_AWARENESS) {
            // some clients append an empty array
            in.skipRest();
            return new DialectMessage.QueryAwareness();
        }
        throw new MalformedFrameException("message of unknown type " + type);
    }
}
