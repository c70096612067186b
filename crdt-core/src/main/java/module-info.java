/** Conflict-free replicated data types and documents made of them. */
module dev.rejoin.crdt {
    requires static transitive org.jspecify;

    exports dev.rejoin.crdt;
    exports dev.rejoin.crdt.clock;
    exports dev.rejoin.crdt.document;
    exports dev.rejoin.crdt.yjs;
}
