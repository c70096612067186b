package dev.rejoin.consistency.session;

import dev.rejoin.consistency.session.GuaranteesSimulation.Fault;
import dev.rejoin.consistency.session.HistoryChecker.Author;
import dev.rejoin.consistency.session.HistoryChecker.Violation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One schedule: servers and sessions around the real tokens, guards and watermarks.
 *
 * <p>A server keeps one log in the order in which entries came, flushes it from the front, shows its own entries when they are flushed, and sends
 * only what is flushed. After a crash it is what it had flushed, under a new incarnation.
 */
final class SimulatedCluster {
    private static final String DOCUMENT = "simulated";
    private static final long EPOCH = 7;
    private static final int STEPS = 60;
    private static final GuardPolicy POLICY = new GuardPolicy(Duration.ofMillis(40), true, true, false);

    private final SplittableRandom random;
    private final Fault fault;
    private final VirtualTime time = new VirtualTime(1_000_000);
    private final HistoryChecker checker = new HistoryChecker();
    private final List<Server> servers = new ArrayList<>();
    private final List<User> users = new ArrayList<>();
    private final List<Message> wire = new ArrayList<>();
    private final boolean[][] cut;
    private int writes;
    private long incarnations;
    private boolean calm;

    /** Stages swallow what is thrown in their callbacks. */
    private @Nullable Throwable broken;

    final Map<String, Integer> outcomes = new TreeMap<>();

    SimulatedCluster(long seed, Fault fault, Set<Guarantee> guarantees) {
        random = new SplittableRandom(seed);
        this.fault = fault;
        int size = 2 + random.nextInt(2);
        cut = new boolean[size][size];
        for (int i = 0; i < size; i++) {
            servers.add(new Server(i));
        }
        for (int i = 2 + random.nextInt(2); i > 0; i--) {
            users.add(new User(guarantees));
        }
    }

    /** An entry of a log. A void has no write. */
    private record Entry(long origin, long sequence, long previous, int write, PositionVector causes, long lamport) {
        long bit() {
            return write < 0 ? 0 : 1L << write;
        }

        Position position() {
            return new Position(origin, sequence);
        }
    }

    private record Message(
            int from,
            int to,
            List<Entry> entries,
            boolean isState,
            @Nullable Runnable arrived) {}

    void run() {
        for (int step = 0; step < STEPS; step++) {
            step();
            check();
        }
        calm = true;
        for (boolean[] row : cut) {
            java.util.Arrays.fill(row, false);
        }
        servers.stream().filter(server -> !server.up).forEach(Server::restart);
        servers.forEach(Server::commit);
        for (int round = 0; round < 3; round++) {
            for (Server from : servers) {
                for (Server to : servers) {
                    if (from != to) {
                        send(from, to, false, null);
                    }
                }
            }
            List.copyOf(wire).forEach(this::deliver);
            wire.clear();
            servers.forEach(Server::commit);
        }
        time.advance(1_000);
        for (Server server : servers) {
            if (server.visible != servers.get(0).visible) {
                throw new Violation("CALM", "servers show different things");
            }
        }
        for (User user : users) {
            for (Server server : servers) {
                user.readInCalm(server);
                check();
            }
        }
    }

    private void check() {
        if (broken instanceof Error error) {
            throw error;
        }
        if (broken instanceof RuntimeException failure) {
            throw failure;
        }
    }

    private <T> void then(CompletionStage<T> stage, Consumer<T> action) {
        stage.thenAccept(action).whenComplete((done, failure) -> {
            if (failure != null && broken == null) {
                broken = failure.getCause();
            }
        });
    }

    private void step() {
        time.advance(random.nextInt(25));
        Server server = servers.get(random.nextInt(servers.size()));
        User user = users.get(random.nextInt(users.size()));
        int dice = random.nextInt(100);
        if (dice < 22) {
            user.read(server);
        } else if (dice < 42) {
            user.write(server);
        } else if (dice < 58) {
            server.commit();
        } else if (dice < 70) {
            send(server, servers.get(random.nextInt(servers.size())), random.nextInt(6) == 0, null);
        } else if (dice < 86) {
            if (!wire.isEmpty()) {
                int index = random.nextInt(wire.size());
                Message message = wire.get(index);
                if (random.nextInt(8) != 0) {
                    wire.remove(index); // else it comes again
                }
                deliver(message);
            }
        } else if (dice < 90) {
            boolean[] row = cut[random.nextInt(cut.length)];
            int other = random.nextInt(row.length);
            row[other] = !row[other];
        } else if (dice < 94) {
            if (server.up) {
                server.crash(random.nextInt(6) == 0);
            } else {
                server.restart();
            }
        } else if (dice < 97) {
            user.follow(users.get(random.nextInt(users.size())));
        } else {
            user.reload();
        }
    }

