package dev.rejoin.sync.session;

import dev.rejoin.sync.wire.LinkMessage;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The side of a link that is followed: it was dialled, tells what it admits, and answers what it is asked. */
public final class FollowedSession extends LinkSession {
    /** Documents go out in parts of this size. */
    static final int PART_BYTES = 256 << 10;

    private static final byte[] NOTHING = {};

    private final FollowedEffects effects;
    private final byte[] nonce;
    private LinkMessage.@Nullable Hello hello;
    private LinkMessage.@Nullable Welcome welcome;

    /**
     * Waits for a hello.
     *
     * @param nonce 16 random bytes
     * @param wallMillis the clock that the follower is told
     */
    public FollowedSession(
            LinkOptions options,
            ClusterSecret secret,
            FollowedEffects effects,
            byte[] nonce,
            LongSupplier wallMillis,
            long now) {
        super(options, secret, effects, wallMillis, now);
        this.effects = effects;
        this.nonce = nonce;
    }

    @Override
    void take(LinkMessage message, long now) {
        if (message instanceof LinkMessage.Hello greeting && hello == null) {
            greeted(greeting);
        } else if (message instanceof LinkMessage.Proof proof && !isOpen() && hello != null && welcome != null) {
            if (ClusterSecret.equal(proof.proof(), secret.proofOfFollower(hello, welcome))) {
                opened();
                effects.linked(hello);
            } else {
                fail(LinkFailure.WRONG_SECRET, "the two servers do not have the same secret");
            }
        } else if (!isOpen()) {
            outOfOrder(message);
        } else if (message instanceof LinkMessage.Ping ping) {
            send(new LinkMessage.Pong(ping.sentMillis(), wallMillis.getAsLong()));
        } else if (message instanceof LinkMessage.ListFrom from) {
            if (!from.after().isEmpty()) {
                requireName(from.after());
            }
            effects.list(from.after());
        } else if (message instanceof LinkMessage.Pull pull) {
            requireName(pull.document());
            effects.pull(pull);
        } else if (message instanceof LinkMessage.Attend attend) {
            attend.documents().forEach(LinkSession::requireName);
            effects.attend(attend);
        } else {
            outOfOrder(message);
        }
    }

    private void greeted(LinkMessage.Hello greeting) {
        hello = greeting;
        if (!belongs(greeting)) {
            return;
        }
        Optional<LinkFailure> refusal = effects.admit(greeting);
        if (refusal.isPresent()) {
            fail(refusal.get(), "this server does not take the link");
            return;
        }
        LinkMessage.Welcome unproved =
                new LinkMessage.Welcome(options.cluster(), options.log(), options.opening(), nonce, NOTHING);
        welcome = new LinkMessage.Welcome(
                options.cluster(), options.log(), options.opening(), nonce, secret.proofOfFollowed(greeting, unproved));
        send(welcome);
    }

    /** Tells of an entry, or of where documents stand, or who is at one. */
    public void tell(LinkMessage message) {
        send(message);
    }

    /** Everything that has been admitted has been told, in so many changes. */
    public void heartbeat(long number, long changes) {
        send(new LinkMessage.Heartbeat(number, wallMillis.getAsLong(), changes));
    }

    /** A part of the list of documents. */
    public void standings(List<LinkMessage.Standing> standings, boolean answer, boolean last) {
        send(new LinkMessage.Standings(standings, answer, last));
    }

    /** The answer to a {@link LinkMessage.Pull}: sizes first, then the bytes in parts. */
    public void state(LinkMessage.StateHead head, byte[] fragment, byte[] update) {
        send(head);
        parts(head.request(), fragment);
        parts(head.request(), update);
    }

    private void parts(long request, byte[] bytes) {
        for (int from = 0; from < bytes.length; from += PART_BYTES) {
            send(new LinkMessage.StatePart(
                    request, Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + PART_BYTES))));
        }
    }
}
