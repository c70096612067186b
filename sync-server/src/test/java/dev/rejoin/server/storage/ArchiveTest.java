package dev.rejoin.server.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What leaves a store comes back as it was, or is refused: docs/reference/archive-format.md. */
final class ArchiveTest {
    private static final long BOUND = 8 << 20;

    private static final List<DocumentImage> DOCUMENTS = List.of(
            new DocumentImage("a", 1, 2, new StoredSnapshot(0, new byte[0], new byte[0], List.of())),
            new DocumentImage(
                    "notes/\u6f22",
                    -4,
                    1_700_000_000_000L,
                    new StoredSnapshot(
                            77,
                            new byte[] {1, 2, 3},
                            new byte[] {4, 5},
                            new byte[] {15},
                            List.of(new StoredLease(
                                    9,
                                    new byte[] {6},
                                    12,
                                    13,
                                    10,
                                    List.of(new StoredVerdict(11, 12, 14, "full", "why")))))));

    private static byte[] archive(List<DocumentImage> documents) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ArchiveWriter writer = new ArchiveWriter(out, 1_234);
        for (DocumentImage document : documents) {
            writer.add(document);
        }
        writer.finish();
        return out.toByteArray();
    }

    private static List<DocumentImage> read(byte[] archive) throws IOException {
        ArchiveReader reader = new ArchiveReader(new ByteArrayInputStream(archive), BOUND);
        List<DocumentImage> documents = new ArrayList<>();
        for (var next = reader.next(); next.isPresent(); next = reader.next()) {
            documents.add(next.get());
        }
        return documents;
    }

    @Test
    void documentsComeBackAsTheyWere() throws IOException {
        assertEquals(DOCUMENTS, read(archive(DOCUMENTS)));
        assertEquals(List.of(), read(archive(List.of())));
        assertEquals(1_234, new ArchiveReader(new ByteArrayInputStream(archive(DOCUMENTS)), BOUND).createdMillis());
    }

    @Test
    void theFirstBytesAreThoseOfThePage() throws IOException {
        byte[] archive = archive(List.of(DOCUMENTS.get(0)));
        byte[] head = {'R', 'J', 'N', 'A', 1, 0, 0, 0, 0, 0, 0, 4, (byte) 0xd2};
        assertArrayEquals(head, Arrays.copyOf(archive, head.length));
        assertEquals(1, archive[17], "a document begins");
        assertEquals(4 + 1 + 7 * 8, ByteBuffer.wrap(archive).getInt(18));
    }

    @Test
    void aDocumentOfManyPartsComesBack() throws IOException {
        byte[] large = new byte[3 * ArchiveWriter.MAX_FRAME_BYTES + 5];
        new Random(1).nextBytes(large);
        DocumentImage document = new DocumentImage("a", 1, 2, new StoredSnapshot(3, large, large, List.of()));
        assertEquals(List.of(document), read(archive(List.of(document))));
    }

    @Test
    void everyFlippedBitIsNoticed() throws IOException {
        byte[] good = archive(DOCUMENTS);
        for (int bit = 0; bit < good.length * 8; bit++) {
            byte[] bad = good.clone();
            bad[bit / 8] ^= (byte) (1 << bit % 8);
            int at = bit;
            assertThrows(MalformedArchiveException.class, () -> read(bad), () -> "bit " + at);
        }
    }

    @Test
    void everyTruncationIsNoticed() throws IOException {
        byte[] good = archive(DOCUMENTS);
        for (int length = 0; length < good.length; length++) {
            byte[] bad = Arrays.copyOf(good, length);
            assertThrows(MalformedArchiveException.class, () -> read(bad), () -> bad.length + " bytes");
        }
    }

    @Test
    void documentsThatChangedPlacesAreNoticed() throws IOException {
        byte[] good = archive(List.of(
                DOCUMENTS.get(0), new DocumentImage("b", 1, 2, DOCUMENTS.get(0).snapshot())));
        int document = (good.length - archive(List.of()).length) / 2;
        byte[] bad = good.clone();
        System.arraycopy(good, 17 + document, bad, 17, document);
        System.arraycopy(good, 17, bad, 17 + document, document);
        ArchiveReader reader = new ArchiveReader(new ByteArrayInputStream(bad), BOUND);
        assertThrows(MalformedArchiveException.class, reader::next, "at the first of them, not at the end");
    }

    @Test
    void theChecksumOfTheWholeIsLookedAtToo() throws IOException {
        byte[] bad = archive(DOCUMENTS);
        int payload = 8 + ArchiveWriter.SHA_256_BYTES;
        int head = bad.length - 4 - payload - ArchiveWriter.FRAME_HEAD_BYTES;
        bad[bad.length - 5] ^= 1;
        int before = ByteBuffer.wrap(bad).getInt(head - 4);
        int frame = ArchiveWriter.checksum(
                ArchiveWriter.checksum(before, bad, head, ArchiveWriter.FRAME_HEAD_BYTES),
                bad,
                head + ArchiveWriter.FRAME_HEAD_BYTES,
                payload);
        ByteBuffer.wrap(bad).putInt(bad.length - 4, frame);
        MalformedArchiveException refused = assertThrows(MalformedArchiveException.class, () -> read(bad));
        assertTrue(String.valueOf(refused.getMessage()).contains("its end"), refused.getMessage());
    }

    @Test
    void whatADocumentClaimsToBeIsNotAllocated() throws IOException {
        byte[] name = {'a'};
        ByteBuffer head = ByteBuffer.allocate(4 + 1 + 7 * 8)
                .putInt(1)
                .put(name)
                .putLong(1)
                .putLong(0)
                .putLong(5);
        head.putLong(BOUND).putLong(0).putLong(0).putLong(0);
        ByteBuffer archive = ByteBuffer.allocate(200)
                .putInt(ArchiveWriter.MAGIC)
                .put((byte) 1)
                .putLong(0);
        int previous = ArchiveWriter.checksum(0, archive.array(), 0, 13);
        archive.putInt(previous);
        byte[] frame = {1, 0, 0, 0, (byte) head.capacity()};
        previous =
                ArchiveWriter.checksum(ArchiveWriter.checksum(previous, frame, 0, 5), head.array(), 0, head.capacity());
        archive.put(frame).put(head.array()).putInt(previous);
        InputStream in = new ByteArrayInputStream(archive.array(), 0, archive.position());
        ArchiveReader reader = new ArchiveReader(in, BOUND);
        com.sun.management.ThreadMXBean threads =
                (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        assertThrows(MalformedArchiveException.class, reader::next);
        assertTrue(threads.getCurrentThreadAllocatedBytes() - before < 1 << 20, "it believed what it was told");
    }

    @Test
    void aDocumentBeyondTheBoundIsRefusedByName() throws IOException {
        byte[] archive = archive(List.of(
                new DocumentImage("large", 1, 2, new StoredSnapshot(3, new byte[100], new byte[0], List.of()))));
        MalformedArchiveException refused = assertThrows(
                MalformedArchiveException.class, () -> new ArchiveReader(new ByteArrayInputStream(archive), 99).next());
        assertTrue(String.valueOf(refused.getMessage()).contains("'large'"), refused.getMessage());
    }

    @Test
    void somethingElseIsNotAnArchive() {
        for (String text : List.of("SQLite format 3\0 and more of it", "{}", "")) {
            assertThrows(
                    MalformedArchiveException.class,
                    () -> read(text.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        }
    }
}