    private void send(Server from, Server to, boolean isState, @Nullable Runnable arrived) {
        if (from == to || !from.up) {
            return;
        }
        List<Entry> entries = new ArrayList<>();
        for (Entry entry : from.log.subList(0, from.flushed)) {
            if (isState || !to.held.includes(entry.position())) {
                entries.add(entry);
            }
        }
        if (fault == Fault.OVERTAKING && !calm && entries.size() > 1) {
            entries = entries.subList(random.nextInt(entries.size()), entries.size());
        }
        wire.add(new Message(from.number, to.number, List.copyOf(entries), isState, arrived));
    }

    private void deliver(Message message) {
        Server to = servers.get(message.to);
        if (!to.up || cut[message.from][message.to]) {
            return;
        }
        to.receive(message.entries, message.isState, message.arrived != null);
        if (message.arrived != null) {
            message.arrived.run();
        }
    }

    /** Writes that no log holds any more, not even that of a server that is down. */
    private long gone() {
        long held = 0;
        for (Server server : servers) {
            held |= server.logged;
        }
        return ~held;
    }

    private final class Server implements Origins {
        final int number;
        final long clockOffset = random.nextLong(60_001) - 30_000;
        final List<Entry> log = new ArrayList<>();
        final Map<Position, CompletableFuture<SessionToken>> unacknowledged = new HashMap<>();
        int flushed;
        boolean up = true;
        long origin;
        long sequence;
        long previous;
        long lamport;

        /** Of everything in the log, and of what is shown. */
        PositionVector held = PositionVector.EMPTY;

        long visible;

        /** The writes in the log. */
        long logged;

        Watermark shown = new Watermark();
        SessionGuard guard = guard();

        Server(int number) {
            this.number = number;
            live();
        }

        private void live() {
            origin = Position.originOf(++incarnations << 16);
            previous = 0;
            up = true;
        }

        private SessionGuard guard() {
            return new SessionGuard(
                    DOCUMENT,
                    EPOCH,
                    shown,
                    Freshness.UNKNOWN,
                    this,
                    time,
                    () -> time.millis() + clockOffset,
                    outcome -> outcomes.merge(outcome.label(), 1, Integer::sum));
        }

        /** Admits a write, or refuses it: that is an entry too. */
        CompletionStage<SessionToken> admit(int write, boolean refused) {
            lamport++;
            Entry entry = new Entry(origin, ++sequence, previous, refused ? -1 : write, held, lamport);
            previous = sequence;
            CompletableFuture<SessionToken> acknowledged = new CompletableFuture<>();
            if (refused && fault == Fault.DROPPED) {
                shown.advance(entry.position());
                acknowledged.complete(SessionToken.ofWrite(DOCUMENT, EPOCH, entry.position()));
                return acknowledged;
            }
            append(entry);
            unacknowledged.put(entry.position(), acknowledged);
            return acknowledged;
        }

        private void append(Entry entry) {
            log.add(entry);
            logged |= entry.bit();
            held = held.with(entry.position());
            lamport = Math.max(lamport, entry.lamport);
        }

        private void show(Entry entry) {
            showAtOnce(List.of(entry), false);
        }

        /** Claimed one by one, a read that waits for the first would be told of that one alone and see all. */
        private void showAtOnce(List<Entry> entries, boolean asked) {
            PositionVector claimed = PositionVector.EMPTY;
            for (Entry entry : entries) {
                visible |= entry.bit();
                claimed = claimed.with(claim(entry));
            }
            shown.advance(claimed, asked ? claimed : PositionVector.EMPTY);
        }

        private Position claim(Entry entry) {
            return fault == Fault.LAMPORT ? new Position(0, entry.lamport) : entry.position();
        }

        void commit() {
            if (!up) {
                return;
            }
            List<Entry> fresh = List.copyOf(log.subList(flushed, log.size()));
            flushed = log.size();
            for (Entry entry : fresh) {
                show(entry);
                CompletableFuture<SessionToken> waiting = unacknowledged.remove(entry.position());
                if (waiting != null) {
                    waiting.complete(SessionToken.ofWrite(DOCUMENT, EPOCH, claim(entry)));
                }
            }
        }

