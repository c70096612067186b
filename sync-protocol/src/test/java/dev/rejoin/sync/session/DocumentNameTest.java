package dev.rejoin.sync.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DocumentNameTest {
    @Test
    void ordinaryNamesPass() {
        for (String name :
                List.of("a", "notes/1", "a b/ç/日本", "..a/.b", "😀", "x".repeat(255), "é".repeat(127) + "e")) {
            assertEquals(Optional.empty(), DocumentName.flaw(name), name);
        }
    }

    @Test
    void namesThatBreakARuleAreRefused() {
        for (String name : List.of(
                "",
                "/",
                "/a",
                "a/",
                "a//b",
                ".",
                "..",
                "a/../b",
                "a/.",
                "a\nb",
                "a\u0000",
                "\u007f",
                "\u0085",
                "\ud800",
                "x".repeat(256),
                "é".repeat(128),
                "😀".repeat(64))) {
            assertThrows(IllegalArgumentException.class, () -> DocumentName.of(name), name);
        }
    }
}
