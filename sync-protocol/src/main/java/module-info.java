/** The sync protocol: bytes on the wire and the session state machine. */
module dev.rejoin.protocol {
    requires transitive dev.rejoin.crdt;
    requires com.google.protobuf;
    requires static org.jspecify;

    exports dev.rejoin.sync.wire;
    exports dev.rejoin.sync.dialect;
    exports dev.rejoin.sync.session;
    exports dev.rejoin.sync.awareness;
}
