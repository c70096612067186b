package dev.rejoin.sync.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.WireFormat;
import dev.rejoin.sync.wire.v1.ClientFrame;
import dev.rejoin.sync.wire.v1.ServerFrame;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The codec between messages and the bytes of a frame.
 *
 * <p>A frame is looked over before it is parsed: exactly one message of a known kind, no groups, few unknown fields,
 * bounded lists. So parsing costs memory in proportion to what the protocol allows, not to what hostile bytes ask for.
 * Unknown fields within a known message are ignored, so that later versions may add some.
 *
 * <p>Everything here throws {@link ProtocolException}, and nothing else, for bytes that are not a frame.
 */
public final class Frames {
    /** The one version of the protocol that is spoken here. */
    public static final int PROTOCOL_VERSION = 1;

    /** The highest counter that a dot may have (binary-format.md). */
    public static final long MAX_COUNTER = (1L << 44) - 1;

    private static final int MAX_UNKNOWN_FIELDS = 32;

    private Frames() {}

    /** The frame of a client message. */
    public static byte[] encode(ClientMessage message) {
        ClientFrame.Builder frame = ClientFrame.newBuilder();
        if (message instanceof Hello hello) {
            frame.setHello(dev.rejoin.sync.wire.v1.Hello.newBuilder()
                    .setProtocolVersion(PROTOCOL_VERSION)
                    .setDocument(hello.document())
                    .setReplica(hello.replica())
                    .setLeaseKey(wrap(hello.leaseKey()))
                    .setEpoch(hello.epoch())
                    .setVersion(wrap(hello.version()))
                    .setVerdictsKnown(hello.verdictsKnown())
                    .setClient(hello.client())
                    .setToken(hello.token())
                    .setSessionToken(wrap(hello.sessionToken()))
                    .setLessor(hello.lessor()));
        } else if (message instanceof Submit submit) {
            frame.setSubmit(dev.rejoin.sync.wire.v1.Submit.newBuilder().setFragment(wrap(submit.fragment())));
        } else if (message instanceof Progress progress) {
            frame.setProgress(dev.rejoin.sync.wire.v1.Progress.newBuilder()
                    .setVerdictsKnown(progress.verdictsKnown())
                    .setPosition(position(progress.position())));
        } else if (message instanceof Presence presence) {
            frame.setPresence(presence(presence));
        } else if (message instanceof Ping ping) {
            frame.setPing(dev.rejoin.sync.wire.v1.Ping.newBuilder().setNonce(ping.nonce()));
        } else if (message instanceof Pong pong) {
            frame.setPong(dev.rejoin.sync.wire.v1.Pong.newBuilder().setNonce(pong.nonce()));
        } else if (message instanceof Await await) {
            frame.setAwait(StandingFrames.of(await));
        } else {
            frame.setGoodbye(dev.rejoin.sync.wire.v1.Goodbye.getDefaultInstance());
        }
        return frame.build().toByteArray();
    }

    /** The frame of a server message. */
    public static byte[] encode(ServerMessage message) {
        ServerFrame.Builder frame = ServerFrame.newBuilder();
        if (message instanceof Welcome welcome) {
            frame.setWelcome(welcome(welcome));
        } else if (message instanceof Update update) {
            frame.setUpdate(update(update));
        } else if (message instanceof Watermark watermark) {
            dev.rejoin.sync.wire.v1.Watermark.Builder builder = dev.rejoin.sync.wire.v1.Watermark.newBuilder()
                    .setPosition(position(watermark.position()))
                    .setServerTimeMillis(watermark.serverTimeMillis());
            StandingFrames.of(watermark.standing()).ifPresent(builder::setStanding);
            frame.setWatermark(builder);
        } else if (message instanceof Presence presence) {
            frame.setPresence(presence(presence));
        } else if (message instanceof Ping ping) {
            frame.setPing(dev.rejoin.sync.wire.v1.Ping.newBuilder().setNonce(ping.nonce()));
        } else if (message instanceof Pong pong) {
            frame.setPong(dev.rejoin.sync.wire.v1.Pong.newBuilder().setNonce(pong.nonce()));
        } else if (message instanceof Failure failure) {
            frame.setFailure(dev.rejoin.sync.wire.v1.Failure.newBuilder()
                    .setCode(failure.code())
                    .setMessage(failure.message())
                    .setRetryable(failure.retryable()));
        }
        return frame.build().toByteArray();
    }

