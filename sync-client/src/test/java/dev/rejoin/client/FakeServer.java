package dev.rejoin.client;

import dev.rejoin.client.transport.Connection;
import dev.rejoin.client.transport.ConnectionListener;
import dev.rejoin.client.transport.Connector;
import dev.rejoin.crdt.Chain;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.clock.Version;
import dev.rejoin.crdt.document.Document;
import dev.rejoin.sync.session.Admission;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.session.ServerEffects;
import dev.rejoin.sync.session.ServerSession;
import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.Position;
import dev.rejoin.sync.wire.Progress;
import dev.rejoin.sync.wire.ProtocolLimits;
import dev.rejoin.sync.wire.Rejection;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Verdict;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A judge in memory that refuses the tag "forbidden"; connections are pairs of queues on one thread. */
final class FakeServer implements Connector, AutoCloseable {
    private static final class Lease {
        byte[] key = {};
        long judged;
        int chain;
        final TreeMap<Long, Verdict> verdicts = new TreeMap<>();
    }

    private static final AtomicLong LOGS = new AtomicLong();

    /** Names its log; 0 for a server from before logs were named. */
    long log = LOGS.incrementAndGet();

    /** What is said to a server that has ended is lost. */
    final ExecutorService thread = new ThreadPoolExecutor(
            1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), new ThreadPoolExecutor.DiscardPolicy());

    Document document = Document.create();
    final List<Seat> seats = new ArrayList<>();
    private final Map<Long, Lease> leases = new HashMap<>();
    long epoch = 1;
    volatile boolean down;
    volatile boolean mute;
    volatile int submits;
    volatile int hellos;

    /** What every Hello is answered with. */
    volatile @Nullable FailureCode refusal;

    @Override
    public void connect(ConnectionListener listener) {
        thread.execute(() -> {
            if (down) {
                listener.closed(1006, "refused");
                return;
            }
            Seat seat = new Seat(listener);
            seats.add(seat);
            listener.opened(seat);
        });
    }

    /** The document is lost and created anew. */
    void recreate() {
        thread.execute(() -> {
            epoch++;
            document = Document.create();
            leases.clear();
        });
    }

    /** Tells another server all that it holds. */
    void replicateTo(FakeServer other) {
        thread.execute(() -> {
            Delta state = document.state();
            other.thread.execute(() -> {
                other.document.merge(state);
                for (Seat seat : other.seats) {
                    if (seat.session.isOpen()) {
                        seat.session.update(Update.of(Position.START, state.encode()), 0, 0);
                    }
                }
            });
        });
    }

    /** The highest dot that it has judged of any replica; on its thread. */
    long judgedThrough() {
        return leases.values().stream().mapToLong(lease -> lease.judged).max().orElse(0);
    }

    /** Keeps the verdicts of each replica on what comes after these dots, and no others any more. */
    void forgetVerdicts(long through) {
        thread.execute(() -> leases.values()
                .forEach(lease -> lease.verdicts.headMap(through, true).clear()));
    }

    /** Cuts all connections; what the server has still to say is lost. */
    void cut() {
        thread.execute(() -> List.copyOf(seats).forEach(seat -> seat.end(1006, "")));
    }

    /** Ends all sessions as if each replica had opened another one. */
    void replaceAll() {
        thread.execute(() -> List.copyOf(seats).forEach(Seat::replaced));
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }

    final class Seat implements Connection, ServerEffects {
        private final ConnectionListener listener;
        private final ServerSession session = new ServerSession(ProtocolLimits.DEFAULT, log, this, () -> 0, 0);
        private ReplicaId replica = ReplicaId.of(0);

        Seat(ConnectionListener listener) {
            this.listener = listener;
        }

        @Override
        public void next() {}

        @Override
        public void send(byte[] message) {
            if (Thread.currentThread().getName().startsWith("rejoin-client")) {
                thread.execute(() -> session.received(message, 0));
            } else if (!mute && seats.contains(this)) {
                listener.message(message);
            }
        }

        @Override
        public void close(int code, String reason) {
            thread.execute(() -> end(code, reason));
        }

        void end(int code, String reason) {
            if (seats.remove(this)) {
                session.disconnected();
                listener.closed(code, reason);
            }
        }

        void replaced() {
            session.fail(FailureCode.SESSION_REPLACED, "", 0);
        }

        @Override
        public void hello(Hello hello, DocumentName name) {
            FailureCode no = refusal;
            if (no != null) {
                session.fail(no, "", 0);
                return;
            }
            hellos++;
            replica = ReplicaId.of(hello.replica());
            Lease lease = leases.computeIfAbsent(hello.replica(), r -> new Lease());
            if (lease.key.length == 0) {
                lease.key = hello.leaseKey();
            } else if (!Arrays.equals(lease.key, hello.leaseKey())) {
                session.fail(FailureCode.REPLICA_CONFLICT, "", 0);
                return;
            }
            for (Seat other : List.copyOf(seats)) {
                if (other != this && other.replica.equals(replica)) {
                    other.replaced();
                }
            }
            Version known = hello.version().length == 0 || hello.epoch() != epoch
                    ? Version.EMPTY
                    : Version.decode(hello.version());
            session.welcome(
                    new Admission(
                            epoch,
                            7,
                            lease.judged,
                            lease.chain,
                            List.copyOf(lease.verdicts
                                    .tailMap(hello.verdictsKnown(), false)
                                    .values())),
                    Update.of(Position.START, document.deltaSince(known).encode()),
                    0);
        }

        @Override
        public void await(Await question) {
            throw new AssertionError("this server is asked nothing");
        }

        @Override
        public void submit(byte[] fragment) {
            submits++;
            Lease lease = leases.get(replica.bits());
            Delta delta = Delta.decode(fragment);
            long first = lease.judged + 1;
            long last = delta.context().highest(replica);
            lease.judged = last;
            lease.chain = Chain.extend(lease.chain, fragment);
            boolean refuse =
                    document.describe(delta).stream().map(Mutation::value).anyMatch("forbidden"::equals);
            document.merge(refuse ? Delta.voided(replica, first, last) : delta);
            lease.verdicts.put(
                    last,
                    refuse
                            ? new Verdict(last, lease.chain, "content-rejected", "no")
                            : Verdict.accepted(last, lease.chain));
            session.update(
                    Update.verdicts(
                            Position.START,
                            last,
                            refuse ? List.of(new Rejection(first, last, "content-rejected", "no")) : List.of()),
                    1,
                    0);
            byte[] others = (refuse ? Delta.voided(replica, first, last) : delta).encode();
            for (Seat seat : seats) {
                if (seat != this && seat.session.isOpen()) {
                    seat.session.update(Update.of(Position.START, others), 0, 0);
                }
            }
        }

        @Override
        public void progress(Progress progress) {
            leases.get(replica.bits())
                    .verdicts
                    .headMap(progress.verdictsKnown(), true)
                    .clear();
        }

        @Override
        public void presence(byte[] payload) {
            for (Seat seat : seats) {
                if (seat != this) {
                    seat.session.presence(7, payload, 0);
                }
            }
        }
    }
}
