package dev.rejoin.sync.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.Chain;
import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.Failure;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.Position;
import dev.rejoin.sync.wire.Progress;
import dev.rejoin.sync.wire.ProtocolLimits;
import dev.rejoin.sync.wire.Rejection;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Verdict;
import dev.rejoin.sync.wire.Welcome;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Both sessions over connections that are cut at any message, with a judge that refuses at random and forgets what it has
 * not committed, and clients that crash back to what they have saved, or are copied and run twice.
 */
class SessionSimulation {
    private static final int SEEDS = Integer.getInteger("rejoin.seeds", 1_000);
    private static final ProtocolLimits LIMITS = ProtocolLimits.DEFAULT.withMaxInFlight(4);
    private static final String UNKNOWN = "unknown-outcome";

    @Test
    void everyTransactionGetsExactlyOneVerdictInOrder() {
        assertEquals(0, eachSeed(false), "forks without a copy");
    }

    @Test
    void aCopiedClientIsDetectedAndNothingIsAcceptedTwice() {
        int forks = eachSeed(true);
        assertTrue(forks > SEEDS / 20, "only " + forks + " forks in " + SEEDS + " runs");
    }

    private static int eachSeed(boolean copies) {
        long start = Long.getLong("rejoin.seed", System.nanoTime());
        int forks = 0;
        for (long seed = start; seed < start + SEEDS; seed++) {
            try {
                World world = new World(new Random(seed), copies);
                world.run();
                forks += world.forks;
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(
                        "replay: mvn -pl sync-protocol -am test -Dtest=SessionSimulation -DargLine=\"-Drejoin.seed="
                                + seed + " -Drejoin.seeds=1\"",
                        e);
            }
        }
        return forks;
    }

    /** What a judge knows of one replica. */
    private static final class Lease {
        long judged;
        int chain;
        final TreeMap<Long, Verdict> verdicts = new TreeMap<>();

        Lease copy() {
            Lease copy = new Lease();
            copy.judged = judged;
            copy.chain = chain;
            copy.verdicts.putAll(verdicts);
            return copy;
        }
    }

    private static final class World {
        final Random random;
        final boolean copies;
        final Judge judge = new Judge(this);
        final List<Client> clients = new ArrayList<>();
        long now;
        long nextReplica = 1;
        int nextWrite = 1;
        int forks;

        World(Random random, boolean copies) {
            this.random = random;
            this.copies = copies;
            clients.add(new Client(this));
            clients.add(new Client(this));
        }

        void run() {
            for (int step = 0; step < 150; step++) {
                step(true);
            }
            for (int step = 0; step < 4_000 && !quiet(); step++) {
                step(false);
            }
            assertTrue(quiet(), "never came to rest");
            for (Client client : clients) {
                client.check();
            }
        }

        boolean quiet() {
            return clients.stream().allMatch(c -> c.pending.isEmpty() && c.saved == c.verdictsKnown);
        }

        void step(boolean faults) {
            now += random.nextInt(50);
            Client client = clients.get(random.nextInt(clients.size()));
            int dice = random.nextInt(100);
            if (dice < 45) {
                client.deliver();
            } else if (dice < 60) {
                judge.commit();
            } else if (dice < 75) {
                if (faults) {
                    client.write();
                }
            } else if (dice < 85) {
                client.save();
            } else if (dice < 95) {
                client.connect();
            } else if (faults) {
                switch (random.nextInt(copies ? 4 : 3)) {
                    case 0 -> client.cut();
                    case 1 -> client.crash();
                    case 2 -> judge.crash();
                    default -> client.copy();
                }
            }
        }
    }

    /** Opaque to the sessions: write number, first and last dot, and the replica. */
    private static byte[] fragment(int write, long replica, long first, long last) {
        return ByteBuffer.allocate(28)
                .putInt(write)
                .putLong(replica)
                .putLong(first)
                .putLong(last)
                .array();
    }

    private static final class Judge {
        final World world;
        final Map<Long, Lease> committed = new HashMap<>();
        final Map<Long, Lease> applied = new HashMap<>();
        final ArrayDeque<Runnable> log = new ArrayDeque<>();
        final Map<Long, Seat> seats = new HashMap<>();
        final Map<Integer, Integer> accepted = new HashMap<>();

        Judge(World world) {
            this.world = world;
        }

        void commit() {
            for (int n = world.random.nextInt(4); n >= 0 && !log.isEmpty(); n--) {
                log.removeFirst().run();
            }
        }

        void crash() {
            log.clear();
            applied.clear();
            committed.forEach((replica, lease) -> applied.put(replica, lease.copy()));
            world.clients.forEach(Client::cut);
        }
    }

