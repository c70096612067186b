package dev.rejoin.benchmarks.yjs;

/** An editing history, or a whole document, read from a file and made ready to replay. */
public sealed interface Trace permits Script, SharedTrace, WholeDocument {
    /** The file's name without its ending. */
    String name();
}
