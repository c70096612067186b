package dev.rejoin.client;

import dev.rejoin.client.transport.Connection;
import dev.rejoin.client.transport.ConnectionListener;
import dev.rejoin.crdt.ReplicaConflictException;
import dev.rejoin.crdt.clock.MalformedDeltaException;
import dev.rejoin.sync.session.ClientEffects;
import dev.rejoin.sync.session.ClientSession;
import dev.rejoin.sync.session.PendingWrite;
import dev.rejoin.sync.session.Resume;
import dev.rejoin.sync.session.Settlement;
import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.Failure;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.ProtocolLimits;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Watermark;
import dev.rejoin.sync.wire.Welcome;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The connection of a client to the server it is at: found, lost and found again, with one {@link ClientSession} for each. Used by the loop, under the client's lock.
 */
final class ClientLink {
    private static final String SOFTWARE = "rejoin-java/0.1";
    private static final byte[] NOTHING = {};

    private final String name;
    private final String token;
    private final ProtocolLimits limits;
    private final Servers servers;
    private final Backoff backoff;
    private final ClientLoop loop;
    private final StatusBoard status;
    private final Presences presences;
    private final Ledger ledger;
    private final LiveSession live;

    private boolean offline;
    private int generation;
    private @Nullable Connection connection;
    private @Nullable ClientSession session;
    private LoopThread.@Nullable Timer reconnect;
    private LoopThread.@Nullable Timer timer;
    private long connectedAt;
    /* When a session was last ended because the replica had opened another; 0 if never. */
    private long replacedAt;

    ClientLink(
            String name,
            String token,
            ProtocolLimits limits,
            Servers servers,
            Backoff backoff,
            ClientLoop loop,
            StatusBoard status,
            Presences presences,
            Ledger ledger,
            LiveSession live) {
        this.name = name;
        this.token = token;
        this.limits = limits;
        this.servers = servers;
        this.backoff = backoff;
        this.loop = loop;
        this.status = status;
        this.presences = presences;
        this.ledger = ledger;
        this.live = live;
    }

    void startOffline() {
        offline = true;
    }

    void goOffline() {
        offline = true;
        servers.isWell(); // time spent away on purpose says nothing about it
        leave();
        status.become(ConnectionStatus.DISCONNECTED, "");
    }

    void goOnline() {
        offline = false;
        backoff.reset();
        if (status.connection() == ConnectionStatus.ERROR) {
            status.become(ConnectionStatus.DISCONNECTED, "");
        }
        if (connection == null && status.connection() != ConnectionStatus.CONNECTING) {
            connect();
        }
    }

    void present(byte[] payload) {
        presences.own(payload);
        if (session != null) {
            session.presence(payload, loop.now());
        }
    }

    /** Asks the server, if there is one. */
    void ask(Await question) {
        if (session != null) {
            session.await(question, loop.now());
        }
    }

    /** What has become durable may be sent. */
    void saved() {
        ClientSession at = session;
        if (at != null) {
            at.verdictsSaved(ledger.queue().verdictsKnown(), loop.now());
            at.pump(loop.now());
            ledger.queue().markSent(at::hasSent);
            schedule();
        }
    }

