package dev.rejoin.crdt;

/**
 * A hash that nobody without its key can steer into collisions: SipHash-1-3.
 *
 * @see <a href="https://www.aumasson.jp/siphash/siphash.pdf">Aumasson, Bernstein: SipHash, a fast short-input PRF</a>
 */
final class SipHash {
    private SipHash() {}

    static long hash(long key0, long key1, byte[] bytes) {
        long v0 = key0 ^ 0x736f6d6570736575L;
        long v1 = key1 ^ 0x646f72616e646f6dL;
        long v2 = key0 ^ 0x6c7967656e657261L;
        long v3 = key1 ^ 0x7465646279746573L;
        int words = bytes.length >>> 3;
        // one round per word and three at the end; the last word holds what is left of the bytes, and their number
        for (int i = 0; i < words + 4; i++) {
            long word = 0;
            if (i <= words) {
                int from = i << 3;
                int to = Math.min(bytes.length, from + 8);
                for (int j = from; j < to; j++) {
                    word |= (bytes[j] & 0xFFL) << ((j - from) << 3);
                }
                if (i == words) {
                    word |= (long) bytes.length << 56;
                }
            } else if (i == words + 1) {
                v2 ^= 0xff;
            }
            v3 ^= word;
            v0 += v1;
            v2 += v3;
            v1 = Long.rotateLeft(v1, 13) ^ v0;
            v3 = Long.rotateLeft(v3, 16) ^ v2;
            v0 = Long.rotateLeft(v0, 32);
            v2 += v1;
            v0 += v3;
            v1 = Long.rotateLeft(v1, 17) ^ v2;
            v3 = Long.rotateLeft(v3, 21) ^ v0;
            v2 = Long.rotateLeft(v2, 32);
            v0 ^= word;
        }
        return v0 ^ v1 ^ v2 ^ v3;
    }
}
