package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.crdt.clock.ReplicaId;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * What two replicas compare to find where their states differ: a hash of 64 bits for each page of 256 consecutive dots that has live
 * cells, and a root of 128 bits over all cells and the context. Two states are equal if and only if their digests are, as far
 * as SHA-256 does not collide; the root does not depend on the 64-bit hashes, so that a collision of those is noticed.
 *
 * <p>Immutable. 8 bytes a page in memory, and as many plus a few on the wire.
 */
public final class PageDigest {
    static final int ROOT_BYTES = 16;
    private static final int MAGIC = 'D';

    /** Strictly ascending. */
    final ReplicaId[] replicas;

    /** For each replica the number of pages up to its last. */
    final int[] ends;

    /** Ascending within a replica. */
    final long[] numbers;

    final long[] hashes;
    private final byte[] root;

    PageDigest(ReplicaId[] replicas, int[] ends, long[] numbers, long[] hashes, byte[] root) {
        this.replicas = replicas;
        this.ends = ends;
        this.numbers = numbers;
        this.hashes = hashes;
        this.root = root;
    }

    /** Returns the number of pages with live cells. */
    public int pageCount() {
        return numbers.length;
    }

    /** Returns how many pages exist on one side only or have different hashes. O(pages of both) */
    public int differingPages(PageDigest other) {
        int differing = 0;
        int mine = 0;
        int theirs = 0;
        while (mine < replicas.length || theirs < other.replicas.length) {
            int order = mine == replicas.length
                    ? 1
                    : theirs == other.replicas.length ? -1 : replicas[mine].compareTo(other.replicas[theirs]);
            if (order < 0) {
                differing += ends[mine] - start(mine);
                mine++;
            } else if (order > 0) {
                differing += other.ends[theirs] - other.start(theirs);
                theirs++;
            } else {
                differing += differing(mine, other, theirs);
                mine++;
                theirs++;
            }
        }
        return differing;
    }

    private int differing(int section, PageDigest other, int otherSection) {
        int differing = 0;
        int i = start(section);
        int j = other.start(otherSection);
        int end = ends[section];
        int otherEnd = other.ends[otherSection];
        while (i < end && j < otherEnd) {
            if (numbers[i] == other.numbers[j]) {
                differing += hashes[i++] == other.hashes[j++] ? 0 : 1;
            } else if (numbers[i] < other.numbers[j]) {
                differing++;
                i++;
            } else {
                differing++;
                j++;
            }
        }
        return differing + (end - i) + (otherEnd - j);
    }

    int start(int section) {
        return section == 0 ? 0 : ends[section - 1];
    }

    /** Returns the section of a replica, or a negative number. */
    int section(ReplicaId replica) {
        return Arrays.binarySearch(replicas, replica);
    }

    /** Returns the 128 bits of the root in hexadecimal digits. */
    public String root() {
        return HexFormat.of().formatHex(root);
    }

    /** Returns the bytes that {@link #decode} reads. */
    public byte[] encode() {
        ByteSink out = new ByteSink(64 + 10 * numbers.length);
        out.u8(MAGIC);
        out.raw(root);
        for (int section = 0; section < replicas.length; section++) {
            out.fixed64(replicas[section].bits());
            out.varint(ends[section] - start(section));
            long next = 0;
            for (int i = start(section); i < ends[section]; i++) {
                out.varint(numbers[i] - next);
                out.fixed64(hashes[i]);
                next = numbers[i] + 1;
            }
        }
        return out.toByteArray();
    }

    /**
     * Reads what {@link #encode} wrote.
     *
     * @throws MalformedDeltaException if the bytes are not the encoding of a digest
     */
    public static PageDigest decode(byte[] bytes) {
        ByteSource in = new ByteSource(bytes);
        if (in.u8() != MAGIC) {
            throw in.malformed("not a digest");
        }
        byte[] root = new byte[ROOT_BYTES];
        for (int i = 0; i < ROOT_BYTES; i++) {
            root[i] = (byte) in.u8();
        }
        Assembler pages = new Assembler();
        while (!in.exhausted()) {
            ReplicaId replica = ReplicaId.of(in.fixed64());
            if (!pages.section(replica)) {
                throw in.malformed("replicas not ascending");
            }
            long count = in.varint();
            if (count < 1 || count > bytes.length) {
                throw in.malformed("impossible number of pages");
            }
            long next = 0;
            for (long i = 0; i < count; i++) {
                long skipped = in.varint();
                if (skipped < 0 || skipped > (1L << 36) - 1 - next) {
                    throw in.malformed("page number out of range");
                }
                pages.page(next + skipped, in.fixed64());
                next += skipped + 1;
            }
        }
        return pages.build(root);
    }

    /** A digest under construction: replicas ascending, pages ascending. */
    static final class Assembler {
        private ReplicaId[] replicas = new ReplicaId[2];
        private int[] ends = new int[2];
        private int sections;
        private long[] numbers = new long[4];
        private long[] hashes = new long[4];
        private int pages;

        /** Returns false if the replica is not above all before. */
        boolean section(ReplicaId replica) {
            if (sections > 0 && replicas[sections - 1].compareTo(replica) >= 0) {
                return false;
            }
            if (sections == replicas.length) {
                replicas = Arrays.copyOf(replicas, 2 * sections);
                ends = Arrays.copyOf(ends, 2 * sections);
            }
            replicas[sections] = replica;
            ends[sections++] = pages;
            return true;
        }

        void page(long number, long hash) {
            if (pages == numbers.length) {
                numbers = Arrays.copyOf(numbers, 2 * pages);
                hashes = Arrays.copyOf(hashes, 2 * pages);
            }
            numbers[pages] = number;
            hashes[pages++] = hash;
            ends[sections - 1] = pages;
        }

        PageDigest build(byte[] root) {
            return new PageDigest(
                    Arrays.copyOf(replicas, sections),
                    Arrays.copyOf(ends, sections),
                    Arrays.copyOf(numbers, pages),
                    Arrays.copyOf(hashes, pages),
                    root);
        }
    }

    /** Returns whether {@code other} is the digest of an equal state. */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || other instanceof PageDigest that && Arrays.equals(root, that.root);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(root);
    }

    @Override
    public String toString() {
        return "PageDigest[" + numbers.length + " pages, " + root() + "]";
    }
}
