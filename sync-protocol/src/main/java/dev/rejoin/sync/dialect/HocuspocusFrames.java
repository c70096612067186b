package dev.rejoin.sync.dialect;

/**
 * Reads the frames of Hocuspocus providers, versions 2 to 4: the address of a document, then one message. What only servers say to
 * each other is refused.
 */
public final class HocuspocusFrames {
    /** Separates the name of the document from the name of the session in an address. */
    public static final char SESSION_SEPARATOR = 0;

    private HocuspocusFrames() {}

    /**
     * A message and where it belongs.
     *
     * @param address the name of the document, perhaps {@link #SESSION_SEPARATOR} and the name of a session; empty for ping and pong
     */
    public record Addressed(String address, DialectMessage message) {
        /** The name of the document alone. */
        public String document() {
            int end = address.indexOf(SESSION_SEPARATOR);
            return end < 0 ? address : address.substring(0, end);
        }
    }

    /**
     * The message of one frame.
     *
     * @throws MalformedFrameException if it holds anything else
     */
    public static Addressed decode(byte[] frame) {
        if (frame.length == 1) {
            if (frame[0] == Framing.PING) {
                return new Addressed("", new DialectMessage.Ping());
            } else if (frame[0] == Framing.PONG) {
                return new Addressed("", new DialectMessage.Pong());
            }
        }
        FrameReader in = new FrameReader(frame);
        String address = in.string();
        DialectMessage message = message(in);
        if (!in.isDone()) {
            throw new MalformedFrameException("something follows the message");
        }
        return new Addressed(address, message);
    }

    private static DialectMessage message(FrameReader in) {
        long type = in.varUint();
        if (type == Framing.SYNC) {
            return Framing.sync(in);
        } else if (type == Framing.AWARENESS) {
            return new DialectMessage.Awareness(in.bytes());
        } else if (type == Framing.AUTH) {
            long kind = in.varUint();
            if (kind != Framing.TOKEN) {
                throw new MalformedFrameException("authentication message of unknown kind " + kind);
            }
            String token = in.string();
            return new DialectMessage.Token(token, in.isDone() ? "" : in.string());
        } else if (type == Framing.QUERY_AWARENESS) {
            in.skipRest();
            return new DialectMessage.QueryAwareness();
        } else if (type == Framing.STATELESS) {
            return new DialectMessage.Stateless(in.string());
        } else if (type == Framing.CLOSE) {
            in.skipRest();
            return new DialectMessage.Leave();
        }
        throw new MalformedFrameException("message of unknown type " + type);
    }
}
