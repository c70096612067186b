package dev.rejoin.crdt.clock;

import java.util.Arrays;

/**
 * The binary format of versions: the byte {@code V}, then per replica (strictly ascending) its maximal ranges in
 * descending order. See "Fragments" in docs/reference/binary-format.md: a version is written as a fragment of dead runs.
 *
 * <p>It has its own few lines of varint code because this package lies below the one that reads cells.
 */
final class VersionCodec {

    private static final byte FORMAT = 0x56;

    private VersionCodec() {}

    static byte[] encode(ReplicaId[] replicas, long[][] ranges) {
        byte[] out = new byte[1 + 24 * replicas.length];
        int at = 0;
        out[at++] = FORMAT;
        for (int section = 0; section < replicas.length; section++) {
            long[] r = ranges[section];
            int needed = at + 8 + 9 * r.length;
            if (needed > out.length) {
                out = Arrays.copyOf(out, Math.max(needed, out.length + (out.length >> 1)));
            }
            long bits = replicas[section].bits();
            for (int shift = 56; shift >= 0; shift -= 8) {
                out[at++] = (byte) (bits >>> shift);
            }
            for (int i = r.length - 2; i >= 0; i -= 2) {
                long low = r[i];
                long high = r[i + 1];
                long gap = i == r.length - 2 ? high : r[i + 2] - high - 1;
                at = putVarint(out, at, gap << 3 | (i > 0 ? 4 : 0) | (high > low ? 2 : 0));
                if (high > low) {
                    at = putVarint(out, at, high - low - 1);
                }
            }
        }
        return Arrays.copyOf(out, at);
    }

    private static int putVarint(byte[] out, int at, long value) {
        long rest = value;
        int i = at;
        while ((rest & ~0x7FL) != 0) {
            out[i++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        out[i++] = (byte) rest;
        return i;
    }

    static Version decode(byte[] bytes) {
        return new Reader(bytes).version();
    }

    private static final class Reader {

        private final byte[] in;
        private int at;
        private long[] runs = new long[8];

        Reader(byte[] in) {
            this.in = in;
        }

        private MalformedDeltaException malformed(String what) {
            return new MalformedDeltaException(what, at);
        }

        Version version() {
            if (in.length == 0 || in[0] != FORMAT) {
                throw malformed("a version starts with 56");
            }
            at = 1;
            ReplicaId[] replicas = new ReplicaId[4];
            long[][] ranges = new long[4][];
            int sections = 0;
            while (at < in.length) {
                ReplicaId replica = replica();
                if (sections > 0 && replicas[sections - 1].compareTo(replica) >= 0) {
                    throw malformed("replicas are not strictly ascending");
                }
                if (sections == replicas.length) {
                    replicas = Arrays.copyOf(replicas, 2 * sections);
                    ranges = Arrays.copyOf(ranges, 2 * sections);
                }
                replicas[sections] = replica;
                ranges[sections++] = section();
            }
            return Version.ofSorted(Arrays.copyOf(replicas, sections), Arrays.copyOf(ranges, sections));
        }

        private ReplicaId replica() {
            if (in.length - at < 8) {
                throw malformed("replica id cut off");
            }
            long bits = 0;
            for (int i = 0; i < 8; i++) {
                bits = bits << 8 | in[at++] & 0xFF;
            }
            return new ReplicaId(bits);
        }

        private long[] section() {
            int count = 0;
            long below = 0;
            boolean more;
            do {
                long token = varint();
                if ((token & 1) != 0) {
                    throw malformed("a version has no live run");
                }
                more = (token & 4) != 0;
                long gap = token >>> 3;
                if (count > 0 && gap == 0) {
                    throw malformed("adjacent ranges");
                }
                long high = count == 0 ? gap : below - gap;
                if (gap > Dot.MAX_COUNTER || high < 1) {
                    throw malformed("counter out of range");
                }
                long low = high;
                if ((token & 2) != 0) {
                    long rest = varint();
                    if (rest < 0 || rest > high - 2) {
                        throw malformed("range longer than its highest counter");
                    }
                    low = high - rest - 1;
                }
                if (count + 2 > runs.length) {
                    runs = Arrays.copyOf(runs, 2 * runs.length);
                }
                runs[count++] = high;
                runs[count++] = low;
                below = low - 1;
            } while (more);
            long[] ascending = new long[count];
            for (int i = 0; i < count; i++) {
                ascending[i] = runs[count - 1 - i];
            }
            return ascending;
        }

        private long varint() {
            long value = 0;
            for (int shift = 0; shift < 64; shift += 7) {
                if (at == in.length) {
                    throw malformed("varint cut off");
                }
                byte b = in[at++];
                value |= (long) (b & 0x7F) << shift;
                if (b >= 0) {
                    if (b == 0 && shift > 0 || shift == 63 && b > 1) {
                        throw malformed("varint is not in its shortest form");
                    }
                    return value;
                }
            }
            throw malformed("varint longer than 64 bits");
        }
    }
}