    /**
     * Reads a frame that a client has sent.
     *
     * @throws ProtocolException with {@code too-large}, {@code malformed}, {@code protocol-error} (no known kind) or
     *     {@code upgrade-required} (a Hello of another version)
     */
    public static ClientMessage decodeClient(byte[] bytes, ProtocolLimits limits) {
        requireSize(bytes.length, limits.maxFrameBytes());
        ClientFrame frame;
        try {
            inspect(bytes, ClientFrame.getDescriptor(), limits.maxVerdicts());
            frame = ClientFrame.parseFrom(reader(bytes));
        } catch (IOException e) {
            throw new ProtocolException(FailureCode.MALFORMED, "frame does not parse: " + e.getMessage(), e);
        }
        return switch (frame.getKindCase()) {
            case HELLO -> hello(frame.getHello(), limits);
            case SUBMIT -> submit(frame.getSubmit());
            case PROGRESS ->
                new Progress(
                        counter("verdicts_known", frame.getProgress().getVerdictsKnown()),
                        position(frame.getProgress().getPosition()));
            case PRESENCE -> presence(frame.getPresence(), limits);
            case PING -> new Ping(frame.getPing().getNonce());
            case PONG -> new Pong(frame.getPong().getNonce());
            case GOODBYE -> new Goodbye();
            case AWAIT -> StandingFrames.await(frame.getAwait());
            case KIND_NOT_SET -> throw unknownKind();
        };
    }

    /**
     * Reads a frame that a server has sent.
     *
     * @throws ProtocolException with {@code too-large}, {@code malformed}, {@code protocol-error} (no known kind) or
     *     {@code upgrade-required} (a Welcome of another version)
     */
    public static ServerMessage decodeServer(byte[] bytes, ProtocolLimits limits) {
        requireSize(bytes.length, limits.maxServerFrameBytes());
        ServerFrame frame;
        try {
            inspect(bytes, ServerFrame.getDescriptor(), limits.maxVerdicts());
            frame = ServerFrame.parseFrom(reader(bytes));
        } catch (IOException e) {
            throw new ProtocolException(FailureCode.MALFORMED, "frame does not parse: " + e.getMessage(), e);
        }
        return switch (frame.getKindCase()) {
            case WELCOME -> welcome(frame.getWelcome());
            case UPDATE -> update(frame.getUpdate());
            case WATERMARK ->
                new Watermark(
                        position(frame.getWatermark().getPosition()),
                        frame.getWatermark().getServerTimeMillis(),
                        StandingFrames.standing(frame.getWatermark().getStanding()));
            case PRESENCE -> presence(frame.getPresence(), limits);
            case PING -> new Ping(frame.getPing().getNonce());
            case PONG -> new Pong(frame.getPong().getNonce());
            case FAILURE ->
                new Failure(
                        code(frame.getFailure().getCode()),
                        frame.getFailure().getMessage(),
                        frame.getFailure().getRetryable());
            case KIND_NOT_SET -> throw unknownKind();
        };
    }

    static CodedInputStream reader(byte[] bytes) {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        in.setRecursionLimit(8);
        return in;
    }

