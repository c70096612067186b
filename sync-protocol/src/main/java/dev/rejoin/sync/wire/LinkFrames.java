package dev.rejoin.sync.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.rejoin.sync.wire.link.v1.LinkFrame;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The codec between what servers say to each other and the bytes of a frame. As in {@link Frames}, a frame is looked over before it is
 * parsed, and everything throws {@link ProtocolException}, and nothing else, for bytes that are not one.
 */
public final class LinkFrames {
    /** The one version of the exchange between servers that is spoken here. */
    public static final int LINK_VERSION = 1;

    /** Bytes of a challenge. */
    public static final int NONCE_BYTES = 16;

    /** Bytes of the answer to a challenge. */
    public static final int PROOF_BYTES = 32;

    /** The longest name of a cluster. */
    public static final int MAX_CLUSTER_CHARS = 64;

    /** The longest reason for the end of a link. */
    public static final int MAX_MESSAGE_CHARS = 256;

    /** So many documents in one message at most. */
    public static final int MAX_STANDINGS = 512;

    /** So many documents in one {@link LinkMessage.Attend} at most. */
    public static final int MAX_ATTENDED = 256;

    /** So many sessions in one {@link LinkMessage.Presence} at most. */
    public static final int MAX_PRESENT = 512;

    private static final int MAX_PRESENCE_BYTES = ProtocolLimits.DEFAULT.maxPresenceBytes();

    /** Largest list of what somebody holds. */
    public static final int MAX_HELD_BYTES = 64 << 10;

    private LinkFrames() {}

    /** The frame of a message. */
    public static byte[] encode(LinkMessage message) {
        LinkFrame.Builder frame = LinkFrame.newBuilder();
        if (message instanceof LinkMessage.Hello hello) {
            frame.setHello(dev.rejoin.sync.wire.link.v1.Hello.newBuilder()
                    .setProtocolVersion(LINK_VERSION)
                    .setCluster(hello.cluster())
                    .setLog(hello.log())
                    .setOpening(hello.opening())
                    .setNonce(wrap(hello.nonce())));
        } else if (message instanceof LinkMessage.Welcome welcome) {
            frame.setWelcome(dev.rejoin.sync.wire.link.v1.Welcome.newBuilder()
                    .setProtocolVersion(LINK_VERSION)
                    .setCluster(welcome.cluster())
                    .setLog(welcome.log())
                    .setOpening(welcome.opening())
                    .setNonce(wrap(welcome.nonce()))
                    .setProof(wrap(welcome.proof())));
        } else if (message instanceof LinkMessage.Proof proof) {
            frame.setProof(dev.rejoin.sync.wire.link.v1.Proof.newBuilder().setProof(wrap(proof.proof())));
        } else if (message instanceof LinkMessage.Failed failed) {
            frame.setFailed(dev.rejoin.sync.wire.link.v1.Failed.newBuilder()
                    .setCode(failed.code())
                    .setMessage(failed.message()));
        } else if (message instanceof LinkMessage.Ping ping) {
            frame.setPing(dev.rejoin.sync.wire.link.v1.Ping.newBuilder().setSentMillis(ping.sentMillis()));
        } else if (message instanceof LinkMessage.Pong pong) {
            frame.setPong(dev.rejoin.sync.wire.link.v1.Pong.newBuilder()
                    .setSentMillis(pong.sentMillis())
                    .setAnsweredMillis(pong.answeredMillis()));
        } else if (message instanceof LinkMessage.Heartbeat heartbeat) {
            frame.setHeartbeat(dev.rejoin.sync.wire.link.v1.Heartbeat.newBuilder()
                    .setNumber(heartbeat.number())
                    .setMillis(heartbeat.millis())
                    .setChanges(heartbeat.changes()));
        } else if (message instanceof LinkMessage.ListFrom from) {
            frame.setListFrom(dev.rejoin.sync.wire.link.v1.ListFrom.newBuilder().setAfter(from.after()));
        } else if (message instanceof LinkMessage.Standings standings) {
            frame.setStandings(standings(standings));
        } else if (message instanceof LinkMessage.Change change) {
            frame.setChange(dev.rejoin.sync.wire.link.v1.Change.newBuilder()
                    .setDocument(change.document())
                    .setEpoch(change.epoch())
                    .setSequence(change.sequence())
                    .setBefore(wrap(change.before()))
                    .setAfter(wrap(change.after()))
                    .setFragment(wrap(change.fragment()))
                    .setUpdate(wrap(change.update())));
        } else if (message instanceof LinkMessage.Pull pull) {
            frame.setPull(dev.rejoin.sync.wire.link.v1.Pull.newBuilder()
                    .setRequest(pull.request())
                    .setDocument(pull.document())
                    .setEpoch(pull.epoch())
                    .setVersion(wrap(pull.version()))
                    .setStateVector(wrap(pull.stateVector()))
                    .setHeadsOnly(pull.headsOnly()));
        } else if (message instanceof LinkMessage.StateHead head) {
            frame.setStateHead(dev.rejoin.sync.wire.link.v1.StateHead.newBuilder()
                    .setRequest(head.request())
                    .setFound(head.found())
                    .setDeleted(head.deleted())
                    .setEpoch(head.epoch())
                    .setHeld(wrap(head.held()))
                    .setFragmentBytes(head.fragmentBytes())
                    .setUpdateBytes(head.updateBytes()));
        } else if (message instanceof LinkMessage.StatePart part) {
            frame.setStatePart(dev.rejoin.sync.wire.link.v1.StatePart.newBuilder()
                    .setRequest(part.request())
                    .setBytes(wrap(part.bytes())));
        } else if (message instanceof LinkMessage.Attend attend) {
            frame.setAttend(dev.rejoin.sync.wire.link.v1.Attend.newBuilder()
                    .addAllDocuments(attend.documents())
                    .setPresent(attend.present()));
        } else if (message instanceof LinkMessage.Presence presence) {
            frame.setPresence(presence(presence));
        }
        return frame.build().toByteArray();
    }

