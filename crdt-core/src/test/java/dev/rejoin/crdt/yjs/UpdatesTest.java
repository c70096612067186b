package dev.rejoin.crdt.yjs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class UpdatesTest {
    @Test
    void theStructsOfAnUpdateAreCounted() {
        YDoc doc = YDoc.create();
        assertEquals(0, Updates.structs(doc.encodeStateAsUpdate()));
        doc.getText("body").insert(0, "abc");
        assertEquals(1, Updates.structs(doc.encodeStateAsUpdate()));
        doc.getText("body").insert(1, "x");
        assertEquals(3, Updates.structs(doc.encodeStateAsUpdate()), "what is written into a run divides it");
        assertThrows(MalformedUpdateException.class, () -> Updates.structs(new byte[] {1}));
    }
}
