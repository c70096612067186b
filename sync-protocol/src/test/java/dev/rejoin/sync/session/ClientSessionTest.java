package dev.rejoin.sync.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.sync.wire.AckLevel;
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
import dev.rejoin.sync.wire.Rejection;
import dev.rejoin.sync.wire.Submit;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Verdict;
import dev.rejoin.sync.wire.Watermark;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClientSessionTest {
    private static final Position P = new Position(1, 1);

    @Test
    void nothingButHelloIsSentBeforeTheWelcome() {
        RecordedClient client = new RecordedClient(0, 0, 1, 1);
        client.session.presence(new byte[] {1}, 0);
        client.session.pump(0);
        assertEquals(1, client.sent.size());
        assertTrue(client.sent.get(0) instanceof Hello);
    }

    @Test
    void transactionsAreSentInOrderWithinTheWindow() {
        RecordedClient client = RecordedClient.open();
        assertEquals(List.of(submit(client, 0), submit(client, 1)), client.sent.subList(1, client.sent.size()));
        client.receive(Update.verdicts(P, 1, List.of()), 0);
        assertEquals(submit(client, 2), client.sent.get(3));
    }

    @Test
    void anAcknowledgementSettlesEachTransactionOnce() {
        RecordedClient client = RecordedClient.open();
        client.receive(Update.verdicts(P, 4, List.of(new Rejection(2, 4, "no", "because"))), 0);
        client.receive(Update.verdicts(P, 4, List.of()), 0);
        assertEquals(
                List.of(
                        new Settlement(1, 1, "", "", AckLevel.DURABLE),
                        new Settlement(2, 4, "no", "because", AckLevel.DURABLE)),
                client.settled);
    }

    @Test
    void anAcknowledgementOfWhatWasNotSentBreaksTheProtocol() {
        assertBreaks(Update.verdicts(P, 5, List.of()));
    }

    @Test
    void anAcknowledgementWithinATransactionBreaksTheProtocol() {
        assertBreaks(Update.verdicts(P, 3, List.of()));
    }

    @Test
    void aRejectionOfPartOfATransactionBreaksTheProtocol() {
        assertBreaks(Update.verdicts(P, 4, List.of(new Rejection(2, 3, "no", ""))));
    }

    @Test
    void nothingIsSentToAServerThatHasNotLeasedTheReplicaIdAndDoesNotSaySo() {
        for (long other : new long[] {0, 78}) {
            RecordedClient client = RecordedClient.leasedBy(77);
            client.receive(RecordedClient.welcome(other), 0);
            assertEquals(1, client.sent.size(), "nothing but the Hello");
            assertNotNull(client.failure);
            assertEquals("lease-elsewhere", client.failure.code());
            assertNull(client.resume);
        }
    }

    @Test
    void theServerThatHasLeasedTheReplicaIdIsSentWhatIsPending() {
        for (long lessor : new long[] {0, 77}) {
            RecordedClient client = RecordedClient.leasedBy(lessor);
            assertEquals(lessor, ((Hello) client.sent.get(0)).lessor());
            client.receive(RecordedClient.welcome(77), 0);
            assertEquals(submit(client, 0), client.sent.get(1));
        }
    }

    @Test
    void aResumeSettlesWhatHasItsVerdictAndSendsTheRestAgain() {
        RecordedClient client = new RecordedClient(0, 0, 1, 3, 1);
        int one = client.pending.get(0).chain();
        int two = client.pending.get(1).chain();
        client.receive(
                RecordedClient.welcome(
                        RecordedClient.EPOCH, 4, two, List.of(Verdict.accepted(1, one), new Verdict(4, two, "no", ""))),
                0);
        assertEquals(
                new Resume.Continued(
                        List.of(
                                new Settlement(1, 1, "", "", AckLevel.DURABLE),
                                new Settlement(2, 4, "no", "", AckLevel.DURABLE)),
                        List.of()),
                client.resume);
        assertEquals(List.of(submit(client, 2)), client.sent.subList(1, client.sent.size()));
    }

    @Test
    void anotherChainAtTheSameDotMeansThatTheReplicaIsForked() {
        RecordedClient client = new RecordedClient(0, 0, 1, 3, 1);
        int one = client.pending.get(0).chain();
        client.receive(
                RecordedClient.welcome(
                        RecordedClient.EPOCH, 4, 77, List.of(Verdict.accepted(1, one), Verdict.accepted(4, 77))),
                0);
        assertEquals(
                new Resume.Forked(
                        List.of(new Settlement(1, 1, "", "", AckLevel.DURABLE)),
                        client.pending.subList(1, 3),
                        List.of()),
                client.resume);
        assertEquals(new Goodbye(), client.sent.get(client.sent.size() - 1));
        assertEquals(1000, client.closeCode);
    }

    @Test
    void moreJudgedThanEverWrittenMeansThatTheReplicaIsForked() {
        RecordedClient client = new RecordedClient(3, 11);
        client.receive(RecordedClient.welcome(RecordedClient.EPOCH, 4, 5, List.of(Verdict.accepted(4, 5))), 0);
        assertEquals(new Resume.Forked(List.of(), List.of(), List.of()), client.resume);
    }

    @Test
    void lessJudgedThanIsKnownMeansThatTheServerHasLostHistory() {
        RecordedClient client = new RecordedClient(3, 11, 1);
        client.receive(RecordedClient.welcome(RecordedClient.EPOCH, 2, 5, List.of()), 0);
        assertEquals(new Resume.Forked(List.of(), client.pending, List.of()), client.resume);
    }

    @Test
    void whatIsBelowTheOldestVerdictKeptIsUnknown() {
        RecordedClient client = new RecordedClient(0, 0, 1, 3, 1);
        int two = client.pending.get(1).chain();
        client.receive(RecordedClient.welcome(RecordedClient.EPOCH, 4, two, List.of(Verdict.accepted(4, two))), 0);
        assertEquals(
                new Resume.Continued(
                        List.of(new Settlement(2, 4, "", "", AckLevel.DURABLE)), client.pending.subList(0, 1)),
                client.resume);
        assertEquals(submit(client, 2), client.sent.get(1));
    }

    @Test
    void anotherEpochEndsTheSession() {
        RecordedClient client = new RecordedClient(0, 0, 1);
        client.receive(RecordedClient.welcome(6, 0, 0, List.of()), 0);
        assertEquals(new Resume.OtherEpoch(), client.resume);
        assertTrue(client.session.isClosed());
    }

    @Test
    void anOversizedTransactionIsReplacedBeforeItIsSent() {
        RecordedClient client = new RecordedClient(0, 0);
        client.pending.add(new PendingWrite(1, 1, 7, new byte[(1 << 20) - 2]));
        client.receive(RecordedClient.welcome(RecordedClient.EPOCH, 0, 0, List.of()), 0);
        assertEquals(new Submit(new byte[] {42}), client.sent.get(1));
    }

    @Test
    void knownVerdictsAreReportedAtMostOnceASecondAndOnLeaving() {
        RecordedClient client = RecordedClient.open();
        client.receive(Update.verdicts(P, 1, List.of()), 0);
        client.sent.clear();
        client.session.verdictsSaved(1, 0);
        assertEquals(List.of((ClientMessage) new Progress(1, P)), client.sent);
        client.session.verdictsSaved(4, 10);
        assertEquals(1, client.sent.size());
        assertEquals(1_000, client.session.nextDeadline());
        client.session.tick(1_000);
        assertEquals(new Progress(4, P), client.sent.get(1));
        client.session.verdictsSaved(5, 1_100);
        client.session.leave(1_200);
        assertEquals(List.of(new Progress(5, P), new Goodbye()), client.sent.subList(2, 4));
        assertEquals(1000, client.closeCode);
    }

    @Test
    void aQuietClientPingsAndASilentServerIsLeft() {
        RecordedClient client = RecordedClient.open();
        client.sent.clear();
        assertEquals(10_000, client.session.nextDeadline());
        client.session.tick(10_000);
        assertEquals(List.of((ClientMessage) new Ping(1)), client.sent);
        client.receive(new Watermark(P, 0), 12_000);
        client.session.heard(13_000);
        client.session.tick(37_999);
        assertEquals(0, client.closeCode);
        client.session.tick(38_000);
        assertEquals("timeout", present(client.failure).code());
    }

    @Test
    void pingsAreAnswered() {
        RecordedClient client = RecordedClient.open();
        client.receive(new Ping(3), 0);
        assertEquals(new Pong(3), client.sent.get(client.sent.size() - 1));
    }

    @Test
    void presenceOfOthersIsHandedOn() {
        RecordedClient client = RecordedClient.open();
        client.receive(new Presence(4, new byte[] {1}), 0);
        assertEquals(List.of(new Presence(4, new byte[] {1})), client.presence);
    }

    @Test
    void aFailureEndsTheSession() {
        RecordedClient client = RecordedClient.open();
        client.receive(Failure.of(FailureCode.STORE_DOWN, "disk"), 0);
        assertEquals(Failure.of(FailureCode.STORE_DOWN, "disk"), client.failure);
        assertTrue(client.session.isClosed());
        client.receive(new Ping(3), 0);
    }

    private static Submit submit(RecordedClient client, int index) {
        return new Submit(client.pending.get(index).fragment());
    }

    private static Failure present(Failure failure) {
        assertNotNull(failure);
        return failure;
    }

    private static void assertBreaks(Update update) {
        RecordedClient client = RecordedClient.open();
        client.receive(update, 0);
        assertEquals("protocol-error", present(client.failure).code());
        assertEquals(4400, client.closeCode);
        assertTrue(client.updates.isEmpty());
    }
}
