package dev.rejoin.crdt.laws;

import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/** The twin as client and judge; the two refuted designs of a client change one method each. */
class TwinAdmission implements Admission.Makers {
    Twin twin(long replica, LongSupplier millis) {
        return new Twin(replica, true, millis);
    }

    @Override
    public JudgedClient client(long replica, LongSupplier millis) {
        return new Client(twin(replica, millis));
    }

    @Override
    public Judge judge(long replica, LongSupplier millis) {
        return new Server(new Twin(replica, false, millis));
    }

    /** Pending increments as running totals: each cell replaces the one before, so a refused amount lives on in the next. */
    static TwinAdmission cumulativeCounters() {
        return new TwinAdmission() {
            @Override
            Twin twin(long replica, LongSupplier millis) {
                return new Twin(replica, true, millis) {
                    @Override
                    void judgedIncrement(Open open, Address counter, long n) {
                        open.tally(counter, n);
                    }
                };
            }
        };
    }

    /** Removals computed against what is visible: what an earlier pending write hides is not removed again. */
    static TwinAdmission hiddenRemovals() {
        return new TwinAdmission() {
            @Override
            Twin twin(long replica, LongSupplier millis) {
                return new Twin(replica, true, millis) {
                    @Override
                    java.util.SortedMap<At, TwinCell> observable() {
                        return view().cells;
                    }
                };
            }
        };
    }

    private record Client(Twin twin) implements JudgedClient {
        @Override
        public Offer write(List<Op> ops) {
            Fragment delta = twin.commit(ops);
            if (delta == null) {
                return null;
            }
            Twin.Pending p = twin.pending.get(twin.pending.size() - 1);
            return new Offer(p.first(), p.last(), delta.encode());
        }

        @Override
        public void confirm(byte[] remote, long ackedThrough, List<long[]> voided) {
            twin.confirm(Fragment.decode(remote), ackedThrough, voided);
        }

        @Override
        public void reload() {
            // The twin remembers nothing but what a reload would restore.
        }

        @Override
        public long issued() {
            return twin.next - 1;
        }

        @Override
        public byte[] confirmedState() {
            return twin.confirmed.encode();
        }

        @Override
        public byte[] confirmedVersion() {
            return TwinCodec.encodeVersion(twin.confirmed.context);
        }

        @Override
        public Object read(Address object) {
            return twin.read(object);
        }
    }

    private record Server(Twin twin) implements Judge {
        @Override
        public void merge(byte[] delta) {
            twin.merge(Fragment.decode(delta));
        }

        @Override
        public void voided(long replica, long first, long last) {
            twin.merge(Fragment.voided(replica, first, last));
        }

        @Override
        public void write(List<Op> ops) {
            twin.commit(ops);
        }

        @Override
        public void fold(Map<Long, Long> watermarks) {
            twin.fold(watermarks);
        }

        @Override
        public byte[] state() {
            return twin.confirmed.encode();
        }

        @Override
        public byte[] version() {
            return TwinCodec.encodeVersion(twin.confirmed.context);
        }

        @Override
        public byte[] deltaSince(byte[] version) {
            return new TwinBackend()
                    .since(twin.confirmed, new TreeSet<>(TwinCodec.decodeVersion(version)))
                    .encode();
        }

        @Override
        public Object read(Address object) {
            return twin.read(object);
        }
    }
}
