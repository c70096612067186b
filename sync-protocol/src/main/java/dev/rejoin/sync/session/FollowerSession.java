package dev.rejoin.sync.session;

import dev.rejoin.sync.wire.LinkFrames;
import dev.rejoin.sync.wire.LinkMessage;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The side of a link that follows: it has dialled, asks for documents, and takes what the other side has admitted. */
public final class FollowerSession extends LinkSession {
    private final FollowerEffects effects;
    private final LinkMessage.Hello hello;
    private final Map<Long, Assembly> asked = new HashMap<>();
    private long requests;
    private long pingDue = Long.MAX_VALUE;
    private long pinged = Long.MIN_VALUE;

    /** The parts of a state that have come. */
    private static final class Assembly {
        LinkMessage.@Nullable StateHead head;
        byte[] bytes = new byte[0];
        int filled;
    }

    /**
     * Says hello at once.
     *
     * @param nonce 16 random bytes
     * @param wallMillis the clock that is compared with the other side's
     */
    public FollowerSession(
            LinkOptions options,
            ClusterSecret secret,
            FollowerEffects effects,
            byte[] nonce,
            LongSupplier wallMillis,
            long now) {
        super(options, secret, effects, wallMillis, now);
        this.effects = effects;
        this.hello = new LinkMessage.Hello(options.cluster(), options.log(), options.opening(), nonce);
        send(hello);
    }

    @Override
    void take(LinkMessage message, long now) {
        if (message instanceof LinkMessage.Welcome welcome && !isOpen()) {
            welcomed(welcome, now);
        } else if (!isOpen()) {
            outOfOrder(message);
        } else if (message instanceof LinkMessage.Change change) {
            requireName(change.document());
            effects.change(change);
        } else if (message instanceof LinkMessage.Heartbeat heartbeat) {
            effects.heartbeat(heartbeat);
        } else if (message instanceof LinkMessage.Standings standings) {
            standings.standings().forEach(standing -> requireName(standing.document()));
            effects.standings(standings);
        } else if (message instanceof LinkMessage.StateHead head) {
            begin(head);
        } else if (message instanceof LinkMessage.StatePart part) {
            add(part);
        } else if (message instanceof LinkMessage.Pong pong) {
            if (pong.sentMillis() == pinged) {
                pinged = Long.MIN_VALUE;
                effects.exchanged(pong.sentMillis(), pong.answeredMillis(), wallMillis.getAsLong());
            }
        } else if (message instanceof LinkMessage.Presence presence) {
            requireName(presence.document());
            effects.presence(presence);
        } else {
            outOfOrder(message);
        }
    }

    private void welcomed(LinkMessage.Welcome welcome, long now) {
        if (!belongs(welcome)) {
            return;
        }
        if (!ClusterSecret.equal(welcome.proof(), secret.proofOfFollowed(hello, welcome))) {
            fail(LinkFailure.WRONG_SECRET, "the two servers do not have the same secret");
            return;
        }
        send(new LinkMessage.Proof(secret.proofOfFollower(hello, welcome)));
        opened();
        pingDue = now;
        due(now);
        effects.linked(welcome);
    }

    private void begin(LinkMessage.StateHead head) {
        Assembly assembly = asked.get(head.request());
        if (assembly == null || assembly.head != null) {
            outOfOrder(head);
            return;
        }
        if (head.fragmentBytes() + head.updateBytes() > options.maxStateBytes()) {
            fail(
                    LinkFailure.TOO_LARGE,
                    "a document of " + (head.fragmentBytes() + head.updateBytes()) + " bytes is not taken; at most "
                            + options.maxStateBytes() + " are");
            return;
        }
        assembly.head = head;
        finish(assembly, head);
    }

    private void add(LinkMessage.StatePart part) {
        Assembly assembly = asked.get(part.request());
        if (assembly == null || assembly.head == null || part.bytes().length == 0) {
            outOfOrder(part);
            return;
        }
        long total = assembly.head.fragmentBytes() + assembly.head.updateBytes();
        if (assembly.filled + part.bytes().length > total) {
            fail(LinkFailure.PROTOCOL_ERROR, "more comes of a document than was announced");
            return;
        }
        // grows with what has come, not with what was announced
        int needed = assembly.filled + part.bytes().length;
        if (needed > assembly.bytes.length) {
            assembly.bytes = Arrays.copyOf(assembly.bytes, (int) Math.min(total, Math.max(needed, 2L * needed)));
        }
        System.arraycopy(part.bytes(), 0, assembly.bytes, assembly.filled, part.bytes().length);
        assembly.filled = needed;
        finish(assembly, assembly.head);
    }

    private void finish(Assembly assembly, LinkMessage.StateHead head) {
        if (assembly.filled < head.fragmentBytes() + head.updateBytes()) {
            return;
        }
        asked.remove(head.request());
        int middle = (int) head.fragmentBytes();
        effects.state(
                head,
                Arrays.copyOf(assembly.bytes, middle),
                Arrays.copyOfRange(assembly.bytes, middle, assembly.filled));
    }

    @Override
    void due(long now) {
        if (isOpen() && now >= pingDue) {
            pingDue = now + options.pingMillis();
            pinged = wallMillis.getAsLong();
            send(new LinkMessage.Ping(pinged));
        }
    }

    /** Asks for the documents whose names come after this one. */
    public void list(String after) {
        send(new LinkMessage.ListFrom(after));
    }

    /** Somebody is at these documents here, or nobody is any more; not more than {@link LinkFrames#MAX_ATTENDED} at once. */
    public void attend(List<String> documents, boolean present) {
        send(new LinkMessage.Attend(documents, present));
    }

    /**
     * Asks for a document; {@link FollowerEffects#state} comes with the number that is returned.
     *
     * @param epoch 0 if there is nothing of it here
     */
    public long pull(String document, long epoch, byte[] version, byte[] stateVector, boolean headsOnly) {
        long request = ++requests;
        asked.put(request, new Assembly());
        send(new LinkMessage.Pull(request, document, epoch, version, stateVector, headsOnly));
        return request;
    }
}
