package dev.rejoin.server.storage;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * The wrapping of every stored value: length (4 bytes), CRC-32C (4 bytes), payload. The checksum covers where the value
 * belongs besides what it says, so a good value in the wrong place is noticed like a damaged one; embedded stores return
 * flipped bits and misplaced rows without a word.
 */
final class Envelope {
    static final int OVERHEAD_BYTES = 8;

    private static final byte PROPERTY = 1;
    private static final byte HEAD = 2;
    private static final byte ENTRY = 3;
    private static final byte CHUNK = 4;

    private final ByteBuffer place;

    private Envelope(ByteBuffer place) {
        this.place = place;
    }

    static Envelope property(String name) {
        byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
        return new Envelope(ByteBuffer.allocate(1 + utf8.length).put(PROPERTY).put(utf8));
    }

    static Envelope head(long document, String name) {
        byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
        return new Envelope(
                ByteBuffer.allocate(9 + utf8.length).put(HEAD).putLong(document).put(utf8));
    }

    static Envelope entry(long document, long seal, long sequence, long incarnation) {
        return new Envelope(ByteBuffer.allocate(33)
                .put(ENTRY)
                .putLong(document)
                .putLong(seal)
                .putLong(sequence)
                .putLong(incarnation));
    }

    static Envelope chunk(long document, long seal, long sequence, int chunk, int chunks) {
        return new Envelope(ByteBuffer.allocate(33)
                .put(CHUNK)
                .putLong(document)
                .putLong(seal)
                .putLong(sequence)
                .putInt(chunk)
                .putInt(chunks));
    }

    byte[] seal(byte[] payload, int offset, int length) {
        return ByteBuffer.allocate(OVERHEAD_BYTES + length)
                .putInt(length)
                .putInt(checksum(payload, offset, length))
                .put(payload, offset, length)
                .array();
    }

    byte[] seal(byte[] payload) {
        return seal(payload, 0, payload.length);
    }

    /**
     * @return the payload, ready to be read
     * @throws DamagedValueException if it is not what {@link #seal} returned for this place
     */
    ByteBuffer open(byte[] value) {
        if (value.length < OVERHEAD_BYTES) {
            throw new DamagedValueException("value of " + value.length + " bytes, shorter than its envelope");
        }
        ByteBuffer in = ByteBuffer.wrap(value);
        int length = in.getInt();
        int expected = in.getInt();
        if (length != in.remaining()) {
            throw new DamagedValueException(
                    "value says " + Integer.toUnsignedString(length) + " bytes and has " + in.remaining());
        }
        if (checksum(value, OVERHEAD_BYTES, length) != expected) {
            throw new DamagedValueException("checksum of " + length + " bytes does not match");
        }
        return in.slice();
    }

    private int checksum(byte[] payload, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(place.array());
        crc.update(payload, offset, length);
        return (int) crc.getValue();
    }
}
