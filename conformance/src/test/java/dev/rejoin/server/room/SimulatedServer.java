package dev.rejoin.server.room;

import dev.rejoin.consistency.session.Origins;
import dev.rejoin.crdt.Delta;
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
import dev.rejoin.sync.wire.Update;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A server of real rooms and sessions, over links that carry a message when a simulation says so. */
public final class SimulatedServer {
    private final ClusterDesk desk;
    private final List<Link> links = new ArrayList<>();
    private boolean down;

    /** The control: a refused transaction is forgotten instead of made void. */
    private final @Nullable MutationValidator dropping;

    /** What clients are told names its log. */
    private final long log;

    /** What hears from the server's end of a link. */
    public interface Peer {
        void message(byte[] message);

        void closed(int code, String reason);
    }

    /**
     * @param isNamed whether clients are told whose log it is
     * @param network is given each entry that other servers are to be told
     */
    public SimulatedServer(
            int number,
            long seed,
            MutationValidator validator,
            boolean drops,
            boolean isNamed,
            Consumer<Admitted> network) {
        this.dropping = drops ? validator : null;
        this.desk = new ClusterDesk(number, seed, network);
        desk.validator = validator;
        this.log = isNamed ? desk.log.name : 0;
        desk.others = document -> new Origins() {};
    }

    /** A new link; null if the server is down. */
    public @Nullable Link connect(Peer peer) {
        if (down) {
            return null;
        }
        Link link = new Link(peer);
        links.add(link);
        return link;
    }

    public List<Link> links() {
        return List.copyOf(links);
    }

    /** Nobody reaches it, and whoever was connected is not. */
    public void down(boolean isDown) {
        down = isDown;
        if (isDown) {
            cut();
        }
    }

    public boolean isDown() {
        return down;
    }

    /** All links end; what they still carry is lost. */
    public void cut() {
        links().forEach(link -> link.end(1006, ""));
    }

    /** Lets rooms work; what they ask the log for is under way. */
    public void run() {
        desk.loop.run();
    }

    /** Makes durable all that was asked for, and what comes of that. */
    public void commit() {
        desk.commit();
    }

    public void pass(long millis) {
        desk.loop.pass(millis);
    }

    /** What is not durable is gone, and the log is opened anew. */
    public void crash() {
        cut();
        desk.crash();
    }

    /** Takes an entry of another server, unless it lacks what was before. */
    public void take(Admitted entry) {
        desk.take(entry, entry.before());
    }

    /** Asks another server for all that is lacking here. */
    public void pull(SimulatedServer from) {
        from.desk.lacking(desk.holding()).ifPresent(desk::take);
    }

    /** What the objects are. */
    public Map<String, Object> values() {
        return desk.view().map(found -> found.snapshot().toMap()).orElse(Map.of());
    }

    /** One connection: messages wait on either way until the simulation lets them arrive, and a cut loses them. */
    public final class Link implements ServerEffects {
        private final Peer peer;
        private final ServerSession session = new ServerSession(ProtocolLimits.DEFAULT, log, this, () -> 0, 0);
        private final ArrayDeque<byte[]> up = new ArrayDeque<>();
        private final ArrayDeque<Runnable> downwards = new ArrayDeque<>();
        private ReplicaId replica = ReplicaId.of(0);
        private @Nullable Seat seat;

        private Link(Peer peer) {
            this.peer = peer;
        }

        /** The client sends this. */
        public void sent(byte[] message) {
            up.add(message);
        }

        public boolean hasUp() {
            return !up.isEmpty();
        }

        public boolean hasDown() {
            return !downwards.isEmpty();
        }

        public void arriveUp() {
            session.received(up.remove(), 0);
        }

        public void arriveDown() {
            downwards.remove().run();
        }

        /** It is over, here and there. */
        public void end(int code, String reason) {
            if (links.remove(this)) {
                session.disconnected();
                if (seat != null) {
                    seat.leave();
                }
                peer.closed(code, reason);
            }
        }

        @Override
        public void send(byte[] message) {
            downwards.add(() -> peer.message(message));
        }

        @Override
        public void close(int code, String reason) {
            downwards.add(() -> end(code, reason));
        }

        @Override
        public void hello(Hello hello, DocumentName document) {
            replica = ReplicaId.of(hello.replica());
            seat = desk.rooms()
                    .join(
                            document,
                            new Seat.Join(
                                    replica,
                                    hello.leaseKey(),
                                    hello.epoch(),
                                    hello.version().length == 0 ? Version.EMPTY : Version.decode(hello.version()),
                                    hello.verdictsKnown(),
                                    false),
                            new Room());
        }

        @Override
        public void submit(byte[] fragment) {
            if (seat == null || dropping != null && isRefused(fragment, dropping)) {
                return;
            }
            seat.submit(fragment);
        }

        private boolean isRefused(byte[] fragment, MutationValidator validator) {
            Document document = Document.create();
            return !validator
                    .judge(new MutationValidator.ProposedChange(
                            ClusterDesk.NAME.value(),
                            replica,
                            document.describe(Delta.decode(fragment)),
                            document.snapshot()))
                    .accepted();
        }

        @Override
        public void progress(Progress progress) {
            if (seat != null) {
                seat.progress(progress.verdictsKnown());
            }
        }

        @Override
        public void presence(byte[] payload) {}

        @Override
        public void await(Await question) {
            if (seat != null) {
                seat.await(question);
            }
        }

        private final class Room implements Outlet {
            @Override
            public boolean hasRoom() {
                return true;
            }

            @Override
            public void welcome(Admission admission, Update first) {
                session.welcome(admission, first, 0);
            }

            @Override
            public void update(Update update, int judged) {
                session.update(update, judged, 0);
            }

            @Override
            public void relay(byte[] updateFrame, Position position) {
                session.relay(updateFrame, position, 0);
            }

            @Override
            public void presence(long from, byte[] payload) {}

            @Override
            public void fail(FailureCode code, String message) {
                session.fail(code, message, 0);
            }
        }
    }
}
