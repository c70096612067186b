package dev.rejoin.benchmarks.server;

/**
 * How much is done.
 *
 * @param rounds of each measurement, interleaved between the servers
 * @param seconds of typing or presence in a round
 * @param warmUps rounds before those
 * @param warmUpSeconds of each
 * @param observers of the one who types
 * @param rooms with five typists each
 * @param crowd clients that are present, in two sizes
 * @param joins of a large document at once
 * @param largeBytes of that document
 * @param idle connections that do nothing
 * @param documents in the log of a server that starts
 * @param cold documents that are open and not written to
 * @param coldBytes of each
 */
record Level(
        int rounds,
        double seconds,
        int warmUps,
        double warmUpSeconds,
        int observers,
        int rooms,
        int[] crowd,
        int joins,
        int largeBytes,
        int idle,
        int documents,
        int cold,
        int coldBytes) {

    /** What the bounds are stated for. */
    static final Level FULL =
            new Level(3, 4, 18, 4, 300, 60, new int[] {150, 500}, 60, 2_200_000, 2_000, 10_000, 400, 128 << 10);

    /** Shows that everything runs and nothing is lost; its figures mean nothing. */
    static final Level QUICK = new Level(1, 0.5, 1, 0.2, 10, 3, new int[] {10}, 4, 200_000, 20, 30, 5, 64 << 10);
}
