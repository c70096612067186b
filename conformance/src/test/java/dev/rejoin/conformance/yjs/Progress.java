package dev.rejoin.conformance.yjs;

/** How far a run has come, at which rate, and when it may end. */
final class Progress {
    private final String test;
    private final long documents;
    private final long started = System.nanoTime();
    private long before = started;
    private long doneBefore;

    Progress(String test, long documents) {
        this.test = test;
        this.documents = documents;
    }

    /** A line about what is done. The second rate is that since the line before. */
    String line(long done, boolean well) {
        long now = System.nanoTime();
        double rate = done / ((now - started) / 1e9);
        double lately = (done - doneBefore) / ((now - before) / 1e9);
        before = now;
        doneBefore = done;
        String left = done == 0 || done >= documents
                ? ""
                : String.format(", some %,.0f min to go", (documents - done) / rate / 60);
        return String.format(
                "%s: %,d of %,d documents, %s, %,.0f/s, lately %,.0f/s%s",
                test, done, documents, well ? "0 differences" : "and one that went wrong", rate, lately, left);
    }
}
