package dev.rejoin.server.storage;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.zip.CRC32C;

/**
 * Writes documents as an archive, the form in which they leave a store: {@code docs/reference/archive-format.md}. Holds no more than
 * the document that is being written.
 */
public final class ArchiveWriter {
    static final int MAGIC = 0x524a4e41; // "RJNA"
    static final int FORMAT = 1;
    static final int DOCUMENT = 1;
    static final int BYTES = 2;
    static final int END = 3;
    static final int HEADER_BYTES = 4 + 1 + 8 + 4;
    static final int FRAME_HEAD_BYTES = 1 + 4;
    static final int MAX_FRAME_BYTES = 1 << 20;
    static final int SHA_256_BYTES = 32;

    private final DigestOutputStream out;
    private int previous;
    private long documents;

    /**
     * Begins an archive.
     *
     * @param out stays the caller's
     * @param createdMillis when it is made, in milliseconds since 1970
     */
    public ArchiveWriter(OutputStream out, long createdMillis) throws IOException {
        this.out = new DigestOutputStream(out, sha256());
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        header.putInt(MAGIC).put((byte) FORMAT).putLong(createdMillis);
        previous = checksum(0, header.array(), 0, HEADER_BYTES - 4);
        this.out.write(header.putInt(previous).array());
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    /** CRC-32C of what the one before was, and these bytes: so frames that change places are noticed. */
    static int checksum(int before, byte[] bytes, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(4).putInt(before).array());
        crc.update(bytes, offset, length);
        return (int) crc.getValue();
    }

    /** Adds one document. */
    public void add(DocumentImage document) throws IOException {
        StoredSnapshot snapshot = document.snapshot();
        byte[] leases = SnapshotCodec.leases(snapshot.leases());
        byte[] name = document.name().getBytes(StandardCharsets.UTF_8);
        frame(
                DOCUMENT,
                ByteBuffer.allocate(4 + name.length + 7 * 8)
                        .putInt(name.length)
                        .put(name)
                        .putLong(document.epoch())
                        .putLong(document.createdMillis())
                        .putLong(snapshot.sequence())
                        .putLong(snapshot.state().length)
                        .putLong(snapshot.content().length)
                        .putLong(snapshot.former().length)
                        .putLong(leases.length)
                        .array());
        bytes(snapshot.state());
        bytes(snapshot.content());
        bytes(snapshot.former());
        bytes(leases);
        documents++;
    }

    private void bytes(byte[] all) throws IOException {
        for (int from = 0; from < all.length; from += MAX_FRAME_BYTES) {
            frame(BYTES, all, from, Math.min(MAX_FRAME_BYTES, all.length - from));
        }
    }

    private void frame(int kind, byte[] payload) throws IOException {
        frame(kind, payload, 0, payload.length);
    }

    private void frame(int kind, byte[] payload, int offset, int length) throws IOException {
        byte[] head = ByteBuffer.allocate(FRAME_HEAD_BYTES)
                .put((byte) kind)
                .putInt(length)
                .array();
        previous = checksum(checksum(previous, head, 0, head.length), payload, offset, length);
        out.write(head);
        out.write(payload, offset, length);
        out.write(ByteBuffer.allocate(4).putInt(previous).array());
    }

    /** Writes the end, without which an archive is not whole, and flushes. */
    public void finish() throws IOException {
        byte[] digest = out.getMessageDigest().digest();
        frame(
                END,
                ByteBuffer.allocate(8 + SHA_256_BYTES)
                        .putLong(documents)
                        .put(digest)
                        .array());
        out.flush();
    }

    /** Documents written so far. */
    public long documents() {
        return documents;
    }
}
