package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.DotRanges;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** How digests are taken of a store's pages, and what is sent to somebody whose digest differs. */
final class Digests {
    private Digests() {}

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("every Java platform has SHA-256", missing);
        }
    }

    /** Takes the digest; pages that have not changed since the last one are not read again. */
    static PageDigest of(ReplicaCells[] replicas, int count, ObjectKey[] keys, Version version, long hashMask) {
        MessageDigest root = sha256();
        root.update(version.encode());
        PageDigest.Assembler pages = new PageDigest.Assembler();
        for (ReplicaCells cells : CellReader.sorted(replicas, count)) {
            if (cells.pageCount() == 0) {
                continue;
            }
            pages.section(cells.id);
            for (int i = 0; i < cells.pageCount(); i++) {
                byte[] hash = pageHash(cells, i, keys);
                root.update(hash);
                pages.page(cells.pageNumber(i), ByteBuffer.wrap(hash).getLong() & hashMask);
            }
        }
        return pages.build(Arrays.copyOf(root.digest(), PageDigest.ROOT_BYTES));
    }

    private static byte[] pageHash(ReplicaCells cells, int index, ObjectKey[] keys) {
        CellPage page = cells.page(index);
        byte[] known = page.hash;
        if (known == null) {
            DeltaAssembler live = new DeltaAssembler();
            live.section(cells.id);
            long base = cells.pageNumber(index) << CellPage.SHIFT;
            for (int slot = page.floor(CellPage.SIZE - 1); slot >= 0; slot = page.floor(slot - 1)) {
                live.run(base + slot, base + slot, true);
                live.cell(new Cell(keys[page.object(slot)], page.payload(slot)));
            }
            known = Arrays.copyOf(sha256().digest(live.build().encode()), PageDigest.ROOT_BYTES);
            page.hash = known;
        }
        return known;
    }

    /**
     * The dots of which somebody with this digest and version may lack something: those he does not know, and all in differing
     * pages. In pages that are equal the same dots are live on both sides, so of those he knows he lacks nothing.
     */
    static Map<ReplicaId, DotRanges> suspects(
            ReplicaCells[] replicas, int count, PageDigest own, PageDigest theirs, Version known) {
        Map<ReplicaId, DotRanges> suspects = new HashMap<>();
        for (int r = 0; r < count; r++) {
            ReplicaCells cells = replicas[r];
            DotRanges found = new DotRanges();
            addUnknown(found, cells.context, known.ranges(cells.id));
            addDiffering(found, cells, own, theirs);
            if (!found.isEmpty()) {
                suspects.put(cells.id, found);
            }
        }
        return suspects;
    }

    private static void addUnknown(DotRanges found, DotRanges context, DotRanges known) {
        int k = 0;
        for (int i = 0; i < context.rangeCount(); i++) {
            long low = context.rangeLow(i);
            long high = context.rangeHigh(i);
            while (k < known.rangeCount() && known.rangeHigh(k) < low) {
                k++;
            }
            for (int j = k; j < known.rangeCount() && known.rangeLow(j) <= high && low <= high; j++) {
                if (known.rangeLow(j) > low) {
                    found.addRange(low, known.rangeLow(j) - 1);
                }
                low = known.rangeHigh(j) + 1;
            }
            if (low <= high) {
                found.addRange(low, high);
            }
        }
    }

    private static void addDiffering(DotRanges found, ReplicaCells cells, PageDigest own, PageDigest theirs) {
        int mine = own.section(cells.id);
        int other = theirs.section(cells.id);
        int i = mine < 0 ? 0 : own.start(mine);
        int end = mine < 0 ? 0 : own.ends[mine];
        int j = other < 0 ? 0 : theirs.start(other);
        int otherEnd = other < 0 ? 0 : theirs.ends[other];
        while (i < end || j < otherEnd) {
            long number;
            if (i < end && j < otherEnd && own.numbers[i] == theirs.numbers[j]) {
                number = own.hashes[i] == theirs.hashes[j] ? -1 : own.numbers[i];
                i++;
                j++;
            } else if (j == otherEnd || i < end && own.numbers[i] < theirs.numbers[j]) {
                number = own.numbers[i++];
            } else {
                number = theirs.numbers[j++];
            }
            if (number >= 0) {
                addPage(found, cells.context, number);
            }
        }
    }

    private static void addPage(DotRanges found, DotRanges context, long number) {
        long first = Math.max(1, number << CellPage.SHIFT);
        long last = (number << CellPage.SHIFT) + CellPage.SIZE - 1;
        for (int i = 0; i < context.rangeCount() && context.rangeLow(i) <= last; i++) {
            if (context.rangeHigh(i) >= first) {
                found.addRange(Math.max(first, context.rangeLow(i)), Math.min(last, context.rangeHigh(i)));
            }
        }
    }
}
