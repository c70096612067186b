package dev.rejoin.sync.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import dev.rejoin.sync.wire.v1.ClientFrame;
import dev.rejoin.sync.wire.v1.ServerFrame;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class FramesTest {
    private static final ProtocolLimits LIMITS = ProtocolLimits.DEFAULT;

    @Test
    void aFrameMustHoldAMessageOfAKnownKind() {
        refuses(FailureCode.PROTOCOL_ERROR, new byte[0]);
        refuses(FailureCode.PROTOCOL_ERROR, new byte[] {0x7a, 0});
    }

    @Test
    void aFrameHoldsOneMessage() {
        byte[] ping = Frames.encode((ClientMessage) new Ping(1));
        byte[] two = Arrays.copyOf(ping, ping.length * 2);
        System.arraycopy(ping, 0, two, ping.length, ping.length);
        refuses(FailureCode.MALFORMED, two);
    }

    @Test
    void aFrameAboveTheLimitIsTooLarge() {
        refuses(FailureCode.TOO_LARGE, new byte[LIMITS.maxFrameBytes() + 1]);
    }

    @Test
    void anotherProtocolVersionIsToldApartBeforeAnythingElseIsChecked() {
        byte[] frame = ClientFrame.newBuilder()
                .setHello(dev.rejoin.sync.wire.v1.Hello.newBuilder().setProtocolVersion(2))
                .build()
                .toByteArray();
        ProtocolException refused = refuses(FailureCode.UPGRADE_REQUIRED, frame);
        assertTrue(refused.getMessage().endsWith("spoken versions: 1"), refused.getMessage());
    }

    @Test
    void aLeaseKeyHasSixteenBytes() {
        refuses(FailureCode.MALFORMED, helloWith(b -> b.setLeaseKey(ByteString.copyFrom(new byte[15]))));
    }

    /** The bytes that the page of the protocol promises: fields 11 and 14, little endian, behind all others. */
    @Test
    void whoLeasedAReplicaIdAndWhoseLogItIsAreTheLastFieldsOfTheGreetings() {
        long log = 0x8102030405060708L;
        Hello hello = new Hello("d", 1, new byte[16], 0, new byte[0], 0, "", "", new byte[0], log);
        byte[] greeting = Frames.encode(hello);
        assertEquals("590807060504030281", HexFormat.of().formatHex(greeting, greeting.length - 9, greeting.length));
        assertEquals(hello, Frames.decodeClient(greeting, LIMITS));
        Welcome welcome =
                new Welcome(5, 9, Position.START, 0, 0, List.of(), 1 << 20, 256, 10_000, 1, Standing.NONE, false, log);
        byte[] answer = Frames.encode(welcome);
        assertEquals("710807060504030281", HexFormat.of().formatHex(answer, answer.length - 9, answer.length));
        assertEquals(welcome, Frames.decodeServer(answer, LIMITS));
    }

    @Test
    void theNameOfAClientIsBounded() {
        refuses(FailureCode.MALFORMED, helloWith(b -> b.setClient("x".repeat(65))));
    }

    @Test
    void aTokenIsBounded() {
        refuses(FailureCode.MALFORMED, helloWith(b -> b.setToken("x".repeat(LIMITS.maxTokenBytes() + 1))));
    }

    @Test
    void countersEndWhereTheBinaryFormatEndsThem() {
        Frames.decodeClient(helloWith(b -> b.setVerdictsKnown(Frames.MAX_COUNTER)), LIMITS);
        refuses(FailureCode.MALFORMED, helloWith(b -> b.setVerdictsKnown(Frames.MAX_COUNTER + 1)));
        refuses(FailureCode.MALFORMED, helloWith(b -> b.setVerdictsKnown(-1)));
    }

    @Test
    void aTransactionHasAFragment() {
        refuses(FailureCode.MALFORMED, Frames.encode(new Submit(new byte[0])));
    }

    @Test
    void presenceIsBounded() {
        refuses(FailureCode.MALFORMED, Frames.encode((ClientMessage)
                new Presence(0, new byte[LIMITS.maxPresenceBytes() + 1])));
    }

    @Test
    void whatASessionSaysIsBounded() {
        byte[] large = new byte[ProtocolLimits.MAX_SESSION_TOKEN_BYTES + 1];
        refuses(FailureCode.MALFORMED, helloWith(b -> b.setSessionToken(ByteString.copyFrom(large))));
        refuses(FailureCode.MALFORMED, Frames.encode(new Await(1, large, "", 1)));
        refuses(FailureCode.MALFORMED, Frames.encode(new Await(0, new byte[0], "", 1)));
        refuses(
                FailureCode.MALFORMED,
                Frames.encode(new Await(1, new byte[0], "x".repeat(ProtocolLimits.MAX_LEVEL_CHARS + 1), 1)));
        refusesFromServer(welcome()
                .setStanding(dev.rejoin.sync.wire.v1.Standing.newBuilder()
                        .addLag(dev.rejoin.sync.wire.v1.OriginLag.newBuilder().setOrigin(1L << 48))));
        refusesFromServer(welcome()
                .setStanding(dev.rejoin.sync.wire.v1.Standing.newBuilder()
                        .addAnswers(dev.rejoin.sync.wire.v1.Answer.newBuilder().setCode("Not A Code"))));
    }

    @Test
    void fewUnknownFieldsAreIgnoredAndManyRefused() {
        assertEquals(new Ping(7), Frames.decodeClient(pingWithUnknownFields(32), LIMITS));
        refuses(FailureCode.MALFORMED, pingWithUnknownFields(33));
    }

    @Test
    void groupsAreRefused() {
        UnknownFieldSet group = UnknownFieldSet.newBuilder()
                .addField(
                        9,
                        UnknownFieldSet.Field.newBuilder()
                                .addGroup(UnknownFieldSet.getDefaultInstance())
                                .build())
                .build();
        refuses(
                FailureCode.MALFORMED,
                ClientFrame.newBuilder()
                        .setPing(dev.rejoin.sync.wire.v1.Ping.newBuilder().setUnknownFields(group))
                        .build()
                        .toByteArray());
    }

    @Test
    void theListOfVerdictsIsBounded() {
        dev.rejoin.sync.wire.v1.Welcome.Builder welcome = welcome();
        for (int i = 1; i <= LIMITS.maxVerdicts() + 1; i++) {
            welcome.addVerdicts(dev.rejoin.sync.wire.v1.Verdict.newBuilder().setLast(i));
        }
        refusesFromServer(welcome.setJudgedThrough(10_000));
    }

    @Test
    void verdictsAscendAndLieWithinWhatIsJudged() {
        var verdict = dev.rejoin.sync.wire.v1.Verdict.newBuilder().setLast(3);
        refusesFromServer(welcome().setJudgedThrough(3).addVerdicts(verdict).addVerdicts(verdict));
        refusesFromServer(welcome().setJudgedThrough(2).addVerdicts(verdict));
    }

    @Test
    void aRejectionCodeHasItsForm() {
        for (String code : List.of("", "A", "9a", "a_b", "x".repeat(65), "ä")) {
            assertThrows(IllegalArgumentException.class, () -> new Rejection(1, 1, code, ""), code);
        }
        new Rejection(1, 1, "content-rejected-2", "");
    }

    @Test
    void longMessagesAreCutBetweenCharacters() {
        String message = "x".repeat(Rejection.MESSAGE_CHARS - 1) + "😀";
        assertEquals("x".repeat(Rejection.MESSAGE_CHARS - 1), new Rejection(1, 1, "no", message).message());
    }

    @Test
    void closeCodesAgreeWithWhetherARetryMakesSense() {
        for (FailureCode code : FailureCode.values()) {
            assertEquals(code.isRetryable(), !FailureCode.isFinal(code.closeCode()), code.label());
            assertEquals(code, FailureCode.of(code.label()).orElseThrow());
        }
    }

    private static byte[] helloWith(java.util.function.UnaryOperator<dev.rejoin.sync.wire.v1.Hello.Builder> change) {
        return ClientFrame.newBuilder()
                .setHello(change.apply(dev.rejoin.sync.wire.v1.Hello.newBuilder()
                        .setProtocolVersion(1)
                        .setDocument("notes/1")
                        .setLeaseKey(ByteString.copyFrom(new byte[16]))))
                .build()
                .toByteArray();
    }

    private static byte[] pingWithUnknownFields(int count) {
        UnknownFieldSet.Builder unknown = UnknownFieldSet.newBuilder();
        for (int i = 0; i < count; i++) {
            unknown.mergeVarintField(100 + i, 1);
        }
        return ClientFrame.newBuilder()
                .setPing(dev.rejoin.sync.wire.v1.Ping.newBuilder().setNonce(7).setUnknownFields(unknown.build()))
                .build()
                .toByteArray();
    }

    private static dev.rejoin.sync.wire.v1.Welcome.Builder welcome() {
        return dev.rejoin.sync.wire.v1.Welcome.newBuilder()
                .setProtocolVersion(1)
                .setMaxFrameBytes(1)
                .setMaxInFlight(1)
                .setHeartbeatMillis(1);
    }

    private static void refusesFromServer(dev.rejoin.sync.wire.v1.Welcome.Builder welcome) {
        byte[] frame = ServerFrame.newBuilder().setWelcome(welcome).build().toByteArray();
        ProtocolException refused = assertThrows(ProtocolException.class, () -> Frames.decodeServer(frame, LIMITS));
        assertEquals(FailureCode.MALFORMED, refused.code());
    }

    private static ProtocolException refuses(FailureCode code, byte[] frame) {
        ProtocolException refused = assertThrows(ProtocolException.class, () -> Frames.decodeClient(frame, LIMITS));
        assertEquals(code, refused.code(), refused.getMessage());
        return refused;
    }
}