    private static dev.rejoin.sync.wire.link.v1.Presence presence(LinkMessage.Presence presence) {
        dev.rejoin.sync.wire.link.v1.Presence.Builder builder = dev.rejoin.sync.wire.link.v1.Presence.newBuilder()
                .setDocument(presence.document())
                .setAll(presence.all())
                .setAwareness(wrap(presence.awareness()));
        for (LinkMessage.SessionPresence session : presence.sessions()) {
            builder.addSessions(dev.rejoin.sync.wire.link.v1.SessionPresence.newBuilder()
                    .setSession(session.session())
                    .setPayload(wrap(session.payload())));
        }
        return builder.build();
    }

    private static dev.rejoin.sync.wire.link.v1.Standings standings(LinkMessage.Standings standings) {
        dev.rejoin.sync.wire.link.v1.Standings.Builder builder = dev.rejoin.sync.wire.link.v1.Standings.newBuilder()
                .setAnswer(standings.answer())
                .setLast(standings.last());
        for (LinkMessage.Standing standing : standings.standings()) {
            builder.addStandings(dev.rejoin.sync.wire.link.v1.Standing.newBuilder()
                    .setDocument(standing.document())
                    .setEpoch(standing.epoch())
                    .setSequence(standing.sequence())
                    .setDeleted(standing.deleted()));
        }
        return builder.build();
    }

