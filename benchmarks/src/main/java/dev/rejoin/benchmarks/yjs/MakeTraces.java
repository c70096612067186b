package dev.rejoin.benchmarks.yjs;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Makes our own traces, the same on every run: {@code java -cp benchmarks.jar dev.rejoin.benchmarks.yjs.MakeTraces DIRECTORY}.
 *
 * <p>They hold what the published traces lack: formatting, characters beyond the basic plane, and a document of very many small texts.
 */
public final class MakeTraces {
    private MakeTraces() {}

    /** Writes the traces into a directory. */
    public static void main(String[] args) throws IOException {
        if (args.length != 1) {
            throw new IllegalArgumentException("one directory, not " + args.length);
        }
        Path directory = Path.of(args[0]);
        new RichTraceMaker(1).make(30_000).write(directory.resolve("rich-text.json.gz"));
        new TreeTraceMaker(2).make(5_000, 20_000).write(directory.resolve("prosemirror-tree.json.gz"));
    }
}
