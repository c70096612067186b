package dev.rejoin.sync.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.ClientMessage;
import dev.rejoin.sync.wire.Failure;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.Goodbye;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.Ping;
import dev.rejoin.sync.wire.Pong;
import dev.rejoin.sync.wire.Position;
import dev.rejoin.sync.wire.Presence;
import dev.rejoin.sync.wire.Progress;
import dev.rejoin.sync.wire.ProtocolLimits;
import dev.rejoin.sync.wire.ServerMessage;
import dev.rejoin.sync.wire.Submit;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Watermark;
import dev.rejoin.sync.wire.Welcome;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServerSessionTest {
    private static final ProtocolLimits LIMITS = ProtocolLimits.DEFAULT.withHeartbeatMillis(10_000);

    @Test
    void aWelcomeIsFollowedByTheUpdateThatBringsTheClientUpToDate() {
        RecordedServer server = new RecordedServer(LIMITS);
        server.receive(RecordedServer.HELLO, 0);
        assertEquals(List.of(RecordedServer.HELLO), server.calls);
        Update first = Update.of(new Position(3, 4), new byte[] {1});
        server.session.welcome(RecordedServer.ADMISSION, first, 10);
        Welcome welcome = (Welcome) server.sent.get(0);
        assertEquals(new Position(3, 4), welcome.position());
        assertEquals(LIMITS.maxInFlight(), welcome.maxInFlight());
        assertEquals(first, server.sent.get(1));
    }

    @Test
    void aClientThatSaysNothingIsClosedAtTheHelloDeadline() {
        RecordedServer server = new RecordedServer(LIMITS);
        assertEquals(5_000, server.session.nextDeadline());
        server.session.tick(4_999);
        assertEquals(0, server.closeCode);
        server.session.tick(5_000);
        failedWith(server, FailureCode.TIMEOUT);
    }

    @Test
    void theFirstMessageMustBeAHello() {
        for (ClientMessage message :
                List.of(new Ping(1), new Submit(new byte[] {1}), new Progress(0, Position.START))) {
            RecordedServer server = new RecordedServer(LIMITS);
            server.receive(message, 0);
            failedWith(server, FailureCode.PROTOCOL_ERROR);
        }
    }

    @Test
    void nothingMayComeBetweenHelloAndWelcome() {
        RecordedServer server = new RecordedServer(LIMITS);
        server.receive(RecordedServer.HELLO, 0);
        server.receive(new Ping(1), 0);
        failedWith(server, FailureCode.PROTOCOL_ERROR);
        server.session.welcome(RecordedServer.ADMISSION, Update.of(Position.START, new byte[0]), 0);
        assertEquals(1, server.sent.size(), "a late welcome of a dead session goes nowhere");
    }

    @Test
    void aSecondHelloIsRefused() {
        RecordedServer server = RecordedServer.open(LIMITS);
        server.receive(RecordedServer.HELLO, 0);
        failedWith(server, FailureCode.PROTOCOL_ERROR);
    }

    @Test
    void aBadDocumentNameIsRefused() {
        RecordedServer server = new RecordedServer(LIMITS);
        server.receive(new Hello("a/../b", 1, new byte[16], 0, new byte[0], 0, "", ""), 0);
        failedWith(server, FailureCode.BAD_DOCUMENT_NAME);
    }

    @Test
    void aReplicaIdThatAnotherServerHasLeasedIsRefusedBeforeTheRoomHearsOfIt() {
        RecordedServer server = new RecordedServer(LIMITS);
        server.receive(leasedBy(RecordedServer.LOG + 1), 0);
        failedWith(server, FailureCode.LEASE_ELSEWHERE);
        assertEquals(List.of(), server.calls);
    }

    @Test
    void aReplicaIdThatItHasLeasedItselfOrNobodyHasGoesToTheRoomAndTheWelcomeNamesTheLog() {
        for (long lessor : new long[] {0, RecordedServer.LOG}) {
            RecordedServer server = new RecordedServer(LIMITS);
            server.receive(leasedBy(lessor), 0);
            assertEquals(List.of(leasedBy(lessor)), server.calls);
            server.session.welcome(RecordedServer.ADMISSION, Update.of(Position.START, new byte[0]), 0);
            assertEquals(RecordedServer.LOG, ((Welcome) server.sent.get(0)).log());
        }
    }

    private static Hello leasedBy(long lessor) {
        return new Hello("notes/1", 1, new byte[16], 0, new byte[0], 0, "test", "", new byte[0], lessor);
    }

    @Test
    void aClientThatExceedsItsWindowIsClosed() {
        RecordedServer server = RecordedServer.open(LIMITS.withMaxInFlight(2));
        server.receive(new Submit(new byte[] {1}), 0);
        server.receive(new Submit(new byte[] {2}), 0);
        server.session.update(Update.verdicts(Position.START, 1, List.of()), 1, 0);
        server.receive(new Submit(new byte[] {3}), 0);
        assertEquals(2, server.session.inFlight());
        server.receive(new Submit(new byte[] {4}), 0);
        failedWith(server, FailureCode.TOO_MANY_IN_FLIGHT);
        assertEquals(3, server.calls.size());
    }

    @Test
    void moreVerdictsThanTransactionsAreAMistakeOfTheRoom() {
        RecordedServer server = RecordedServer.open(LIMITS);
        assertThrows(
                IllegalArgumentException.class,
                () -> server.session.update(Update.verdicts(Position.START, 1, List.of()), 1, 0));
    }

    @Test
    void theHeartbeatIsAWatermarkAtTheLastPositionSent() {
        RecordedServer server = RecordedServer.open(LIMITS);
        server.session.update(Update.of(new Position(1, 2), new byte[] {1}), 0, 4_000);
        server.receive(new Ping(1), 5_000);
        server.sent.clear();
        assertEquals(15_000, server.session.nextDeadline());
        server.session.tick(15_000);
        assertEquals(List.of(new Watermark(new Position(1, 2), 1_700_000_000_000L)), server.sent);
    }

    @Test
    void silenceClosesAfterTwoAndAHalfHeartbeats() {
        RecordedServer server = RecordedServer.open(LIMITS);
        server.session.tick(24_999);
        assertEquals(0, server.closeCode);
        server.session.tick(25_000);
        failedWith(server, FailureCode.TIMEOUT);
    }

    @Test
    void pingsThatCannotBeAnsweredDoNotPileUp() {
        RecordedServer server = RecordedServer.open(LIMITS);
        server.session.writable(false, 0);
        for (int i = 0; i < 1_000; i++) {
            server.receive(new Ping(i), i);
        }
        server.session.tick(12_000);
        assertEquals(List.of(), server.sent);
        server.session.writable(true, 12_000);
        assertEquals(List.of((ServerMessage) new Pong(999)), server.sent);
    }

    @Test
    void presenceIsHeldToItsRateAndTheNewestPasses() {
        RecordedServer server = RecordedServer.open(LIMITS);
        for (int i = 0; i < 100; i++) {
            server.receive(new Presence(0, new byte[] {(byte) i}), 1_000);
        }
        assertEquals(20, server.calls.size());
        server.session.tick(server.session.nextDeadline());
        assertEquals(21, server.calls.size());
        assertArrayEquals(new byte[] {99}, (byte[]) server.calls.get(20));
    }

    @Test
    void presenceOfOthersWaitsForAWritableSocketNewestOnly() {
        RecordedServer server = RecordedServer.open(LIMITS);
        server.session.writable(false, 0);
        server.session.presence(3, new byte[] {1}, 0);
        server.session.presence(3, new byte[] {2}, 0);
        server.session.presence(4, new byte[] {3}, 0);
        assertTrue(server.sent.isEmpty());
        server.session.writable(true, 0);
        assertEquals(List.of(new Presence(3, new byte[] {2}), new Presence(4, new byte[] {3})), server.sent);
    }

    @Test
    void aGoodbyeClosesNormally() {
        RecordedServer server = RecordedServer.open(LIMITS);
        server.receive(new Goodbye(), 0);
        assertEquals(1000, server.closeCode);
        assertTrue(server.sent.isEmpty());
    }

    @Test
    void textMessagesAreRefused() {
        RecordedServer server = RecordedServer.open(LIMITS);
        server.session.receivedText(0);
        failedWith(server, FailureCode.PROTOCOL_ERROR);
    }

    @Test
    void everyFailureClosesWithItsCode() {
        for (FailureCode code : FailureCode.values()) {
            RecordedServer server = RecordedServer.open(LIMITS);
            server.session.fail(code, "why", 0);
            failedWith(server, code);
            server.session.fail(code, "again", 0);
            server.receive(new Ping(1), 0);
            assertEquals(1, server.sent.size());
        }
    }

    private static void failedWith(RecordedServer server, FailureCode code) {
        Failure failure = (Failure) server.sent.get(server.sent.size() - 1);
        assertEquals(code.label(), failure.code());
        assertEquals(code.isRetryable(), failure.retryable());
        assertEquals(code.closeCode(), server.closeCode);
        assertTrue(server.session.isClosed());
        assertEquals(Long.MAX_VALUE, server.session.nextDeadline());
    }

    @Test
    void aQuestionIsPassedOnAndNotBeforeTheWelcome() {
        RecordedServer server = RecordedServer.open(ProtocolLimits.DEFAULT);
        Await question = new Await(1, new byte[] {0x10, 0}, "strong", 1_000);
        server.receive(question, 1);
        assertEquals(List.of(question), server.calls);
        RecordedServer early = new RecordedServer(ProtocolLimits.DEFAULT);
        early.receive(RecordedServer.HELLO, 0);
        early.receive(question, 1);
        assertTrue(early.session.isClosed());
    }
}