    private void schedule() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
        ClientSession at = session;
        if (at == null || at.nextDeadline() == Long.MAX_VALUE) {
            return;
        }
        int mine = generation;
        timer = loop.after(Math.max(0, at.nextDeadline() - loop.now()), () -> {
            ClientSession due = session;
            if (mine == generation && due != null) {
                due.tick(loop.now());
                schedule();
            }
        });
    }

    void connect() {
        if (offline || loop.isClosed() || connection != null) {
            return;
        }
        if (reconnect != null) {
            reconnect.cancel();
            reconnect = null;
        }
        servers.moveIfDue(loop.now());
        status.become(ConnectionStatus.CONNECTING, status.code());
        int mine = ++generation;
        servers.current().connector().connect(new ConnectionListener() {
            @Override
            public void opened(Connection to) {
                loop.run(() -> {
                    if (mine == generation) {
                        greet(to);
                    } else {
                        to.close(1000, "");
                    }
                });
            }

            @Override
            public void message(byte[] message) {
                loop.run(() -> {
                    if (mine == generation) {
                        receive(message);
                    }
                });
            }

            @Override
            public void part() {
                loop.run(() -> {
                    ClientSession at = session;
                    if (mine == generation && at != null) {
                        at.heard(loop.now());
                    }
                });
            }

            @Override
            public void closed(int closeCode, String reason) {
                loop.run(() -> {
                    if (mine == generation) {
                        lost(closeCode, reason);
                    }
                });
            }
        });
    }

    private void greet(Connection to) {
        if (!ledger.prepareFor(servers.current().judge())) {
            to.close(1000, "");
            return;
        }
        connection = to;
        status.caughtUp(false);
        session = new ClientSession(
                limits,
                ledger.hello(name, SOFTWARE, token),
                ledger.queue().knownChain(),
                ledger.queue()::sendable,
                new Effects(to),
                loop.now());
        to.next();
        schedule();
    }

    private void receive(byte[] message) {
        ClientSession at = session;
        if (at == null) {
            return;
        }
        try {
            at.received(message, loop.now());
        } catch (MalformedDeltaException | ReplicaConflictException e) {
            status.become(ConnectionStatus.ERROR, FailureCode.MALFORMED.label());
            drop(FailureCode.MALFORMED.closeCode(), FailureCode.MALFORMED.label());
        }
        if (session != null) {
            ledger.queue().markSent(at::hasSent);
        }
        if (connection != null) {
            connection.next();
        }
        schedule();
    }

    private void lost(int closeCode, String reason) {
        if (session != null) {
            session.disconnected();
        }
        Optional<FailureCode> known = FailureCode.of(reason);
        drop(0, "");
        if (FailureCode.isFinal(closeCode)) {
            ended(known.map(FailureCode::label).orElse("closed-" + closeCode), false);
        }
        retryLater();
    }

    /** What the end of a session means beyond the connection. */
    private void ended(String why, boolean isRetryable) {
        if (why.equals(FailureCode.REPLICA_CONFLICT.label())) {
            ledger.leaveReplica();
        } else if (why.equals(FailureCode.LEASE_ELSEWHERE.label())) {
            ledger.leaveJudge();
        } else if (why.equals(FailureCode.SESSION_REPLACED.label())) {
            replaced();
        } else if (why.equals(FailureCode.EQUIVOCATION.label())) {
            ledger.leaveReplicaInDoubt();
        } else if (why.equals(FailureCode.EPOCH_CHANGED.label())) {
            ledger.enterOtherEpoch();
        } else if (why.equals(FailureCode.DOCUMENT_DELETED.label())) {
            ledger.startOver(why, "the document was deleted");
            status.become(ConnectionStatus.ERROR, why);
            return;
        } else if (!isRetryable) {
            status.become(ConnectionStatus.ERROR, why);
            return;
        }
        status.become(ConnectionStatus.DISCONNECTED, why);
    }

    /**
     * Another session has opened under this replica id. It may be the last breath of a connection of this client's own, whose
     * Hello was read late; the next Welcome tells what became of each write. If it comes again at once, a copy of this
     * client is alive, and one of the two has to give way.
     */
    private void replaced() {
        long at = loop.now();
        if (replacedAt != 0 && at - replacedAt < Backoff.HEALTHY_MILLIS) {
            ledger.leaveReplicaInDoubt();
            replacedAt = 0;
        } else {
            replacedAt = at;
        }
    }

    void leave() {
        if (reconnect != null) {
            reconnect.cancel();
            reconnect = null;
        }
        if (session != null) {
            session.leave(loop.now());
        }
        drop(1000, "");
    }

    /** Lets go of the connection; close code 0 if it has closed already. */
    void drop(int closeCode, String reason) {
        generation++;
        Connection old = connection;
        connection = null;
        session = null;
        live.disconnected();
        if (old != null && closeCode != 0) {
            old.close(closeCode, reason);
        }
        if (connectedAt != 0 && loop.now() - connectedAt >= Backoff.HEALTHY_MILLIS) {
            backoff.reset();
        }
        connectedAt = 0;
        presences.clear();
        schedule();
    }

    private void retryLater() {
        servers.failed(loop.now());
        if (offline || loop.isClosed() || connection != null || reconnect != null || loop.isShutdown()) {
            return;
        }
        if (status.connection() == ConnectionStatus.ERROR) {
            return;
        }
        status.become(ConnectionStatus.DISCONNECTED, status.code());
        reconnect = loop.after(backoff.next(), () -> {
            reconnect = null;
            connect();
        });
    }

    /** What the session of one connection asks for. */
    private final class Effects implements ClientEffects {
        private final Connection to;

        Effects(Connection to) {
            this.to = to;
        }

        @Override
        public void send(byte[] frame) {
            to.send(frame);
        }

        @Override
        public void close(int closeCode, String reason) {
            drop(closeCode, reason);
            retryLater();
        }

        @Override
        public void welcomed(Welcome welcome, Resume resume) {
            if (resume instanceof Resume.Continued continued) {
                ledger.learnEpoch(welcome.epoch());
                servers.isWell();
                if (!ledger.bindTo(servers.current().judge(), welcome.log())) {
                    return;
                }
                connectedAt = loop.now();
                if (continued.unknown().isEmpty()) {
                    ledger.confirm(NOTHING, continued.settled());
                } else {
                    ledger.leaveInDoubt(welcome, continued.settled(), continued.unknown());
                }
                status.become(ConnectionStatus.CONNECTED, "");
                live.welcomed(welcome);
                ClientSession at = session;
                if (at != null && presences.own().length > 0) {
                    at.presence(presences.own(), loop.now());
                }
            } else if (resume instanceof Resume.Forked forked) {
                ledger.leaveReplica(forked);
            } else {
                ledger.enterOtherEpoch();
            }
        }

        @Override
        public void update(Update update, List<Settlement> settled) {
            ledger.confirm(update.fragment(), settled);
            live.updated(update);
            status.caughtUp(true);
        }

        @Override
        public void watermark(Watermark watermark) {
            live.heard(watermark);
        }

        @Override
        public void presence(long from, byte[] payload) {
            presences.heard(from, payload);
        }

        @Override
        public void oversized(PendingWrite write, int maxFragmentBytes) {
            ledger.refuseOversized(write.first());
        }

        @Override
        public void failed(Failure failure) {
            ended(failure.code(), failure.retryable());
        }
    }
}
