package dev.rejoin.sync.wire;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The part of the codec that is about sessions: {@link Standing} and {@link Await}. */
final class StandingFrames {
    private static final long MAX_ORIGIN = (1L << 48) - 1;
    private static final int MAX_PATH_CHARS = 16;

    private StandingFrames() {}

    static dev.rejoin.sync.wire.v1.Await of(Await await) {
        return dev.rejoin.sync.wire.v1.Await.newBuilder()
                .setId(await.id())
                .setToken(Frames.wrap(await.token()))
                .setLevel(await.level())
                .setTimeoutMillis((int) Math.min(await.timeoutMillis(), OriginLag.UNKNOWN))
                .build();
    }

    static Await await(dev.rejoin.sync.wire.v1.Await await) {
        if (await.getId() == Answer.OF_HELLO) {
            throw Frames.malformed("an Await needs an id");
        }
        if (await.getToken().size() > ProtocolLimits.MAX_SESSION_TOKEN_BYTES) {
            throw Frames.malformed("token must have at most " + ProtocolLimits.MAX_SESSION_TOKEN_BYTES + " bytes");
        }
        if (await.getLevel().length() > ProtocolLimits.MAX_LEVEL_CHARS) {
            throw Frames.malformed("level must have at most " + ProtocolLimits.MAX_LEVEL_CHARS + " characters");
        }
        return new Await(
                await.getId(),
                await.getToken().toByteArray(),
                await.getLevel(),
                Integer.toUnsignedLong(await.getTimeoutMillis()));
    }

    /** Empty if it says nothing, so that it takes no bytes. */
    static Optional<dev.rejoin.sync.wire.v1.Standing> of(Standing standing) {
        if (standing.equals(Standing.NONE)) {
            return Optional.empty();
        }
        dev.rejoin.sync.wire.v1.Standing.Builder builder =
                dev.rejoin.sync.wire.v1.Standing.newBuilder().setHeld(Frames.wrap(standing.held()));
        for (OriginLag lag : standing.lag()) {
            builder.addLag(dev.rejoin.sync.wire.v1.OriginLag.newBuilder()
                    .setOrigin(lag.origin())
                    .setLagMillis((int) lag.lagMillis())
                    .setP50Millis((int) lag.p50Millis())
                    .setP95Millis((int) lag.p95Millis())
                    .setAgeMillis((int) lag.ageMillis())
                    .setUncertaintyMillis((int) lag.uncertaintyMillis())
                    .setSilent(lag.silent()));
        }
        for (Answer answer : standing.answers()) {
            builder.addAnswers(dev.rejoin.sync.wire.v1.Answer.newBuilder()
                    .setId(answer.id())
                    .setCode(answer.code())
                    .setPath(answer.path())
                    .setLost(Frames.wrap(answer.lost()))
                    .setSurviving(Frames.wrap(answer.surviving())));
        }
        return Optional.of(builder.build());
    }

    static Standing standing(dev.rejoin.sync.wire.v1.Standing standing) {
        List<OriginLag> lag = new ArrayList<>(standing.getLagCount());
        for (dev.rejoin.sync.wire.v1.OriginLag one : standing.getLagList()) {
            if (one.getOrigin() < 0 || one.getOrigin() > MAX_ORIGIN) {
                throw Frames.malformed("an origin has 48 bits: " + Long.toHexString(one.getOrigin()));
            }
            lag.add(new OriginLag(
                    one.getOrigin(),
                    Integer.toUnsignedLong(one.getLagMillis()),
                    Integer.toUnsignedLong(one.getP50Millis()),
                    Integer.toUnsignedLong(one.getP95Millis()),
                    Integer.toUnsignedLong(one.getAgeMillis()),
                    Integer.toUnsignedLong(one.getUncertaintyMillis()),
                    one.getSilent()));
        }
        List<Answer> answers = new ArrayList<>(standing.getAnswersCount());
        for (dev.rejoin.sync.wire.v1.Answer one : standing.getAnswersList()) {
            if (one.getPath().length() > MAX_PATH_CHARS) {
                throw Frames.malformed("path must have at most " + MAX_PATH_CHARS + " characters");
            }
            answers.add(new Answer(
                    one.getId(),
                    one.getCode().isEmpty() ? "" : Frames.code(one.getCode()),
                    one.getPath(),
                    one.getLost().toByteArray(),
                    one.getSurviving().toByteArray()));
        }
        return new Standing(standing.getHeld().toByteArray(), lag, answers);
    }
}
