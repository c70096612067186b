package dev.rejoin.sync.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.sync.wire.FailureCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class ContentSessionTest {
    private static final byte[] NONE = {};
    private static final byte[] ZERO = {0};
    private static final byte[] EMPTY = {0, 0};
    private static final String NOTES = "056e6f746573";

    @Test
    void aYWebsocketClientIsAskedForWhatTheServerLacksAsSoonAsItIsIn() {
        Recorded peer = yWebsocket();
        assertEquals(List.of("open 1 notes token"), peer.calls());
        peer.session.admitted(1, false, ZERO, bytes("01020100"), 0);
        assertEquals(List.of("00000100", "010401020100"), peer.sent());
    }

    @Test
    void whatComesBeforeTheDocumentIsOpenWaitsInOrder() {
        Recorded peer = yWebsocket();
        peer.calls();
        peer.receive("00000100");
        peer.receive("0002020000");
        peer.receive("010100");
        assertEquals(List.of(), peer.calls());
        peer.session.admitted(1, false, ZERO, NONE, 0);
        assertEquals(List.of("synchronise 1 00", "change 1 0000 false", "awareness 1 00"), peer.calls());
    }

    @Test
    void whatWaitsIsBounded() {
        Recorded peer = yWebsocket();
        for (int i = 0; i <= ContentLimits.DEFAULT.maxWaitingMessages() && peer.closeCode == 0; i++) {
            peer.receive("010100");
        }
        assertEquals(FailureCode.TOO_LARGE.closeCode(), peer.closeCode);
    }

    @Test
    void oneMessageGoesIntoOneFrame() {
        Recorded peer = yWebsocket();
        peer.session.admitted(1, false, ZERO, NONE, 0);
        peer.sent();
        peer.session.state(1, EMPTY, ZERO, 0);
        assertEquals(List.of("0001020000"), peer.sent());
    }

    @Test
    void hocuspocusAnswersTheFirstStepWithTheSecondAndItsOwnFirst() {
        Recorded peer = hocuspocus();
        peer.receive(NOTES + "02000161");
        peer.session.admitted(1, false, ZERO, NONE, 0);
        peer.receive(NOTES + "00000100");
        peer.sent();
        peer.session.state(1, EMPTY, ZERO, 0);
        assertEquals(List.of(NOTES + "0001020000", NOTES + "00000100"), peer.sent());
    }

    @Test
    void everyChangeHasExactlyOneStatus() {
        Recorded peer = hocuspocus();
        peer.receive(NOTES + "02000161");
        peer.session.admitted(1, false, ZERO, NONE, 0);
        peer.sent();
        peer.session.settled(1, 3, true, 0);
        peer.session.settled(1, 1, false, 0);
        assertEquals(List.of(NOTES + "0801", NOTES + "0801", NOTES + "0801", NOTES + "0800"), peer.sent());
    }

    @Test
    void versionTwoWithoutATokenIsSomebodyWithoutAName() {
        Recorded peer = hocuspocus();
        peer.receive(NOTES + "00000100");
        assertEquals(List.of("open 1 notes "), peer.calls());
        peer.session.admitted(1, true, ZERO, NONE, 0);
        assertEquals(List.of("synchronise 1 00"), peer.calls());
        assertEquals(List.of(NOTES + "020208726561646f6e6c79"), peer.sent());
    }

    @Test
    void oneRefusedDocumentLeavesTheSocketToTheOthers() {
        Recorded peer = hocuspocus();
        peer.receive(NOTES + "02000161");
        peer.receive("0162" + "02000161");
        peer.session.admitted(2, false, ZERO, NONE, 0);
        peer.sent();
        peer.calls();
        peer.session.denied(1, FailureCode.FORBIDDEN, "", 0);
        assertEquals(List.of(NOTES + "020109" + hex("forbidden")), peer.sent());
        // what the provider sent before it heard is passed over; it is not somebody without a name
        peer.receive(NOTES + "00000100");
        peer.receive("0162" + "00000100");
        assertEquals(List.of("synchronise 2 00"), peer.calls());
        peer.receive(NOTES + "02000162");
        assertEquals(List.of("open 3 notes b"), peer.calls());
        assertEquals(0, peer.closeCode);
    }

    @Test
    void anotherTokenForAnOpenDocumentRenewsIt() {
        Recorded peer = hocuspocus();
        peer.receive(NOTES + "02000161");
        peer.session.admitted(1, false, ZERO, NONE, 0);
        peer.calls();
        peer.receive(NOTES + "02000162");
        assertEquals(List.of("renew 1 b"), peer.calls());
        peer.sent();
        peer.session.access(1, true, 0);
        peer.session.access(1, true, 0);
        assertEquals(List.of(NOTES + "020208726561646f6e6c79"), peer.sent());
        // version 2 shakes hands again on the same socket, and wants to hear that it is in
        peer.receive(NOTES + "02000162");
        peer.session.access(1, true, 0);
        assertEquals(List.of(NOTES + "020208726561646f6e6c79"), peer.sent());
    }

    @Test
    void whatVersionTwoSaysOfItselfAfterItHasLeftOpensNothing() {
        Recorded peer = hocuspocus();
        peer.receive(NOTES + "02000161");
        peer.session.admitted(1, false, ZERO, NONE, 0);
        peer.receive(NOTES + "07");
        peer.calls();
        peer.receive(NOTES + "010100");
        assertEquals(List.of(), peer.calls());
    }

    @Test
    void badNamesAreRefusedOneByOne() {
        Recorded peer = hocuspocus();
        peer.receive("022e2e" + "02000161");
        assertEquals(List.of(), peer.calls());
        assertEquals(1, peer.sent().size());
        assertEquals(0, peer.closeCode);
        peer.receive("00" + "02000161");
        assertEquals(FailureCode.BAD_DOCUMENT_NAME.closeCode(), peer.closeCode);
    }

    @Test
    void aConnectionThatOpensNothingIsClosedWhateverItSends() {
        Recorded peer = hocuspocus();
        for (int now = 0; now < 10_000; now += 500) {
            peer.session.received(new byte[] {9}, now);
            peer.session.tick(now);
        }
        assertEquals(0, peer.closeCode);
        peer.session.received(new byte[] {9}, 10_000);
        peer.session.tick(10_000);
        assertEquals(FailureCode.TIMEOUT.closeCode(), peer.closeCode);
    }

    @Test
    void aQuietConnectionGetsASignOfLifeBeforeTheProviderGivesUp() {
        Recorded peer = yWebsocket();
        peer.session.admitted(1, false, ZERO, NONE, 0);
        peer.sent();
        peer.session.heard(15_000);
        assertTrue(peer.session.nextDeadline() <= 20_000);
        peer.session.tick(20_000);
        assertEquals(List.of("010100"), peer.sent());
    }

    @Test
    void aPeerThatAnswersNoPingIsGivenUpWithinFifteenSeconds() {
        Recorded peer = yWebsocket();
        peer.session.admitted(1, false, ZERO, NONE, 0);
        assertTrue(peer.session.nextDeadline() <= 5_000);
        peer.session.tick(4_999);
        assertEquals(0, peer.pings);
        peer.session.tick(5_000);
        peer.session.tick(10_000);
        assertEquals(2, peer.pings);
        peer.session.tick(12_499);
        assertEquals(0, peer.closeCode);
        peer.session.tick(12_500);
        assertEquals(FailureCode.TIMEOUT.closeCode(), peer.closeCode);
    }

    @Test
    void aPongShowsThatThePeerLives() {
        Recorded peer = yWebsocket();
        peer.session.admitted(1, false, ZERO, NONE, 0);
        for (int now = 0; now <= 200_000; now += 10_000) {
            peer.session.heard(now);
            peer.session.tick(now);
        }
        assertEquals(0, peer.closeCode);
    }

    @Test
    void unknownMessagesEndTheSession() {
        Recorded peer = yWebsocket();
        peer.receive("63");
        assertEquals(FailureCode.PROTOCOL_ERROR.closeCode(), peer.closeCode);
        Recorded text = yWebsocket();
        text.session.receivedText(0);
        assertEquals(FailureCode.PROTOCOL_ERROR.closeCode(), text.closeCode);
    }

    private static Recorded yWebsocket() {
        return new Recorded(
                effects -> new YWebsocketSession(ContentLimits.DEFAULT, effects, DocumentName.of("notes"), "token", 0));
    }

    private static Recorded hocuspocus() {
        return new Recorded(effects -> new HocuspocusSession(ContentLimits.DEFAULT, effects, 0));
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    /** A session whose effects are kept in lists. */
    private static final class Recorded implements ContentEffects {
        private final List<String> calls = new ArrayList<>();
        private final List<String> sent = new ArrayList<>();
        final ContentSession session;
        int pings;
        int closeCode;

        Recorded(Function<ContentEffects, ContentSession> open) {
            session = open.apply(this);
        }

        void receive(String hex) {
            session.received(bytes(hex), 0);
        }

        List<String> calls() {
            List<String> taken = List.copyOf(calls);
            calls.clear();
            return taken;
        }

        List<String> sent() {
            List<String> taken = List.copyOf(sent);
            sent.clear();
            return taken;
        }

        @Override
        public void send(byte[] frame) {
            assertEquals(0, closeCode, "sent after close");
            sent.add(HexFormat.of().formatHex(frame));
        }

        @Override
        public void send(byte[] head, byte[] body) {
            byte[] whole = Arrays.copyOf(head, head.length + body.length);
            System.arraycopy(body, 0, whole, head.length, body.length);
            send(whole);
        }

        @Override
        public void ping() {
            pings++;
        }

        @Override
        public void close(int code, String reason) {
            assertEquals(0, closeCode, "closed twice");
            assertTrue(reason.length() <= 123);
            closeCode = code;
        }

        @Override
        public void open(int seat, DocumentName document, String token) {
            calls.add("open " + seat + " " + document + " " + token);
        }

        @Override
        public void renew(int seat, String token) {
            calls.add("renew " + seat + " " + token);
        }

        @Override
        public void synchronise(int seat, byte[] stateVector) {
            calls.add("synchronise " + seat + " " + HexFormat.of().formatHex(stateVector));
        }

        @Override
        public void change(int seat, byte[] update, boolean answer) {
            calls.add("change " + seat + " " + HexFormat.of().formatHex(update) + " " + answer);
        }

        @Override
        public void awareness(int seat, byte[] update) {
            calls.add("awareness " + seat + " " + HexFormat.of().formatHex(update));
        }

        @Override
        public void queryAwareness(int seat) {
            calls.add("query " + seat);
        }

        @Override
        public void stateless(int seat, String payload) {
            calls.add("stateless " + seat + " " + payload);
        }

        @Override
        public void leave(int seat) {
            calls.add("leave " + seat);
        }
    }
}