        /** Takes entries whose causes are here and whose forerunner is; others come again. */
        void receive(List<Entry> entries, boolean isState, boolean asked) {
            List<Entry> taken = new ArrayList<>();
            for (Entry entry : entries) {
                boolean inOrder = held.sequence(entry.origin) == entry.previous;
                boolean fits = fault == Fault.OVERTAKING || inOrder && held.includes(entry.causes);
                if (!held.includes(entry.position()) && fits) {
                    append(entry);
                    taken.add(entry);
                }
            }
            if (fault == Fault.CLAIMED_LATE && !calm) {
                taken.forEach(entry -> visible |= entry.bit()); // claimed by the next commit
            } else if (isState) {
                showAtOnce(taken, asked);
            } else {
                taken.forEach(entry -> showAtOnce(List.of(entry), asked));
            }
        }

        void crash(boolean withDisk) {
            up = false;
            log.subList(withDisk ? 0 : flushed, log.size()).clear();
            flushed = log.size();
            logged = 0;
            log.forEach(entry -> logged |= entry.bit());
            unacknowledged.clear();
            shown = new Watermark();
            held = PositionVector.EMPTY;
            visible = 0;
        }

        void restart() {
            live();
            guard = guard();
            List<Entry> kept = List.copyOf(log);
            log.clear();
            kept.forEach(this::append);
            kept.forEach(this::show);
        }

        @Override
        public CompletionStage<Pulled> pull(PositionVector missing) {
            CompletableFuture<Pulled> pulled = new CompletableFuture<>();
            PositionVector[] lost = {PositionVector.EMPTY};
            missing.forEach((o, s) -> {
                Position position = new Position(o, s);
                if (servers.stream().noneMatch(server -> server.logHas(position))) {
                    lost[0] = lost[0].with(position);
                }
            });
            if (fault != Fault.LAMPORT && fault != Fault.GREATER && fault != Fault.DROPPED && !lost[0].isEmpty()) {
                pulled.complete(new Pulled(PositionVector.EMPTY, lost[0], surviving()));
                return pulled;
            }
            for (Server peer : servers) {
                if (peer != this && peer.up && !cut[number][peer.number]) {
                    Watermark asked = shown;
                    send(peer, this, false, () -> {
                        if (asked == shown) {
                            pulled.complete(Pulled.of(shown.current()));
                        }
                    });
                }
            }
            return pulled;
        }

        private PositionVector surviving() {
            PositionVector surviving = PositionVector.EMPTY;
            for (Server server : servers) {
                for (Entry entry : server.log) {
                    surviving = surviving.with(entry.position());
                }
            }
            return surviving;
        }

        boolean logHas(Position position) {
            return log.stream()
                    .anyMatch(entry -> entry.origin == position.origin() && entry.sequence >= position.sequence());
        }

        @Override
        public Optional<String> holder(PositionVector needs) {
            return servers.stream()
                    .filter(server -> server != this
                            && server.up
                            && server.shown.current().includes(needs))
                    .map(server -> Integer.toString(server.number))
                    .findFirst();
        }

        @Override
        public CompletionStage<PositionVector> heads() {
            PositionVector heads = PositionVector.EMPTY;
            for (Server server : servers) {
                if (server != this && (!server.up || cut[number][server.number])) {
                    return CompletableFuture.failedFuture(new IllegalStateException("unreachable"));
                }
                // also what is not flushed yet: it may be all that is left of a write whose server has lost its disk
                heads = heads.union(server.held);
            }
            return CompletableFuture.completedFuture(heads);
        }
    }

    /** A user with a device: one request at a time, to any server. */
    private final class User {
        final Author author;
        final Set<Guarantee> guarantees;
        Session session;

        /** Requests carry a number; an answer to another one is late and ignored. */
        int request;

        boolean busy;

        User(Set<Guarantee> guarantees) {
            author = new Author(guarantees);
            this.guarantees = EnumSet.noneOf(Guarantee.class);
            this.guarantees.addAll(guarantees);
            for (Guarantee guarantee : Guarantee.ALL) {
                if (fault == Fault.leavingOut(guarantee)) {
                    this.guarantees.remove(guarantee);
                }
            }
            session = new Session(this.guarantees);
        }

        /** As it goes over the wire. */
        private SessionToken sent(SessionToken token) {
            SessionToken arrived = SessionToken.parse(token.text());
            return fault == Fault.GREATER ? raised(arrived) : arrived;
        }

