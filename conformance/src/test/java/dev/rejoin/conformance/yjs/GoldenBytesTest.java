package dev.rejoin.conformance.yjs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rejoin.crdt.yjs.RelativePosition;
import dev.rejoin.crdt.yjs.Undefined;
import dev.rejoin.crdt.yjs.YArray;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import dev.rejoin.crdt.yjs.YMap;
import dev.rejoin.crdt.yjs.YText;
import dev.rejoin.crdt.yjs.YXmlElement;
import dev.rejoin.crdt.yjs.YXmlText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Bytes that yjs 13.6.33 wrote for client 1, operation by operation on one document. No Node needed. */
class GoldenBytesTest {
    private static final HexFormat HEX = HexFormat.of();

    private final YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(1).withGuid("golden"));
    private final List<String> v1 = new ArrayList<>();
    private final List<String> v2 = new ArrayList<>();

    GoldenBytesTest() {
        doc.onUpdate((update, origin, of) -> v1.add(HEX.formatHex(update)));
        doc.onUpdateV2((update, origin, of) -> v2.add(HEX.formatHex(update)));
    }

    private void gives(Runnable operation, String first, String second) {
        v1.clear();
        v2.clear();
        operation.run();
        assertEquals(List.of(first.split(" ")), v1);
        assertEquals(List.of(second.split(" ")), v2);
    }

    @Test
    void operationsGiveTheBytesOfYjs() {
        YText text = doc.getText("t");
        gives(() -> text.insert(0, "ab"), "010101000401017402616200", "0000010100000104060374616201020101000001010000");
        gives(() -> text.insert(1, "X"), "01010102c401000101015800", "00000241010100010201c40301580100000001010200");
        gives(() -> text.delete(0, 1), "000101010001", "0000000000000100000000000101010000");
        gives(
                () -> text.insert(2, "😀"),
                "0101010384010104f09f988000",
                "000002410001020001840604f09f98800200000001010300");
        gives(
                () -> text.format(0, 1, Map.of("bold", true)),
                "01020105c60100010204626f6c640474727565c60102010104626f6c64046e756c6c00",
                "0002000202410302000402044201c60b08626f6c64626f6c644400000000010205787e00");
        YMap map = doc.getMap("m");
        gives(
                () -> map.set("k", 1),
                "010101072801016d016b017d0100",
                "000001010000012805026d6b410001010001010101077d0100");
        gives(
                () -> map.set("k", Map.of("a", Arrays.asList(1.5, null, true, "s", Undefined.UNDEFINED))),
                "01010108a80107017601016175057c3fc000007e787701737f0101010701",
                "0000024100010e0001a80100000001010101087601016175057c3fc000007e787701737f0101010700");
        YArray array = doc.getArray("a");
        gives(
                () -> array.insert(0, List.of(1, "x", new byte[] {1, 2})),
                "0102010908010161027d0177017883010a02010200",
                "0000024100011400030800830301610101010001020102097d0177017802010200");
        gives(
                () -> {
                    YMap nested = array.insertMap(3);
                    nested.set("q", "z");
                },
                "0101010c87010b0100 0101010d2800010c01710177017a00",
                "0000024100011600018701000001010001010c00 0000024100011800012803017101010000010101010d77017a00");
        gives(
                () -> doc.getXmlFragment("x").insertElement(0, "p"),
                "0101010e0701017803017000",
                "000100010100000107050278704100010101030001010e00");
        YXmlElement paragraph = (YXmlElement) doc.getXmlFragment("x").get(0);
        gives(
                () -> paragraph.setAttribute("c", "v"),
                "0101010f2800010e01630177017600",
                "0000024100011c00012803016301010000010101010f77017600");
        gives(
                () -> doc.transact(() -> {
                    YXmlText content = paragraph.insertText(0);
                    content.insert(0, "hi");
                }),
                "010201100700010e060400011002686900",
                "0000024101021c0400030700040402686902010001060001021000");
        gives(
                () -> text.insertEmbed(0, Map.of("image", "u")),
                "01010113c5010001050d7b22696d616765223a2275227d00",
                "00000241010100010a01c50100000000010113760105696d61676577017500");

        assertEquals("010114", HEX.formatHex(doc.encodeStateVector()));
        assertEquals("01010200010701010114", HEX.formatHex(doc.snapshot().encode()));
        assertEquals("00010200", HEX.formatHex(RelativePosition.of(text, 1, 0).encode()));
        assertEquals(
                "01017400",
                HEX.formatHex(RelativePosition.of(text, text.length(), 0).encode()));
    }

    @Test
    void emptyUpdatesAreWhatYjsWrites() {
        assertEquals("0000", HEX.formatHex(doc.encodeStateAsUpdate()));
        assertEquals("00000000000001000000000000", HEX.formatHex(doc.encodeStateAsUpdateV2()));
    }

    @Test
    void deletedMapIsATombstoneAndGarbage() {
        YMap map = doc.getMap("m");
        doc.transact(() -> {
            YMap nested = map.setMap("a");
            nested.set("x", 1);
            nested.setArray("y");
        });
        map.delete("a");
        assertEquals("010201002101016d01610100020101010003", HEX.formatHex(doc.encodeStateAsUpdate()));
        assertEquals(
                "0000010100000321000005026d6141000101000201020102000101010002",
                HEX.formatHex(doc.encodeStateAsUpdateV2()));
    }
}
