package dev.rejoin.crdt.laws;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/** The twin as an implementation of its own; the seeded mutants change one method each. */
class TwinBackend implements Backend {
    @Override
    public Peer create(long replica, LongSupplier millis) {
        return new TwinPeer(this, twin(replica, millis));
    }

    Twin twin(long replica, LongSupplier millis) {
        return new Twin(replica, false, millis, views()) {
            @Override
            Fragment join(Fragment state, Fragment delta) {
                return joined(state, delta);
            }
        };
    }

    Views views() {
        return new Views();
    }

    Fragment joined(Fragment a, Fragment b) {
        return Fragment.join(a, b);
    }

    /** Cells the version does not know, and the dots that are dead here; the version may still hold those live. */
    Fragment since(Fragment state, Set<At> version) {
        Fragment delta = new Fragment();
        for (At dot : state.context) {
            TwinCell cell = state.cells.get(dot);
            if (cell == null) {
                delta.dead(dot);
            } else if (!version.contains(dot)) {
                delta.live(dot, cell);
            }
        }
        return delta;
    }

    Set<At> versionOf(Fragment state) {
        return state.context;
    }

    @Override
    public final byte[] join(byte[] a, byte[] b) {
        return joined(Fragment.decode(a), Fragment.decode(b)).encode();
    }

    @Override
    public String relation(byte[] a, byte[] b) {
        TreeSet<At> left = TwinCodec.decodeVersion(a);
        TreeSet<At> right = TwinCodec.decodeVersion(b);
        boolean includes = left.containsAll(right);
        boolean included = right.containsAll(left);
        return includes ? included ? "EQUAL" : "AFTER" : included ? "BEFORE" : "CONCURRENT";
    }

    /** A twin behind the border of bytes. */
    record TwinPeer(TwinBackend backend, Twin twin) implements Peer {
        @Override
        public byte[] commit(List<Op> ops) {
            Fragment delta = twin.commit(ops);
            return delta == null ? null : delta.encode();
        }

        @Override
        public void merge(byte[] delta) {
            Fragment fragment = Fragment.decode(delta);
            twin.merge(fragment);
        }

        @Override
        public byte[] state() {
            return twin.confirmed.encode();
        }

        @Override
        public byte[] version() {
            return TwinCodec.encodeVersion(new TreeSet<>(backend.versionOf(twin.confirmed)));
        }

        @Override
        public byte[] deltaSince(byte[] version) {
            return backend.since(twin.confirmed, TwinCodec.decodeVersion(version))
                    .encode();
        }

        @Override
        public Object read(Address object) {
            return twin.read(object);
        }
    }
}