        private SessionToken raised(SessionToken token) {
            PositionVector[] above = {PositionVector.EMPTY};
            token.reads(DOCUMENT, EPOCH)
                    .union(token.writes(DOCUMENT, EPOCH))
                    .forEach((o, s) -> above[0] = above[0].with(new Position(o, s + 1)));
            return SessionToken.of(DOCUMENT, EPOCH, above[0], above[0]);
        }

        void read(Server server) {
            if (!server.up || busy) {
                return;
            }
            int dice = random.nextInt(10);
            ReadLevel level = fault == Fault.GUARD_OFF
                    ? ReadLevel.EVENTUAL
                    : dice == 0 && fault == Fault.NONE ? ReadLevel.STRONG : ReadLevel.SESSION;
            // what only a message under way still has may come back later; nobody can be asked for it now
            long before = checker.acknowledged() & ~gone();
            int mine = ++request;
            busy = true;
            time.after(100, () -> busy &= request != mine);
            Watermark view = server.shown;
            then(server.guard.read(sent(session.forRead(DOCUMENT)), level, POLICY), outcome -> {
                if (request != mine) {
                    return;
                }
                busy = false;
                if (outcome instanceof ReadOutcome.Served served && view == server.shown) {
                    if (level == ReadLevel.STRONG) {
                        HistoryChecker.hold("STRONG", before & ~gone(), server.visible);
                    }
                    shown(server, served.version());
                } else if (outcome instanceof ReadOutcome.Failed failed
                        && failed.reason() == ReadFailure.SESSION_LOST_WRITES) {
                    author.giveUp(gone());
                    session.giveUp(DOCUMENT, EPOCH, failed.missing(), failed.surviving());
                }
            });
        }

        private void shown(Server server, PositionVector version) {
            checker.read(author, server.visible, gone());
            session.observe(SessionToken.ofRead(DOCUMENT, EPOCH, version));
            if (fault == Fault.CLEARED_EARLY) {
                session = new Session(guarantees);
            }
        }

        void write(Server server) {
            if (!server.up || busy || writes == HistoryChecker.MAX_WRITES) {
                return;
            }
            int mine = ++request;
            busy = true;
            time.after(200, () -> busy &= request != mine);
            boolean refused = random.nextInt(5) == 0;
            Watermark view = server.shown;
            GuardPolicy policy = fault == Fault.GUARD_OFF ? POLICY.withWaitBudget(Duration.ZERO) : POLICY;
            SessionToken asked = fault == Fault.GUARD_OFF ? SessionToken.EMPTY : sent(session.forWrite(DOCUMENT));
            then(server.guard.write(asked, policy), outcome -> {
                if (request != mine || view != server.shown || writes == HistoryChecker.MAX_WRITES) {
                    return;
                }
                if (outcome instanceof ReadOutcome.Served) {
                    int write = writes++;
                    checker.issued(author, write);
                    then(server.admit(write, refused), token -> {
                        if (request == mine) {
                            busy = false;
                            session.observe(token);
                            if (!refused) {
                                checker.acknowledged(author, write);
                            }
                        }
                    });
                } else {
                    busy = false;
                }
            });
        }

        /** Opens a link that another has sent. */
        void follow(User other) {
            if (fault == Fault.NONE && !busy && other.guarantees.equals(Guarantee.ALL)) {
                author.follow(other.author);
                session.observe(
                        SessionToken.parse(other.session.token().forOthers().text()));
            }
        }

        /** Comes back with what was saved. */
        void reload() {
            SessionToken saved = SessionToken.parse(session.token().text());
            session = new Session(guarantees);
            session.observe(saved);
            request++;
            busy = false;
        }

        void readInCalm(Server server) {
            request++;
            ReadLevel level = fault == Fault.GUARD_OFF ? ReadLevel.EVENTUAL : ReadLevel.SESSION;
            GuardPolicy policy = new GuardPolicy(Duration.ZERO, true, false, false);
            then(server.guard.read(sent(session.forRead(DOCUMENT)), level, policy), outcome -> {
                if (outcome instanceof ReadOutcome.Served served) {
                    shown(server, served.version());
                } else if (!outcome.label().equals("session-lost-writes")) {
                    throw new Violation("CALM", "not served when everything is everywhere: " + outcome);
                }
            });
            time.advance(1);
        }
    }
}
