package dev.rejoin.consistency.session;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * The bytes of session tokens.
 *
 * <pre>
 * token    = 0x1n, document       n = 1 … 15 origins of the only document
 *          | 0x10, varint count, count × (varint origins, document)
 * document = key (4 bytes), epoch (8 bytes), origin*
 * origin   = 6 bytes, varint (number &lt;&lt; 1 | two), [varint (difference &lt;&lt; 1 | writes are the lower)]
 * </pre>
 *
 * <p>Big endian; varints are LEB128 in their shortest form. The number is the larger of what was read and what was written, and the
 * second varint, present if {@code two}, says by how much the other is lower. Documents ascend by key and epoch, origins by number: there
 * is one encoding of a token, and nothing else decodes. A sealed token starts with {@code 0x2n} instead, see {@link TokenSeal}.
 */
final class TokenCodec {
    static final int PLAIN = 0x10;
    static final int SEALED = 0x20;
    private static final int MAX_PLAIN_BYTES = SessionToken.MAX_BYTES - TokenSeal.SEAL_BYTES;
    private static final int SHORT_ORIGINS = 15;
    private static final int MAX_TEXT = (SessionToken.MAX_BYTES * 4 + 2) / 3;

    private TokenCodec() {}

    static byte[] encode(SessionToken token) {
        List<TokenEntry> entries = token.entries();
        Writer out = new Writer();
        if (entries.size() > SessionToken.MAX_DOCUMENTS) {
            throw tooLarge(entries.size() + " documents");
        }
        int origins = entries.size() == 1 ? originsOf(entries.get(0)) : 0;
        if (origins >= 1 && origins <= SHORT_ORIGINS) {
            out.put(PLAIN | origins);
            out.document(entries.get(0));
        } else {
            out.put(PLAIN);
            out.varint(entries.size());
            for (TokenEntry entry : entries) {
                out.varint(originsOf(entry));
                out.document(entry);
            }
        }
        byte[] bytes = Arrays.copyOf(out.bytes, out.size);
        if (bytes.length > MAX_PLAIN_BYTES) {
            throw tooLarge(bytes.length + " bytes");
        }
        return bytes;
    }

    private static int originsOf(TokenEntry entry) {
        int origins = entry.all().size();
        if (origins > SessionToken.MAX_ORIGINS) {
            throw tooLarge(origins + " origins in one document");
        }
        return origins;
    }

    private static IllegalStateException tooLarge(String what) {
        return new IllegalStateException("session token too large: " + what);
    }

    static SessionToken decode(byte[] bytes) {
        if (bytes.length > MAX_PLAIN_BYTES) {
            throw new MalformedTokenException("longer than " + MAX_PLAIN_BYTES + " bytes");
        }
        Reader in = new Reader(bytes);
        int head = in.next();
        if ((head & 0xF0) == SEALED) {
            throw new MalformedTokenException("sealed, and nobody here has the key");
        }
        if ((head & 0xF0) != PLAIN) {
            throw new MalformedTokenException("format " + (head >>> 4));
        }
        List<TokenEntry> entries = new ArrayList<>();
        if (head > PLAIN) {
            entries.add(in.document(head & 0xF));
        } else {
            int count = in.count(SessionToken.MAX_DOCUMENTS, "documents");
            for (int i = 0; i < count; i++) {
                int origins = in.count(SessionToken.MAX_ORIGINS, "origins");
                if (count == 1 && origins >= 1 && origins <= SHORT_ORIGINS) {
                    throw new MalformedTokenException("not in its shortest form");
                }
                TokenEntry entry = in.document(origins);
                if (i > 0 && entries.get(i - 1).compareTo(entry) >= 0) {
                    throw new MalformedTokenException("documents do not ascend");
                }
                entries.add(entry);
            }
        }
        if (in.at < bytes.length) {
            throw new MalformedTokenException("bytes after the end");
        }
        return SessionToken.ofSorted(entries);
    }

    /** A token without its seal, if it has one, which is not looked at. */
    static byte[] withoutSeal(byte[] bytes) {
        int length = bytes.length - TokenSeal.SEAL_BYTES;
        if (length < 1 || (bytes[0] & 0xF0) != SEALED) {
            return bytes;
        }
        byte[] plain = Arrays.copyOf(bytes, length);
        plain[0] -= (byte) (SEALED - PLAIN);
        return plain;
    }

    static byte[] encode(PositionVector vector) {
        if (vector.size() > SessionToken.MAX_ORIGINS) {
            throw tooLarge(vector.size() + " origins");
        }
        Writer out = new Writer();
        vector.forEach((origin, sequence) -> {
            out.bigEndian(origin, Position.ORIGIN_BYTES);
            out.varint(sequence);
        });
        return Arrays.copyOf(out.bytes, out.size);
    }