    /**
     * Reads a frame.
     *
     * @param maxBytes the largest that is taken
     * @throws ProtocolException with {@code too-large}, {@code malformed}, {@code protocol-error} (no known kind) or
     *     {@code upgrade-required} (a greeting of another version)
     */
    public static LinkMessage decode(byte[] bytes, int maxBytes) {
        if (bytes.length > maxBytes) {
            throw new ProtocolException(
                    FailureCode.TOO_LARGE, "a frame must have at most " + maxBytes + " bytes, not " + bytes.length);
        }
        LinkFrame frame;
        try {
            Frames.inspect(bytes, LinkFrame.getDescriptor(), MAX_STANDINGS);
            frame = LinkFrame.parseFrom(Frames.reader(bytes));
        } catch (IOException e) {
            throw new ProtocolException(FailureCode.MALFORMED, "frame does not parse: " + e.getMessage(), e);
        }
        return switch (frame.getKindCase()) {
            case HELLO -> hello(frame.getHello());
            case WELCOME -> welcome(frame.getWelcome());
            case PROOF ->
                new LinkMessage.Proof(exactly("proof", frame.getProof().getProof(), PROOF_BYTES));
            case FAILED ->
                new LinkMessage.Failed(
                        atMost("code", frame.getFailed().getCode(), MAX_CLUSTER_CHARS),
                        atMost("message", frame.getFailed().getMessage(), MAX_MESSAGE_CHARS));
            case PING -> new LinkMessage.Ping(frame.getPing().getSentMillis());
            case PONG ->
                new LinkMessage.Pong(
                        frame.getPong().getSentMillis(), frame.getPong().getAnsweredMillis());
            case HEARTBEAT ->
                new LinkMessage.Heartbeat(
                        number("number", frame.getHeartbeat().getNumber()),
                        frame.getHeartbeat().getMillis(),
                        number("changes", frame.getHeartbeat().getChanges()));
            case LIST_FROM -> new LinkMessage.ListFrom(frame.getListFrom().getAfter());
            case STANDINGS -> standings(frame.getStandings());
            case CHANGE -> change(frame.getChange());
            case PULL -> pull(frame.getPull());
            case STATE_HEAD -> head(frame.getStateHead());
            case STATE_PART ->
                new LinkMessage.StatePart(
                        number("request", frame.getStatePart().getRequest()),
                        frame.getStatePart().getBytes().toByteArray());
            case ATTEND -> attend(frame.getAttend());
            case PRESENCE -> presence(frame.getPresence());
            case KIND_NOT_SET -> throw new ProtocolException(FailureCode.PROTOCOL_ERROR, "a frame of no known kind");
        };
    }

    private static LinkMessage.Hello hello(dev.rejoin.sync.wire.link.v1.Hello hello) {
        spoken(hello.getProtocolVersion());
        return new LinkMessage.Hello(
                atMost("cluster", hello.getCluster(), MAX_CLUSTER_CHARS),
                hello.getLog(),
                hello.getOpening(),
                exactly("nonce", hello.getNonce(), NONCE_BYTES));
    }

    private static LinkMessage.Welcome welcome(dev.rejoin.sync.wire.link.v1.Welcome welcome) {
        spoken(welcome.getProtocolVersion());
        return new LinkMessage.Welcome(
                atMost("cluster", welcome.getCluster(), MAX_CLUSTER_CHARS),
                welcome.getLog(),
                welcome.getOpening(),
                exactly("nonce", welcome.getNonce(), NONCE_BYTES),
                exactly("proof", welcome.getProof(), PROOF_BYTES));
    }

    private static void spoken(int version) {
        if (version != LINK_VERSION) {
            throw new ProtocolException(
                    FailureCode.UPGRADE_REQUIRED,
                    "version " + Integer.toUnsignedString(version)
                            + " of the exchange between servers is not spoken here; spoken versions: " + LINK_VERSION);
        }
    }

    private static LinkMessage.Standings standings(dev.rejoin.sync.wire.link.v1.Standings standings) {
        List<LinkMessage.Standing> list = new ArrayList<>(standings.getStandingsCount());
        for (dev.rejoin.sync.wire.link.v1.Standing standing : standings.getStandingsList()) {
            list.add(new LinkMessage.Standing(
                    standing.getDocument(),
                    epoch(standing.getEpoch()),
                    number("sequence", standing.getSequence()),
                    standing.getDeleted()));
        }
        return new LinkMessage.Standings(list, standings.getAnswer(), standings.getLast());
    }