    /** Looks a frame over before it is parsed. */
    static void inspect(byte[] bytes, Descriptor frame, int maxListed) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        int tag = in.readTag();
        FieldDescriptor kind = frame.findFieldByNumber(WireFormat.getTagFieldNumber(tag));
        if (tag == 0 || kind == null) {
            throw unknownKind();
        }
        if (WireFormat.getTagWireType(tag) != WireFormat.WIRETYPE_LENGTH_DELIMITED) {
            throw new InvalidProtocolBufferException("a message must be length-delimited");
        }
        int limit = in.pushLimit(in.readRawVarint32());
        inspectFields(in, kind.getMessageType(), maxListed);
        in.popLimit(limit);
        if (!in.isAtEnd()) {
            throw new InvalidProtocolBufferException("a frame holds one message");
        }
    }

    private static void inspectFields(CodedInputStream in, Descriptor message, int maxListed) throws IOException {
        int unknown = 0;
        int listed = 0;
        long seen = 0;
        while (true) {
            int tag = in.readTag();
            if (tag == 0) {
                return;
            }
            int wireType = WireFormat.getTagWireType(tag);
            if (wireType == WireFormat.WIRETYPE_START_GROUP || wireType == WireFormat.WIRETYPE_END_GROUP) {
                throw new InvalidProtocolBufferException("groups are not allowed");
            }
            FieldDescriptor field = message.findFieldByNumber(WireFormat.getTagFieldNumber(tag));
            if (field == null) {
                if (++unknown > MAX_UNKNOWN_FIELDS) {
                    throw new InvalidProtocolBufferException("too many unknown fields");
                }
                in.skipField(tag);
                continue;
            }
            if (field.isRepeated()) {
                if (++listed > maxListed) {
                    throw new InvalidProtocolBufferException("more than " + maxListed + " entries");
                }
            } else {
                long bit = 1L << field.getNumber();
                if ((seen & bit) != 0) {
                    throw new InvalidProtocolBufferException("field " + field.getName() + " occurs twice");
                }
                seen |= bit;
            }
            if (field.getLiteType() != WireFormat.FieldType.MESSAGE) {
                in.skipField(tag);
                continue;
            }
            if (wireType != WireFormat.WIRETYPE_LENGTH_DELIMITED) {
                throw new InvalidProtocolBufferException("field " + field.getName() + " must be length-delimited");
            }
            int limit = in.pushLimit(in.readRawVarint32());
            inspectFields(in, field.getMessageType(), maxListed);
            in.popLimit(limit);
        }
    }

    private static Hello hello(dev.rejoin.sync.wire.v1.Hello hello, ProtocolLimits limits) {
        if (hello.getProtocolVersion() != PROTOCOL_VERSION) {
            throw new ProtocolException(
                    FailureCode.UPGRADE_REQUIRED,
                    "protocol version " + Integer.toUnsignedString(hello.getProtocolVersion())
                            + " is not spoken here; spoken versions: " + PROTOCOL_VERSION);
        }
        if (hello.getLeaseKey().size() != Hello.LEASE_KEY_BYTES) {
            throw malformed("lease_key must have " + Hello.LEASE_KEY_BYTES + " bytes, not "
                    + hello.getLeaseKey().size());
        }
        if (hello.getClient().length() > Hello.CLIENT_CHARS) {
            throw malformed("client must have at most " + Hello.CLIENT_CHARS + " characters, not "
                    + hello.getClient().length());
        }
        if (hello.getTokenBytes().size() > limits.maxTokenBytes()) {
            throw malformed("token must have at most " + limits.maxTokenBytes() + " bytes");
        }
        if (hello.getSessionToken().size() > ProtocolLimits.MAX_SESSION_TOKEN_BYTES) {
            throw malformed("session_token must have at most " + ProtocolLimits.MAX_SESSION_TOKEN_BYTES + " bytes");
        }
        return new Hello(
                hello.getDocument(),
                hello.getReplica(),
                hello.getLeaseKey().toByteArray(),
                hello.getEpoch(),
                hello.getVersion().toByteArray(),
                counter("verdicts_known", hello.getVerdictsKnown()),
                hello.getClient(),
                hello.getToken(),
                hello.getSessionToken().toByteArray(),
                hello.getLessor());
    }

    private static Submit submit(dev.rejoin.sync.wire.v1.Submit submit) {
        if (submit.getFragment().isEmpty()) {
            throw malformed("a transaction must have a fragment");
        }
        return new Submit(submit.getFragment().toByteArray());
    }

    private static Presence presence(dev.rejoin.sync.wire.v1.Presence presence, ProtocolLimits limits) {
        if (presence.getPayload().size() > limits.maxPresenceBytes()) {
            throw malformed("presence must have at most " + limits.maxPresenceBytes() + " bytes, not "
                    + presence.getPayload().size());
        }
        return new Presence(presence.getSession(), presence.getPayload().toByteArray());
    }

    private static dev.rejoin.sync.wire.v1.Presence presence(Presence presence) {
        return dev.rejoin.sync.wire.v1.Presence.newBuilder()
                .setSession(presence.session())
                .setPayload(wrap(presence.payload()))
                .build();
    }

    private static dev.rejoin.sync.wire.v1.Welcome welcome(Welcome welcome) {
        dev.rejoin.sync.wire.v1.Welcome.Builder builder = dev.rejoin.sync.wire.v1.Welcome.newBuilder()
                .setProtocolVersion(PROTOCOL_VERSION)
                .setEpoch(welcome.epoch())
                .setSession(welcome.session())
                .setPosition(position(welcome.position()))
                .setJudgedThrough(welcome.judgedThrough())
                .setChain(welcome.chain())
                .setMaxFrameBytes(welcome.maxFrameBytes())
                .setMaxInFlight(welcome.maxInFlight())
                .setHeartbeatMillis(welcome.heartbeatMillis())
                .setServerTimeMillis(welcome.serverTimeMillis())
                .setBehind(welcome.behind())
                .setLog(welcome.log());
        StandingFrames.of(welcome.standing()).ifPresent(builder::setStanding);
        for (Verdict verdict : welcome.verdicts()) {
            builder.addVerdicts(dev.rejoin.sync.wire.v1.Verdict.newBuilder()
                    .setLast(verdict.last())
                    .setChain(verdict.chain())
                    .setCode(verdict.code())
                    .setMessage(verdict.message()));
        }
        return builder.build();
    }

    private static Welcome welcome(dev.rejoin.sync.wire.v1.Welcome welcome) {
        if (welcome.getProtocolVersion() != PROTOCOL_VERSION) {
            throw new ProtocolException(
                    FailureCode.UPGRADE_REQUIRED,
                    "the server speaks protocol version " + Integer.toUnsignedString(welcome.getProtocolVersion()));
        }
        if (welcome.getMaxFrameBytes() <= 0 || welcome.getMaxInFlight() <= 0 || welcome.getHeartbeatMillis() <= 0) {
            throw malformed("limits in a welcome must be positive");
        }
        List<Verdict> verdicts = new ArrayList<>(welcome.getVerdictsCount());
        long before = 0;
        for (dev.rejoin.sync.wire.v1.Verdict verdict : welcome.getVerdictsList()) {
            long last = counter("last", verdict.getLast());
            if (last <= before) {
                throw malformed("verdicts must ascend: " + last + " after " + before);
            }
            before = last;
            String code = verdict.getCode().isEmpty() ? "" : code(verdict.getCode());
            verdicts.add(new Verdict(last, verdict.getChain(), code, verdict.getMessage()));
        }
        long judgedThrough = counter("judged_through", welcome.getJudgedThrough());
        if (before > judgedThrough) {
            throw malformed("a verdict at " + before + " lies above judged_through " + judgedThrough);
        }
        return new Welcome(
                welcome.getEpoch(),
                welcome.getSession(),
                position(welcome.getPosition()),
                judgedThrough,
                welcome.getChain(),
                verdicts,
                welcome.getMaxFrameBytes(),
                welcome.getMaxInFlight(),
                welcome.getHeartbeatMillis(),
                welcome.getServerTimeMillis(),
                StandingFrames.standing(welcome.getStanding()),
                welcome.getBehind(),
                welcome.getLog());
    }

    private static dev.rejoin.sync.wire.v1.Update update(Update update) {
        dev.rejoin.sync.wire.v1.Update.Builder builder = dev.rejoin.sync.wire.v1.Update.newBuilder()
                .setPosition(position(update.position()))
                .setFragment(wrap(update.fragment()))
                .setAckedThrough(update.ackedThrough())
                .setLevelValue(update.level().ordinal())
                .setHeld(wrap(update.held()));
        for (Rejection rejection : update.rejections()) {
            builder.addRejections(dev.rejoin.sync.wire.v1.Rejection.newBuilder()
                    .setFirst(rejection.first())
                    .setLast(rejection.last())
                    .setCode(rejection.code())
                    .setMessage(rejection.message()));
        }
        return builder.build();
    }

    private static Update update(dev.rejoin.sync.wire.v1.Update update) {
        List<Rejection> rejections = new ArrayList<>(update.getRejectionsCount());
        long before = 0;
        for (dev.rejoin.sync.wire.v1.Rejection rejection : update.getRejectionsList()) {
            long first = counter("first", rejection.getFirst());
            long last = counter("last", rejection.getLast());
            if (first <= before || last < first) {
                throw malformed("rejections must ascend: " + first + ".." + last + " after " + before);
            }
            before = last;
            rejections.add(new Rejection(first, last, code(rejection.getCode()), rejection.getMessage()));
        }
        long ackedThrough = counter("acked_through", update.getAckedThrough());
        if (before > ackedThrough) {
            throw malformed("a rejection at " + before + " lies above acked_through " + ackedThrough);
        }
        AckLevel level = switch (update.getLevel()) {
            case ACCEPTED -> AckLevel.ACCEPTED;
            case DURABLE -> AckLevel.DURABLE;
            case STABLE -> AckLevel.STABLE;
            case ACK_LEVEL_UNSPECIFIED -> AckLevel.NONE;
            case UNRECOGNIZED -> throw malformed("unknown ack level " + update.getLevelValue());
        };
        return new Update(
                position(update.getPosition()),
                update.getFragment().toByteArray(),
                ackedThrough,
                level,
                rejections,
                update.getHeld().toByteArray());
    }

    private static dev.rejoin.sync.wire.v1.Position position(Position position) {
        return dev.rejoin.sync.wire.v1.Position.newBuilder()
                .setIncarnation(position.incarnation())
                .setSequence(position.sequence())
                .build();
    }

    private static Position position(dev.rejoin.sync.wire.v1.Position position) {
        if (position.getSequence() < 0) {
            throw malformed("sequence out of range: " + Long.toUnsignedString(position.getSequence()));
        }
        return new Position(position.getIncarnation(), position.getSequence());
    }

    private static long counter(String field, long counter) {
        if (counter < 0 || counter > MAX_COUNTER) {
            throw malformed(field + " out of range: " + Long.toUnsignedString(counter));
        }
        return counter;
    }

    static String code(String code) {
        if (!Rejection.isCode(code)) {
            throw malformed("not a code");
        }
        return code;
    }

    private static void requireSize(int length, int max) {
        if (length > max) {
            throw new ProtocolException(
                    FailureCode.TOO_LARGE, "a frame must have at most " + max + " bytes, not " + length);
        }
    }

    static ByteString wrap(byte[] bytes) {
        return UnsafeByteOperations.unsafeWrap(bytes);
    }

    private static ProtocolException unknownKind() {
        return new ProtocolException(FailureCode.PROTOCOL_ERROR, "a frame of no known kind");
    }

    static ProtocolException malformed(String message) {
        return new ProtocolException(FailureCode.MALFORMED, message);
    }
}
