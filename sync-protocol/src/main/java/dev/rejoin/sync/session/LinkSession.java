package dev.rejoin.sync.session;

import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.LinkFrames;
import dev.rejoin.sync.wire.LinkMessage;
import dev.rejoin.sync.wire.ProtocolException;
import java.util.function.LongSupplier;

/**
 * One side of a link between two servers, without socket, thread or clock: messages and time go in, effects come out. Single-owner;
 * {@code now} is any monotonic clock in milliseconds, the same for all calls.
 */
public abstract sealed class LinkSession permits FollowerSession, FollowedSession {
    final LinkOptions options;
    final ClusterSecret secret;
    final LongSupplier wallMillis;
    private final LinkEffects effects;
    private final long greetingDue;
    private boolean open;
    private boolean closed;
    private long heardAt;

    LinkSession(LinkOptions options, ClusterSecret secret, LinkEffects effects, LongSupplier wallMillis, long now) {
        this.options = options;
        this.secret = secret;
        this.effects = effects;
        this.wallMillis = wallMillis;
        this.greetingDue = now + options.greetingMillis();
        this.heardAt = now;
    }

    /** A message has arrived. Bad ones end the link; nothing is thrown for them. */
    public final void received(byte[] frame, long now) {
        if (closed) {
            return;
        }
        heardAt = now;
        try {
            LinkMessage message = LinkFrames.decode(frame, options.maxFrameBytes());
            if (message instanceof LinkMessage.Failed failed) {
                closed = true;
                effects.ended(LinkFailure.of(failed.code()).orElse(LinkFailure.PROTOCOL_ERROR), failed.message());
            } else {
                take(message, now);
            }
        } catch (ProtocolException e) {
            fail(LinkFailure.of(e.code()), String.valueOf(e.getMessage()));
        }
    }

    abstract void take(LinkMessage message, long now);

    /** Does what has become due. */
    public final void tick(long now) {
        if (closed) {
            return;
        }
        if (!open && now >= greetingDue) {
            fail(LinkFailure.TIMEOUT, "the other side has not proved in time who it is");
        } else if (now - heardAt >= options.silenceMillis()) {
            fail(LinkFailure.TIMEOUT, "nothing was heard for " + options.silenceMillis() + " ms");
        } else {
            due(now);
        }
    }

    void due(long now) {}

    /** Ends the link and tells the other side why. Does nothing if it has ended already. */
    public final void fail(LinkFailure why, String message) {
        if (closed) {
            return;
        }
        closed = true;
        String told = message.substring(0, Math.min(message.length(), LinkFrames.MAX_MESSAGE_CHARS));
        effects.send(LinkFrames.encode(new LinkMessage.Failed(why.label(), told)));
        effects.ended(why, told);
    }

    /** The socket has closed; nothing more comes out. */
    public final void disconnected() {
        closed = true;
    }

    /** Whether it has ended. */
    public final boolean isClosed() {
        return closed;
    }

    /** Whether both sides know who the other one is. */
    public final boolean isOpen() {
        return open && !closed;
    }

    final void opened() {
        open = true;
    }

    final void send(LinkMessage message) {
        if (!closed) {
            effects.send(LinkFrames.encode(message));
        }
    }

    /** Whether the other side may be spoken to; ends the link if not. */
    final boolean belongs(LinkMessage.Greeting other) {
        if (!other.cluster().equals(options.cluster())) {
            fail(
                    LinkFailure.OTHER_CLUSTER,
                    "one server belongs to the cluster '" + options.cluster() + "', the other one to '"
                            + other.cluster() + "'");
            return false;
        }
        if (other.log() != options.log()) {
            return true;
        }
        if (other.opening() == options.opening()) {
            fail(LinkFailure.OWN_ADDRESS, "a server does not follow itself");
        } else {
            fail(
                    LinkFailure.DUPLICATE_LOG,
                    "both servers have the log " + Long.toHexString(other.log())
                            + ": one of them has a copy of the other one's data directory and must begin with an empty one");
        }
        return false;
    }

    static void requireName(String document) {
        if (DocumentName.flaw(document).isPresent()) {
            throw new ProtocolException(FailureCode.MALFORMED, "not the name of a document");
        }
    }

    final void outOfOrder(LinkMessage message) {
        fail(LinkFailure.PROTOCOL_ERROR, message.getClass().getSimpleName() + " is not expected here");
    }
}
