package dev.rejoin.benchmarks;

import dev.rejoin.benchmarks.yjs.ReplayLine;
import dev.rejoin.benchmarks.yjs.TraceReader;
import java.io.IOException;

/**
 * Replays editing traces with the document engine and prints one JSON line per file.
 *
 * <p>{@code java -cp benchmarks.jar dev.rejoin.benchmarks.Replay FILE…} where a file is a trace ({@code .json}, {@code .json.gz}) or a whole Yjs
 * document in update encoding 2 (any other name). Figures are milliseconds, medians of at least ten warm runs; {@code _cold} and {@code _best} stand
 * beside them; what does not apply to a file is null. docs/reference/text-benchmarks.md explains the fields.
 */
public final class Replay {
    private Replay() {}

    /** Prints one line per file. */
    @SuppressWarnings("SystemOut")
    public static void main(String[] files) throws IOException {
        if (files.length == 0) {
            System.err.println("usage: java -cp benchmarks.jar dev.rejoin.benchmarks.Replay FILE…");
            System.exit(2);
        }
        for (String file : files) {
            System.out.println(ReplayLine.of(TraceReader.find(file)));
        }
    }
}
