package dev.rejoin.crdt.laws;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.DotRange;
import dev.rejoin.crdt.PendingTransaction;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.document.Document;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/** Documents as judged clients and as their judge. */
final class EngineAdmission implements Admission.Makers {
    @Override
    public JudgedClient client(long replica, LongSupplier millis) {
        return new Client(replica, millis);
    }

    @Override
    public Judge judge(long replica, LongSupplier millis) {
        return new Server(Document.builder()
                .replica(ReplicaId.of(replica))
                .timeSource(millis::getAsLong)
                .build());
    }

    private static final class Client implements JudgedClient {
        private final long replica;
        private final LongSupplier millis;
        private Document document;

        Client(long replica, LongSupplier millis) {
            this.replica = replica;
            this.millis = millis;
            document = open();
        }

        private Document open() {
            return Document.builder()
                    .replica(ReplicaId.of(replica))
                    .timeSource(millis::getAsLong)
                    .judged(true)
                    .build();
        }

        @Override
        public Offer write(List<Op> ops) {
            Delta delta = DocumentPeer.transact(document, ops);
            if (delta.isEmpty()) {
                return null;
            }
            List<PendingTransaction> pending = document.pending();
            PendingTransaction last = pending.get(pending.size() - 1);
            Laws.same(last.delta().encode(), delta.encode(), "what is offered is what pends");
            return new Offer(last.first(), last.last(), delta.encode());
        }

        @Override
        public void confirm(byte[] remote, long ackedThrough, List<long[]> voided) {
            List<DotRange> ranges = new ArrayList<>();
            voided.forEach(v -> ranges.add(new DotRange(v[0], v[1])));
            document.confirm(Delta.decode(remote), ackedThrough, ranges);
        }

        @Override
        public void reload() {
            Document reopened = open();
            reopened.restore(Delta.decode(document.confirmedState().encode()), document.pending(), document.issued());
            document = reopened;
        }

        @Override
        public long issued() {
            return document.issued();
        }

        @Override
        public byte[] confirmedState() {
            return document.confirmedState().encode();
        }

        @Override
        public byte[] confirmedVersion() {
            return document.confirmedVersion().encode();
        }

        @Override
        public Object read(Address object) {
            return EnginePeer.read(DocumentPeer.at(document, object));
        }
    }

    private record Server(Document document) implements Judge {
        @Override
        public void merge(byte[] delta) {
            document.merge(Delta.decode(delta));
        }

        @Override
        public void voided(long replica, long first, long last) {
            document.merge(Delta.voided(ReplicaId.of(replica), first, last));
        }

        @Override
        public void write(List<Op> ops) {
            DocumentPeer.transact(document, ops);
        }

        @Override
        public void fold(Map<Long, Long> watermarks) {
            Map<ReplicaId, Long> known = new HashMap<>();
            watermarks.forEach((owner, through) -> known.put(ReplicaId.of(owner), through));
            document.fold(known, 1);
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
        public Object read(Address object) {
            return EnginePeer.read(DocumentPeer.at(document, object));
        }
    }
}