    /** One connection: the server's session and both directions of its socket. */
    private static final class Seat implements ServerEffects {
        final World world;
        final Client client;
        final ArrayDeque<byte[]> up = new ArrayDeque<>();
        final ArrayDeque<byte[]> down = new ArrayDeque<>();
        final ServerSession server;
        boolean closed;
        long replica;

        Seat(World world, Client client) {
            this.world = world;
            this.client = client;
            server = new ServerSession(LIMITS, 1, this, () -> 0, world.now);
        }

        @Override
        public void send(byte[] frame) {
            down.add(frame);
        }

        @Override
        public void close(int closeCode, String reason) {
            closed = true;
        }

        @Override
        public void hello(Hello hello, DocumentName document) {
            replica = hello.replica();
            Seat before = world.judge.seats.put(replica, this);
            if (before != null && before != this) {
                before.server.fail(FailureCode.SESSION_REPLACED, "", world.now);
            }
            // Welcome once everything applied so far has been committed.
            world.judge.log.add(() -> {
                Lease lease = world.judge.committed.computeIfAbsent(replica, r -> new Lease());
                server.welcome(
                        new Admission(
                                1,
                                7,
                                lease.judged,
                                lease.chain,
                                List.copyOf(lease.verdicts
                                        .tailMap(hello.verdictsKnown(), false)
                                        .values())),
                        Update.of(Position.START, new byte[0]),
                        world.now);
            });
        }

        @Override
        public void await(Await question) {
            throw new AssertionError("nobody asks");
        }

        @Override
        public void submit(byte[] bytes) {
            ByteBuffer fragment = ByteBuffer.wrap(bytes);
            int write = fragment.getInt();
            assertEquals(replica, fragment.getLong());
            long first = fragment.getLong();
            long last = fragment.getLong();
            Lease lease = world.judge.applied.computeIfAbsent(replica, r -> new Lease());
            assertEquals(lease.judged + 1, first, "dots must be consecutive");
            boolean accept = world.random.nextInt(3) > 0;
            lease.judged = last;
            lease.chain = Chain.extend(lease.chain, bytes);
            Verdict verdict =
                    accept ? Verdict.accepted(last, lease.chain) : new Verdict(last, lease.chain, "refused", "");
            lease.verdicts.put(last, verdict);
            world.judge.log.add(() -> {
                Lease durable = world.judge.committed.computeIfAbsent(replica, r -> new Lease());
                durable.judged = last;
                durable.chain = verdict.chain();
                durable.verdicts.put(last, verdict);
                if (accept) {
                    world.judge.accepted.merge(write, 1, Integer::sum);
                }
                server.update(
                        Update.verdicts(
                                Position.START,
                                last,
                                accept ? List.of() : List.of(new Rejection(first, last, "refused", ""))),
                        server.isOpen() ? 1 : 0,
                        world.now);
            });
        }

        @Override
        public void progress(Progress progress) {
            for (Map<Long, Lease> leases : List.of(world.judge.applied, world.judge.committed)) {
                Lease lease = leases.get(replica);
                if (lease != null) {
                    lease.verdicts.headMap(progress.verdictsKnown(), true).clear();
                }
            }
        }

        @Override
        public void presence(byte[] payload) {}
    }

    private record Write(int id, PendingWrite bytes) {}

    private static final class Client implements ClientEffects {
        final World world;
        long replica;
        long nextDot = 1;
        int chain;
        long verdictsKnown;
        int knownChain;
        final ArrayDeque<Write> pending = new ArrayDeque<>();
        final Map<Integer, String> verdicts = new HashMap<>();
        long savedWrites;
        long saved;
        boolean copied;

        @Nullable
        Client durable;

        @Nullable
        Seat seat;

        @Nullable
        ClientSession session;

        Client(World world) {
            this.world = world;
            this.replica = world.nextReplica++;
        }

        void write() {
            int id = world.nextWrite++;
            issue(id);
        }

        void issue(int id) {
            long last = nextDot + world.random.nextInt(3);
            byte[] fragment = fragment(id, replica, nextDot, last);
            chain = Chain.extend(chain, fragment);
            pending.add(new Write(id, new PendingWrite(nextDot, last, chain, fragment)));
            nextDot = last + 1;
        }

        void save() {
            durable = state();
            savedWrites = nextDot - 1;
            saved = verdictsKnown;
            if (session != null) {
                session.pump(world.now);
                session.verdictsSaved(verdictsKnown, world.now);
            }
        }

        private Client state() {
            Client copy = new Client(world, this);
            return copy;
        }

        private Client(World world, Client from) {
            this.world = world;
            this.replica = from.replica;
            this.nextDot = from.nextDot;
            this.chain = from.chain;
            this.verdictsKnown = from.verdictsKnown;
            this.knownChain = from.knownChain;
            this.pending.addAll(from.pending);
            this.verdicts.putAll(from.verdicts);
            this.savedWrites = from.nextDot - 1;
            this.saved = from.verdictsKnown;
            this.copied = from.copied;
        }

