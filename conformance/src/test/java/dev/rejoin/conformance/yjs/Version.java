package dev.rejoin.conformance.yjs;

/** The two encodings of updates. */
enum Version {
    V1,
    V2;

    Version other() {
        return this == V1 ? V2 : V1;
    }
}
