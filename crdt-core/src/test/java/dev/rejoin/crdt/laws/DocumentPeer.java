package dev.rejoin.crdt.laws;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.ReplicatedObject;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.document.Document;
import java.util.List;

/** A whole document as a peer. */
record DocumentPeer(Document document) implements Peer {

    static DocumentPeer create(ReplicaId replica, TimeSource time) {
        return new DocumentPeer(
                Document.builder().replica(replica).timeSource(time).build());
    }

    static ReplicatedObject at(Document document, Address address) {
        List<String> path = address.path();
        String name = path.get(0);
        if (path.size() > 1) {
            return EnginePeer.below(document.map(name), address, 1);
        }
        return switch (address.kind()) {
            case GCOUNTER -> document.gcounter(name);
            case COUNTER -> document.counter(name);
            case REGISTER -> document.register(name, ValueCodec.VALUE);
            case MVREGISTER -> document.mvRegister(name, ValueCodec.VALUE);
            case SET -> document.set(name, ValueCodec.VALUE);
            case RWSET -> document.removeWinsSet(name, ValueCodec.VALUE);
            case FLAG -> document.flag(name);
            case DWFLAG -> document.disableWinsFlag(name);
            case MAP -> document.map(name);
        };
    }

    static Delta transact(Document document, List<Op> ops) {
        return document.transact(() -> ops.forEach(op -> EnginePeer.perform(at(document, op.object()), op)))
                .delta();
    }

    @Override
    public byte[] commit(List<Op> ops) {
        Delta delta = transact(document, ops);
        return delta.isEmpty() ? null : delta.encode();
    }

    @Override
    public void merge(byte[] delta) {
        document.merge(Delta.decode(delta));
    }

    @Override
    public byte[] state() {
        return document.state().encode();
    }

    @Override
    public byte[] version() {
        return document.version().encode();
    }

    @Override
    public byte[] deltaSince(byte[] version) {
        return document.deltaSince(Version.decode(version)).encode();
    }

    @Override
    public Object read(Address address) {
        return EnginePeer.read(at(document, address));
    }
}
