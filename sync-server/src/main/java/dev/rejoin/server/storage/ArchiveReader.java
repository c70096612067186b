package dev.rejoin.server.storage;

import java.io.IOException;
import java.io.InputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Reads an archive document by document. Nothing that it says is believed before it is checked: what a document claims to be long is
 * compared with a bound and not allocated before the bytes are there. A document that was returned is as it was written; that
 * the archive is whole is known when {@link #next} has returned empty.
 */
public final class ArchiveReader {
    private static final int MAX_NAME_BYTES = 1 << 10;

    private final DigestInputStream in;
    private final long maxDocumentBytes;
    private final long createdMillis;
    private int previous;
    private long documents;
    private long read;
    private boolean ended;

    /**
     * Reads the beginning.
     *
     * @param in stays the caller's
     * @param maxDocumentBytes a document that says to be larger is refused
     * @throws MalformedArchiveException if this is no archive, or one of a later format
     */
    public ArchiveReader(InputStream in, long maxDocumentBytes) throws IOException {
        this.in = new DigestInputStream(in, ArchiveWriter.sha256());
        this.maxDocumentBytes = maxDocumentBytes;
        ByteBuffer header = ByteBuffer.wrap(exactly(ArchiveWriter.HEADER_BYTES));
        if (header.getInt() != ArchiveWriter.MAGIC) {
            throw new MalformedArchiveException("this is not an archive of a store");
        }
        int format = header.get();
        if (format != ArchiveWriter.FORMAT) {
            throw new MalformedArchiveException(
                    "the archive has format " + format + "; this version reads " + ArchiveWriter.FORMAT);
        }
        this.createdMillis = header.getLong();
        this.previous = ArchiveWriter.checksum(0, header.array(), 0, ArchiveWriter.HEADER_BYTES - 4);
        if (header.getInt() != previous) {
            throw damaged("the checksum of its beginning does not match");
        }
    }

    /** When it was made, in milliseconds since 1970. */
    public long createdMillis() {
        return createdMillis;
    }

    /**
     * The next document; empty when the archive is whole and at its end.
     *
     * @throws MalformedArchiveException if it is damaged, or ends early
     */
    public Optional<DocumentImage> next() throws IOException {
        if (ended) {
            return Optional.empty();
        }
        byte[] digest = copyOf(in.getMessageDigest()).digest();
        Frame frame = frame();
        if (frame.kind() == ArchiveWriter.END) {
            end(ByteBuffer.wrap(frame.payload()), digest);
            ended = true;
            return Optional.empty();
        }
        if (frame.kind() != ArchiveWriter.DOCUMENT) {
            throw damaged("a frame of kind " + frame.kind() + " where a document should begin");
        }
        documents++;
        return Optional.of(document(ByteBuffer.wrap(frame.payload())));
    }

    private static MessageDigest copyOf(MessageDigest digest) {
        try {
            return (MessageDigest) digest.clone();
        } catch (CloneNotSupportedException e) {
            throw new AssertionError("SHA-256 of the platform can be copied", e);
        }
    }

    private void end(ByteBuffer in, byte[] digest) throws MalformedArchiveException {
        byte[] said = new byte[ArchiveWriter.SHA_256_BYTES];
        if (in.remaining() != 8 + said.length) {
            throw damaged("its end has " + in.remaining() + " bytes");
        }
        long count = in.getLong();
        in.get(said);
        if (count != documents || !Arrays.equals(said, digest)) {
            throw damaged("its end speaks of " + count + " documents and of other bytes");
        }
    }

    private DocumentImage document(ByteBuffer head) throws IOException {
        try {
            int nameBytes = head.getInt();
            if (nameBytes < 1 || nameBytes > MAX_NAME_BYTES) {
                throw damaged("a name of " + nameBytes + " bytes");
            }
            String name = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(head.slice(head.position(), nameBytes))
                    .toString();
            head.position(head.position() + nameBytes);
            long epoch = head.getLong();
            long created = head.getLong();
            long sequence = head.getLong();
            long state = head.getLong();
            long content = head.getLong();
            long former = head.getLong();
            long leases = head.getLong();
            if (head.hasRemaining() || epoch == 0 || sequence < 0) {
                throw damaged("the head of document '" + name + "' is none");
            }
            requireBound(name, state);
            requireBound(name, content);
            requireBound(name, former);
            requireBound(name, leases);
            byte[] objects = bytes(state);
            byte[] update = bytes(content);
            byte[] clients = bytes(former);
            List<StoredLease> table = SnapshotCodec.leases(ByteBuffer.wrap(bytes(leases)));
            return new DocumentImage(
                    name, epoch, created, new StoredSnapshot(sequence, objects, update, clients, table));
        } catch (BufferUnderflowException
                | IndexOutOfBoundsException
                | CharacterCodingException
                | DamagedValueException e) {
            throw damaged("document " + documents + " is not as it should be: " + e);
        }
    }

    private void requireBound(String name, long bytes) throws MalformedArchiveException {
        if (bytes < 0 || bytes > maxDocumentBytes) {
            throw new MalformedArchiveException("document '" + name + "' says to have " + bytes
                    + " bytes in one part; the bound is " + maxDocumentBytes + " (max-document)");
        }
    }

    private byte[] bytes(long length) throws IOException {
        byte[] all = new byte[0];
        int filled = 0;
        while (filled < length) {
            Frame frame = frame();
            byte[] part = frame.payload();
            if (frame.kind() != ArchiveWriter.BYTES || part.length == 0 || part.length > length - filled) {
                throw damaged("document " + documents + " is cut short");
            }
            if (filled == 0 && part.length == length) {
                return part;
            }
            if (all.length - filled < part.length) {
                all = Arrays.copyOf(all, (int) Math.min(length, Math.max(2L * all.length, filled + part.length)));
            }
            System.arraycopy(part, 0, all, filled, part.length);
            filled += part.length;
        }
        return all;
    }

    private record Frame(int kind, byte[] payload) {}

    private Frame frame() throws IOException {
        byte[] head = exactly(ArchiveWriter.FRAME_HEAD_BYTES);
        int length = ByteBuffer.wrap(head).getInt(1);
        if (length < 0 || length > ArchiveWriter.MAX_FRAME_BYTES) {
            throw damaged("a frame of " + Integer.toUnsignedString(length) + " bytes");
        }
        byte[] payload = exactly(length);
        int expected = ByteBuffer.wrap(exactly(4)).getInt();
        previous = ArchiveWriter.checksum(
                ArchiveWriter.checksum(previous, head, 0, head.length), payload, 0, payload.length);
        if (previous != expected) {
            throw damaged("a checksum does not match");
        }
        return new Frame(head[0], payload);
    }

    private byte[] exactly(int bytes) throws IOException {
        byte[] found = in.readNBytes(bytes);
        read += found.length;
        if (found.length < bytes) {
            throw new MalformedArchiveException("the archive ends early, after " + read + " bytes");
        }
        return found;
    }

    private MalformedArchiveException damaged(String what) {
        return new MalformedArchiveException("the archive is damaged before byte " + read + ": " + what);
    }
}