        /** Comes back as it was last saved; writes that were never saved never left and are gone. */
        void crash() {
            cut();
            Client back = durable == null ? new Client(world) : durable.state();
            back.durable = durable;
            world.clients.set(world.clients.indexOf(this), back);
        }

        /** A copy of the stored profile runs beside the original. Once only: copies of copies hold the same writes. */
        void copy() {
            if (durable == null || copied) {
                return;
            }
            copied = true;
            durable.copied = true;
            Client twin = durable.state();
            twin.durable = durable.state();
            world.clients.add(twin);
        }

        void connect() {
            if (seat != null) {
                return;
            }
            save(); // a Hello speaks of what is durably known
            seat = new Seat(world, this);
            session = new ClientSession(
                    LIMITS,
                    new Hello("d", replica, new byte[16], 1, new byte[0], saved, "", ""),
                    knownChain,
                    this::after,
                    this,
                    world.now);
        }

        Optional<PendingWrite> after(long dot) {
            return pending.stream()
                    .map(Write::bytes)
                    .filter(write -> write.first() > dot && write.last() <= savedWrites)
                    .findFirst();
        }

        void cut() {
            if (seat != null) {
                seat.server.disconnected();
            }
            seat = null;
            session = null;
        }

        void deliver() {
            Seat at = seat;
            if (at == null || session == null) {
                return;
            }
            if (world.random.nextBoolean() && !at.up.isEmpty()) {
                at.server.received(at.up.removeFirst(), world.now);
            } else if (!at.down.isEmpty()) {
                session.received(at.down.removeFirst(), world.now);
            } else if (at.closed) {
                cut();
            }
        }

        @Override
        public void send(byte[] frame) {
            java.util.Objects.requireNonNull(seat).up.add(frame);
        }

        @Override
        public void close(int closeCode, String reason) {
            cut();
        }

        @Override
        public void welcomed(Welcome welcome, Resume resume) {
            if (resume instanceof Resume.Continued continued) {
                settle(continued.settled());
                for (PendingWrite write : continued.unknown()) {
                    Write one = pending.stream()
                            .filter(w -> w.bytes.equals(write))
                            .findFirst()
                            .orElseThrow();
                    pending.remove(one);
                    record(one.id, UNKNOWN);
                    verdictsKnown = Math.max(verdictsKnown, write.last());
                    knownChain = verdictsKnown == write.last() ? write.chain() : knownChain;
                }
            } else if (resume instanceof Resume.Forked forked) {
                settle(forked.settled());
                moveOn(forked.unknown());
                world.forks++;
            }
        }

        @Override
        public void update(Update update, List<Settlement> settled) {
            settle(settled);
        }

        private void settle(List<Settlement> settled) {
            for (Settlement one : settled) {
                Write write = pending.stream()
                        .filter(w -> w.bytes.last() == one.last())
                        .findFirst()
                        .orElseThrow(() -> new AssertionError("a verdict on nothing pending: " + one));
                assertEquals(one.first(), write.bytes.first());
                pending.remove(write);
                record(write.id, one.code());
                verdictsKnown = one.last();
                knownChain = write.bytes.chain();
            }
        }

        private void record(int id, String verdict) {
            assertFalse(verdicts.containsKey(id), "two verdicts on write " + id);
            verdicts.put(id, verdict);
        }

        private void moveOn(List<PendingWrite> unknown) {
            List<Write> open = new ArrayList<>(pending);
            pending.clear();
            replica = world.nextReplica++;
            nextDot = 1;
            chain = 0;
            verdictsKnown = 0;
            knownChain = 0;
            for (Write write : open) {
                if (unknown.contains(write.bytes)) {
                    record(write.id, UNKNOWN);
                } else {
                    issue(write.id);
                }
            }
            save();
        }

        @Override
        public void presence(long session, byte[] payload) {}

        @Override
        public void oversized(PendingWrite write, int maxFragmentBytes) {}

        @Override
        public void failed(Failure failure) {
            assertEquals("session-replaced", failure.code(), failure.message());
            world.forks++;
            moveOn(pending.stream().map(Write::bytes).toList());
        }

        void check() {
            verdicts.forEach((id, verdict) -> {
                int times = world.judge.accepted.getOrDefault(id, 0);
                assertTrue(times <= 1, "write " + id + " was accepted " + times + " times");
                if (!verdict.equals(UNKNOWN)) {
                    assertEquals(verdict.isEmpty() ? 1 : 0, times, "write " + id + ": " + verdict);
                } else {
                    assertTrue(world.copies, "unknown without a copy");
                }
            });
        }
    }
}