    static PositionVector decodeVector(byte[] bytes) {
        Reader in = new Reader(bytes);
        long[] origins = new long[SessionToken.MAX_ORIGINS];
        long[] sequences = new long[SessionToken.MAX_ORIGINS];
        int size = 0;
        while (in.at < bytes.length) {
            if (size == SessionToken.MAX_ORIGINS) {
                throw new MalformedTokenException("more than " + SessionToken.MAX_ORIGINS + " origins");
            }
            origins[size] = in.bigEndian(Position.ORIGIN_BYTES);
            if (size > 0 && origins[size] <= origins[size - 1]) {
                throw new MalformedTokenException("origins do not ascend");
            }
            sequences[size] = in.varint();
            if (sequences[size] < 1 || sequences[size] > Position.MAX_SEQUENCE) {
                throw new MalformedTokenException("number outside 1…2^53−1");
            }
            size++;
        }
        return PositionVector.ofSorted(Arrays.copyOf(origins, size), Arrays.copyOf(sequences, size));
    }

    static String text(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    static byte[] bytes(String text) {
        if (text.length() > MAX_TEXT) {
            throw new MalformedTokenException("longer than " + MAX_TEXT + " characters");
        }
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(text);
        } catch (IllegalArgumentException notBase64) {
            throw new MalformedTokenException("not base64url");
        }
        if (!text(bytes).equals(text)) {
            throw new MalformedTokenException("not the canonical base64url");
        }
        return bytes;
    }

    private static final class Writer {
        private byte[] bytes = new byte[80];
        private int size;

        void put(int value) {
            if (size == bytes.length) {
                bytes = Arrays.copyOf(bytes, 2 * size);
            }
            bytes[size++] = (byte) value;
        }

        void bigEndian(long value, int count) {
            for (int shift = 8 * count - 8; shift >= 0; shift -= 8) {
                put((int) (value >>> shift));
            }
        }

        void varint(long value) {
            long rest = value;
            while (rest > 0x7F) {
                put((int) rest | 0x80);
                rest >>>= 7;
            }
            put((int) rest);
        }

        void document(TokenEntry entry) {
            bigEndian(entry.key(), 4);
            bigEndian(entry.epoch(), 8);
            entry.all().forEach((origin, highest) -> {
                long read = entry.reads().sequence(origin);
                long written = entry.writes().sequence(origin);
                bigEndian(origin, Position.ORIGIN_BYTES);
                varint(highest << 1 | (read == written ? 0 : 1));
                if (read != written) {
                    varint(Math.abs(read - written) << 1 | (written < read ? 1 : 0));
                }
            });
        }
    }

    private static final class Reader {
        private final byte[] bytes;
        private int at;

        Reader(byte[] bytes) {
            this.bytes = bytes;
        }

        int next() {
            if (at == bytes.length) {
                throw new MalformedTokenException("cut off at byte " + at);
            }
            return bytes[at++] & 0xFF;
        }

        long bigEndian(int count) {
            long value = 0;
            for (int i = 0; i < count; i++) {
                value = value << 8 | next();
            }
            return value;
        }

        long varint() {
            long value = 0;
            for (int shift = 0; shift < 56; shift += 7) {
                int b = next();
                value |= (long) (b & 0x7F) << shift;
                if (b < 0x80) {
                    if (b == 0 && shift > 0) {
                        throw new MalformedTokenException("varint not in its shortest form");
                    }
                    return value;
                }
            }
            throw new MalformedTokenException("varint above 56 bits");
        }

        int count(int bound, String what) {
            long count = varint();
            if (count > bound) {
                throw new MalformedTokenException(count + " " + what);
            }
            return (int) count;
        }

        TokenEntry document(int count) {
            int key = (int) bigEndian(4);
            long epoch = bigEndian(8);
            long[] origins = new long[count];
            long[] reads = new long[count];
            long[] writes = new long[count];
            for (int i = 0; i < count; i++) {
                origins[i] = bigEndian(Position.ORIGIN_BYTES);
                if (i > 0 && origins[i] <= origins[i - 1]) {
                    throw new MalformedTokenException("origins do not ascend");
                }
                long number = varint();
                long highest = number >>> 1;
                long other = highest;
                if (highest < 1 || highest > Position.MAX_SEQUENCE) {
                    throw new MalformedTokenException("number outside 1…2^53−1");
                }
                boolean writesAreLower = true;
                if ((number & 1) != 0) {
                    long below = varint();
                    other = highest - (below >>> 1);
                    if (below < 2 || other < 0) {
                        throw new MalformedTokenException("difference outside 1…" + highest);
                    }
                    writesAreLower = (below & 1) != 0;
                }
                reads[i] = writesAreLower ? highest : other;
                writes[i] = writesAreLower ? other : highest;
            }
            return new TokenEntry(key, epoch, vector(origins, reads), vector(origins, writes));
        }

        private static PositionVector vector(long[] origins, long[] sequences) {
            long[] o = new long[origins.length];
            long[] s = new long[origins.length];
            int size = 0;
            for (int i = 0; i < origins.length; i++) {
                if (sequences[i] > 0) {
                    o[size] = origins[i];
                    s[size++] = sequences[i];
                }
            }
            return PositionVector.ofSorted(Arrays.copyOf(o, size), Arrays.copyOf(s, size));
        }
    }
}
