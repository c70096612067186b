package dev.rejoin.sync.dialect;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Bytes as the npm packages write and read them. */
class DialectFramesTest {
    private static final Framing NOTES = new Framing("notes");

    @Test
    void yWebsocketFramesAreTypeAndBody() {
        assertEquals("000001aa", hex(Framing.Y_WEBSOCKET.syncStep1(bytes("aa"))));
        assertEquals("000102", hex(Framing.Y_WEBSOCKET.syncStep2Head(2)), "the update itself follows");
        assertEquals("0002020000", hex(Framing.Y_WEBSOCKET.update(bytes("0000"))));
        assertEquals("010100", hex(Framing.Y_WEBSOCKET.signOfLife()));
        assertEquals("0200026e6f", hex(Framing.Y_WEBSOCKET.permissionDenied("no")));
    }

    @Test
    void hocuspocusFramesBeginWithTheAddress() {
        assertEquals("056e6f746573" + "000001aa", hex(NOTES.syncStep1(bytes("aa"))));
        assertEquals("056e6f746573" + "0001ac02", hex(NOTES.syncStep2Head(300)));
        assertEquals("056e6f746573" + "0201026e6f", hex(NOTES.permissionDenied("no")));
        assertEquals("056e6f746573" + "020208726561646f6e6c79", hex(NOTES.authenticated(true)));
        assertEquals("056e6f746573" + "02020a726561642d7772697465", hex(NOTES.authenticated(false)));
        assertEquals("056e6f746573" + "0801", hex(NOTES.syncStatus(true)));
        assertEquals("056e6f746573" + "0800", hex(NOTES.syncStatus(false)));
        assertEquals("056e6f746573" + "05026f6b", hex(NOTES.stateless("ok")));
        assertEquals("056e6f746573" + "0200", hex(NOTES.tokenRequest()));
        assertEquals("0a", hex(Framing.pong()));
    }

    @Test
    void lengthsOfMoreThanSevenBitsTakeMoreBytes() {
        byte[] update = new byte[300];
        byte[] frame = Framing.Y_WEBSOCKET.update(update);
        assertEquals("0002ac02", hex(Arrays.copyOf(frame, 4)));
        DialectMessage.Update read = assertInstanceOf(
                DialectMessage.Update.class, YWebsocketFrames.decode(frame).get(0));
        assertArrayEquals(update, read.update());
    }

    @Test
    void laterYWebsocketClientsPutSeveralMessagesInOneFrame() {
        List<DialectMessage> read = YWebsocketFrames.decode(bytes("000001aa" + "010100" + "0002020000"));
        assertEquals(3, read.size());
        assertInstanceOf(DialectMessage.SyncStep1.class, read.get(0));
        assertInstanceOf(DialectMessage.Awareness.class, read.get(1));
        assertInstanceOf(DialectMessage.Update.class, read.get(2));
    }

    @Test
    void someClientsAppendAnEmptyArrayToTheQuestionWhoIsThere() {
        assertInstanceOf(
                DialectMessage.QueryAwareness.class,
                YWebsocketFrames.decode(bytes("0300")).get(0));
    }

    @Test
    void aTokenHasAVersionFromVersionFourOn() {
        HocuspocusFrames.Addressed old = HocuspocusFrames.decode(bytes("056e6f746573" + "02000161"));
        assertEquals("notes", old.document());
        assertEquals(new DialectMessage.Token("a", ""), old.message());
        assertEquals(
                new DialectMessage.Token("a", "4.8"),
                HocuspocusFrames.decode(bytes("056e6f746573" + "0200016103342e38"))
                        .message());
    }

    @Test
    void anAddressMayNameASessionBesideTheDocument() {
        HocuspocusFrames.Addressed read = HocuspocusFrames.decode(bytes("0361007a" + "03"));
        assertEquals("a", read.document());
        assertEquals("a\0z", read.address());
    }

    @Test
    void aSingleByteIsPingOrPong() {
        assertInstanceOf(
                DialectMessage.Ping.class, HocuspocusFrames.decode(bytes("09")).message());
        assertInstanceOf(
                DialectMessage.Pong.class, HocuspocusFrames.decode(bytes("0a")).message());
    }

    @Test
    void whatOnlyServersSayToEachOtherIsRefused() {
        for (String type : List.of("04", "06", "08", "7f")) {
            assertThrows(
                    MalformedFrameException.class,
                    () -> HocuspocusFrames.decode(bytes("056e6f746573" + type + "00")),
                    type);
        }
    }

    @Test
    void noBytesDoAnythingButDecodeOrBeRefused() {
        long seed = Long.getLong("rejoin.seed", System.nanoTime());
        Random random = new Random(seed);
        int refused = 0;
        for (int i = 0; i < 200_000; i++) {
            byte[] frame = new byte[random.nextInt(24)];
            random.nextBytes(frame);
            for (int j = 0; j < frame.length; j++) {
                if (random.nextInt(3) > 0) {
                    frame[j] &= 7;
                }
            }
            refused += refuses(frame, seed) ? 1 : 0;
        }
        // of a hundred about one is read by both
        assertTrue(refused > 1_000 && refused < 199_000, refused + " were refused; " + replay(seed));
    }

    private static boolean refuses(byte[] frame, long seed) {
        boolean refused = false;
        try {
            YWebsocketFrames.decode(frame);
        } catch (MalformedFrameException e) {
            refused = true;
        } catch (RuntimeException e) {
            throw new AssertionError(replay(seed) + ", frame " + hex(frame), e);
        }
        try {
            HocuspocusFrames.decode(frame);
        } catch (MalformedFrameException e) {
            refused = true;
        } catch (RuntimeException e) {
            throw new AssertionError(replay(seed) + ", frame " + hex(frame), e);
        }
        return refused;
    }

    private static String replay(long seed) {
        return "replay: mvn -pl sync-protocol -am test -Dtest=DialectFramesTest -DargLine=-Drejoin.seed=" + seed;
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