    private static LinkMessage.Change change(dev.rejoin.sync.wire.link.v1.Change change) {
        return new LinkMessage.Change(
                change.getDocument(),
                epoch(change.getEpoch()),
                number("sequence", change.getSequence()),
                held("before", change.getBefore()),
                held("after", change.getAfter()),
                change.getFragment().toByteArray(),
                change.getUpdate().toByteArray());
    }

    private static LinkMessage.Pull pull(dev.rejoin.sync.wire.link.v1.Pull pull) {
        return new LinkMessage.Pull(
                number("request", pull.getRequest()),
                pull.getDocument(),
                pull.getEpoch(),
                pull.getVersion().toByteArray(),
                pull.getStateVector().toByteArray(),
                pull.getHeadsOnly());
    }

    private static LinkMessage.StateHead head(dev.rejoin.sync.wire.link.v1.StateHead head) {
        return new LinkMessage.StateHead(
                number("request", head.getRequest()),
                head.getFound(),
                head.getDeleted(),
                head.getFound() ? epoch(head.getEpoch()) : 0,
                held("held", head.getHeld()),
                number("fragment_bytes", head.getFragmentBytes()),
                number("update_bytes", head.getUpdateBytes()));
    }

    private static LinkMessage.Attend attend(dev.rejoin.sync.wire.link.v1.Attend attend) {
        if (attend.getDocumentsCount() > MAX_ATTENDED) {
            throw malformed("at most " + MAX_ATTENDED + " documents, not " + attend.getDocumentsCount());
        }
        return new LinkMessage.Attend(attend.getDocumentsList(), attend.getPresent());
    }

    private static LinkMessage.Presence presence(dev.rejoin.sync.wire.link.v1.Presence presence) {
        List<LinkMessage.SessionPresence> sessions = new ArrayList<>(presence.getSessionsCount());
        for (dev.rejoin.sync.wire.link.v1.SessionPresence session : presence.getSessionsList()) {
            if (session.getPayload().size() > MAX_PRESENCE_BYTES) {
                throw malformed("payload must have at most " + MAX_PRESENCE_BYTES + " bytes, not "
                        + session.getPayload().size());
            }
            sessions.add(new LinkMessage.SessionPresence(
                    session.getSession(), session.getPayload().toByteArray()));
        }
        return new LinkMessage.Presence(
                presence.getDocument(),
                presence.getAll(),
                presence.getAwareness().toByteArray(),
                sessions);
    }

    private static long number(String field, long number) {
        if (number < 0 || number > Frames.MAX_COUNTER) {
            throw malformed(field + " out of range: " + Long.toUnsignedString(number));
        }
        return number;
    }

    private static long epoch(long epoch) {
        if (epoch == 0) {
            throw malformed("an epoch is not 0");
        }
        return epoch;
    }

    private static byte[] exactly(String field, ByteString bytes, int length) {
        if (bytes.size() != length) {
            throw malformed(field + " must have " + length + " bytes, not " + bytes.size());
        }
        return bytes.toByteArray();
    }

    private static byte[] held(String field, ByteString bytes) {
        if (bytes.size() > MAX_HELD_BYTES) {
            throw malformed(field + " must have at most " + MAX_HELD_BYTES + " bytes, not " + bytes.size());
        }
        return bytes.toByteArray();
    }

    private static String atMost(String field, String text, int chars) {
        if (text.length() > chars) {
            throw malformed(field + " must have at most " + chars + " characters, not " + text.length());
        }
        return text;
    }

    private static ByteString wrap(byte[] bytes) {
        return UnsafeByteOperations.unsafeWrap(bytes);
    }

    private static ProtocolException malformed(String message) {
        return new ProtocolException(FailureCode.MALFORMED, message);
    }
}
