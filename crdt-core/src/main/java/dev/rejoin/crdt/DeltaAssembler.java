package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.ReplicaId;
import java.util.Arrays;

/**
 * A delta under construction, filled in the order of its layout: sections ascending, runs and dots descending.
 * Neighbouring runs that are alike become one, sections without runs none. Used once.
 */
final class DeltaAssembler {

    private ReplicaId[] replicas = new ReplicaId[2];
    private int[] runEnds = new int[2];
    private int sections;
    private long[] runs = new long[4];
    private int runLongs;
    private Cell[] cells = new Cell[2];
    private int cellCount;

    private int sectionStart() {
        return sections < 2 ? 0 : 2 * runEnds[sections - 2];
    }

    /** Opens the section of {@code replica}, which is above all before. */
    void section(ReplicaId replica) {
        if (sections > 0 && runLongs == sectionStart()) {
            sections--;
        }
        if (sections == replicas.length) {
            replicas = Arrays.copyOf(replicas, 2 * sections);
            runEnds = Arrays.copyOf(runEnds, 2 * sections);
        }
        replicas[sections] = replica;
        runEnds[sections++] = runLongs >> 1;
    }

    /** Claims the dots {@code low} … {@code high}, which are below all before; a live run is followed by its cells. */
    void run(long high, long low, boolean live) {
        int bit = live ? 1 : 0;
        if (runLongs > sectionStart() && runs[runLongs - 1] == high + 1 && (runs[runLongs - 2] & 1) == bit) {
            runs[runLongs - 1] = low;
            return;
        }
        if (runLongs + 2 > runs.length) {
            runs = Arrays.copyOf(runs, 2 * runs.length);
        }
        runs[runLongs] = high << 1 | bit;
        runs[runLongs + 1] = low;
        runLongs += 2;
        runEnds[sections - 1] = runLongs >> 1;
    }

    /** Adds the cell of the next live dot. */
    void cell(Cell cell) {
        if (cellCount == cells.length) {
            cells = Arrays.copyOf(cells, 2 * cellCount);
        }
        cells[cellCount++] = cell;
    }

    /** Adds the cells of the next {@code count} live dots. */
    void cells(Cell[] source, int from, int count) {
        if (cellCount + count > cells.length) {
            cells = Arrays.copyOf(cells, Math.max(cellCount + count, cells.length + (cells.length >> 1)));
        }
        System.arraycopy(source, from, cells, cellCount, count);
        cellCount += count;
    }

    int cellCount() {
        return cellCount;
    }

    Delta build() {
        if (sections > 0 && runLongs == sectionStart()) {
            sections--;
        }
        if (sections == 0) {
            return Delta.EMPTY;
        }
        return new Delta(
                replicas.length == sections ? replicas : Arrays.copyOf(replicas, sections),
                runEnds.length == sections ? runEnds : Arrays.copyOf(runEnds, sections),
                runs.length == runLongs ? runs : Arrays.copyOf(runs, runLongs),
                cells.length == cellCount ? cells : Arrays.copyOf(cells, cellCount));
    }
}
