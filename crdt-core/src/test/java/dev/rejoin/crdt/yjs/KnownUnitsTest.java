package dev.rejoin.crdt.yjs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Structs of which a part is known: the rest is taken in where it goes on from the known part, and nothing of them else. */
class KnownUnitsTest {
    private static final int STRING = 4;

    private final YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(9));
    private final YText text = doc.getText("t");

    @Test
    void theRestOfWhatIsKnownIsTakenIn() {
        doc.applyUpdate(update(1, 0, inRoot("t", "ab")));
        doc.applyUpdate(update(1, 0, inRoot("t", "abcd")));
        assertEquals("abcd", text.toString());
    }

    @Test
    void whatWasCutApartIsStillOnePart() {
        doc.applyUpdate(update(1, 0, inRoot("t", "ab")));
        text.insert(1, "-");
        text.delete(0, 1);
        doc.applyUpdate(update(1, 0, inRoot("t", "abcd")));
        assertEquals("-bcd", text.toString());
    }

    @Test
    void aStructUnderTheIdsOfAnotherListIsRefused() {
        doc.applyUpdate(update(1, 0, inRoot("t", "ab")));
        refused(update(1, 0, inRoot("u", "abcd")));
    }

    @Test
    void aStructUnderTheIdsOfAKeyIsRefused() {
        doc.applyUpdate(update(1, 0, inRoot("t", "ab")));
        refused(update(1, 0, new byte[] {STRING | 0x20, 1, 1, 't', 1, 'k', 4, 'a', 'b', 'c', 'd'}));
    }

    @Test
    void aStructWithOtherNeighboursIsRefused() {
        doc.applyUpdate(update(2, 0, inRoot("t", "x")));
        doc.applyUpdate(update(1, 0, inRoot("t", "ab")));
        refused(update(1, 0, new byte[] {(byte) (STRING | 0x80), 2, 0, 4, 'a', 'b', 'c', 'd'}));
        refused(update(1, 0, new byte[] {STRING | 0x40, 2, 0, 4, 'a', 'b', 'c', 'd'}));
    }

    @Test
    void theRestOfWhatIsCollectedIsRefusedWhereItWouldLive() {
        doc.applyUpdate(update(1, 0, new byte[] {0, 2}));
        refused(update(1, 0, inRoot("t", "abcd")));
    }

    @Test
    void theRestOfWhatIsCollectedIsCollectedToo() {
        doc.applyUpdate(update(2, 0, new byte[] {0, 1}));
        doc.applyUpdate(update(1, 0, new byte[] {0, 2}));
        doc.applyUpdate(update(1, 0, new byte[] {(byte) (STRING | 0x80), 2, 0, 4, 'a', 'b', 'c', 'd'}));
        assertEquals(4, doc.stateVector().get(1));
        assertEquals("", text.toString());
    }

    @Test
    void whatWaitedAndContradictsWhatCameIsDroppedAndCounted() {
        doc.applyUpdate(update(1, 1, inRoot("u", "bcd")));
        doc.applyUpdate(update(1, 0, inRoot("t", "ab")));
        assertEquals("ab", text.toString());
        assertEquals(2, doc.stateVector().get(1));
        assertEquals(0, doc.pending().structs());
        assertEquals(1, doc.pending().dropped());
        doc.checkInvariants();
    }

    private void refused(byte[] update) {
        byte[] before = doc.encodeStateAsUpdate();
        assertThrows(MalformedUpdateException.class, () -> doc.applyUpdate(update));
        assertThrows(MalformedUpdateException.class, () -> doc.applyUpdateV2(Updates.convertV1toV2(update)));
        assertArrayEquals(before, doc.encodeStateAsUpdate());
        doc.checkInvariants();
    }

    private static byte[] inRoot(String root, String content) {
        ByteArrayOutputStream struct = new ByteArrayOutputStream();
        struct.write(STRING);
        struct.write(1);
        struct.write(root.length());
        struct.writeBytes(root.getBytes(StandardCharsets.US_ASCII));
        struct.write(content.length());
        struct.writeBytes(content.getBytes(StandardCharsets.US_ASCII));
        return struct.toByteArray();
    }

    /** One struct from a clock on, and no deletions. */
    private static byte[] update(int client, int clock, byte[] struct) {
        ByteArrayOutputStream update = new ByteArrayOutputStream();
        update.writeBytes(new byte[] {1, 1, (byte) client, (byte) clock});
        update.writeBytes(struct);
        update.write(0);
        return update.toByteArray();
    }
}
