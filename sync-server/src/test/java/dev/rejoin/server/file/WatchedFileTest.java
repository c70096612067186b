package dev.rejoin.server.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WatchedFileTest {
    @TempDir
    Path directory;

    @Test
    void twoChangesWithinOneTickOfTheFileSystemAreTwo() throws Exception {
        Path path = Files.write(directory.resolve("a"), new byte[] {1});
        WatchedFile file = new WatchedFile(path, 10);
        assertTrue(file.changed().isPresent());
        assertTrue(file.changed().isEmpty());
        var time = Files.getLastModifiedTime(path);
        Files.write(path, new byte[] {2});
        Files.setLastModifiedTime(path, time);
        assertEquals(2, file.changed().orElseThrow()[0]);
        assertTrue(file.changed().isEmpty());
    }

    @Test
    void aFileThatIsTooLargeForAWhileIsReadLater() throws Exception {
        Path path = Files.write(directory.resolve("a"), new byte[11]);
        WatchedFile file = new WatchedFile(path, 10);
        assertThrows(IOException.class, file::changed);
        Files.write(path, new byte[10]);
        assertEquals(10, file.changed().orElseThrow().length);
    }
}
