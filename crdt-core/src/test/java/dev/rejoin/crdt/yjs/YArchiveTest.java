package dev.rejoin.crdt.yjs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** Texts are read from an archive as from the document, and nothing of what is damaged. */
class YArchiveTest {
    private static final int BODY_AT = 8;

    private final YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(9));

    private byte[] archive() {
        doc.getText("t").insert(0, "one two");
        doc.getText("t").delete(1, 3);
        doc.getText("t").format(0, 2, Map.of("bold", true));
        doc.getText("w").insert(0, "\u00fc \u4f60\u597d \ud83d\ude00");
        doc.getMap("m").set("k", 1);
        return YArchive.encode(doc);
    }

    @Test
    void textsReadAsInTheDocument() {
        YArchive opened = YArchive.open(archive());
        assertEquals(Set.of("t", "w"), opened.roots());
        assertEquals("otwo", opened.text("t"));
        assertEquals("\u00fc \u4f60\u597d \ud83d\ude00", opened.text("w"));
        assertNull(opened.text("m"));
    }

    @Test
    void theDocumentIsWhole() {
        YArchive opened = YArchive.open(archive());
        YDoc copy = opened.document(YDocOptions.defaults());
        copy.checkInvariants();
        assertArrayEquals(doc.encodeStateAsUpdateV2(), copy.encodeStateAsUpdateV2());
        assertArrayEquals(doc.encodeStateAsUpdateV2(), opened.update());
        assertEquals(doc.getText("t").toDelta(), copy.getText("t").toDelta());
    }

    @Test
    void whatOnlyStoresReadsTheSameTexts() {
        YDoc relay = YDoc.create();
        relay.applyUpdateV2(YArchive.open(archive()).update());
        assertEquals("otwo", YArchive.open(YArchive.encode(relay)).text("t"));
    }

    @Test
    void halfACharacterReadsAsItWillLater() {
        doc.getText("t").insert(0, "a\ud83d");
        YArchive opened = YArchive.open(YArchive.encode(doc));
        assertEquals(opened.document(YDocOptions.defaults()).getText("t").toString(), opened.text("t"));
    }

    @Test
    void anEmptyDocumentHasNoTexts() {
        YArchive opened = YArchive.open(YArchive.encode(doc));
        assertEquals(Set.of(), opened.roots());
        assertEquals(0, opened.document(YDocOptions.defaults()).stateVector().size());
    }

    @Test
    void everyDamagedByteAndEveryCutIsNoticed() {
        byte[] whole = archive();
        for (int i = 0; i < whole.length; i++) {
            byte[] damaged = whole.clone();
            damaged[i] ^= 0x11;
            assertThrows(MalformedUpdateException.class, () -> YArchive.open(damaged));
            byte[] cut = Arrays.copyOf(whole, i);
            assertThrows(MalformedUpdateException.class, () -> YArchive.open(cut));
        }
    }

    @Test
    void aTextThatIsNotTheDocumentsIsRefusedWithIt() {
        byte[] forged = archive();
        // the first text is behind its count, its name "t" and its length
        forged[BODY_AT + 4] = 'X';
        seal(forged);
        YArchive opened = YArchive.open(forged);
        assertEquals("Xtwo", opened.text("t"));
        assertThrows(MalformedUpdateException.class, () -> opened.document(YDocOptions.defaults()));
    }

    @Test
    void hostileBytesUnderAGoodSumAreRefusedAsMalformed() {
        byte[] whole = archive();
        for (int i = BODY_AT; i < whole.length; i++) {
            for (int value = 0; value < 256; value += 15) {
                byte[] hostile = whole.clone();
                hostile[i] = (byte) value;
                seal(hostile);
                try {
                    YArchive opened = YArchive.open(hostile);
                    for (String root : opened.roots()) {
                        opened.text(root);
                    }
                    opened.document(YDocOptions.defaults()).checkInvariants();
                } catch (MalformedUpdateException refused) {
                    // the one way to fail
                }
            }
        }
    }

    private static void seal(byte[] archive) {
        CRC32C sum = new CRC32C();
        sum.update(archive, BODY_AT, archive.length - BODY_AT);
        for (int i = 0; i < 4; i++) {
            archive[4 + i] = (byte) (sum.getValue() >>> (24 - 8 * i));
        }
    }
}
