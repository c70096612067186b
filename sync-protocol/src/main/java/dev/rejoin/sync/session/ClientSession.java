package dev.rejoin.sync.session;

import dev.rejoin.sync.awareness.PresencePacer;
import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.ClientMessage;
import dev.rejoin.sync.wire.Failure;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.Frames;
import dev.rejoin.sync.wire.Goodbye;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.Ping;
import dev.rejoin.sync.wire.Pong;
import dev.rejoin.sync.wire.Position;
import dev.rejoin.sync.wire.Presence;
import dev.rejoin.sync.wire.Progress;
import dev.rejoin.sync.wire.ProtocolException;
import dev.rejoin.sync.wire.ProtocolLimits;
import dev.rejoin.sync.wire.Rejection;
import dev.rejoin.sync.wire.ServerMessage;
import dev.rejoin.sync.wire.Submit;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Watermark;
import dev.rejoin.sync.wire.Welcome;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The client's end of one connection as a state machine: frames and time go in, {@link ClientEffects} come out.
 *
 * <p>It says Hello, finds out what became of the pending transactions, sends the others in order within the server's
 * window, matches verdicts to transactions, and keeps heartbeats. Fragments pass through as opaque bytes. One session
 * serves one connection; a reconnect makes a new one.
 *
 * <p>Single-owner, no threads, no sockets, no clock: {@code nowMillis} is any monotonic clock in milliseconds, the same
 * for all calls. The owner calls {@link #tick} when {@link #nextDeadline} has come. Memory is bounded by the window.
 *
 * <p>Source: docs/reference/sync-protocol.md.
 */
public final class ClientSession {
    private static final long PROGRESS_INTERVAL_MILLIS = 1_000;
    private static final byte[] NO_PRESENCE = {};

    private enum State {
        WAITING,
        OPEN,
        CLOSED
    }

    private record Span(long first, long last) {}

    private final ProtocolLimits limits;
    private final Hello hello;
    private final int knownChain;
    private final PendingWrites pending;
    private final ClientEffects effects;
    private final ArrayDeque<Span> inFlight = new ArrayDeque<>();
    private final PresencePacer pacer;

    private State state = State.WAITING;
    private @Nullable Welcome welcome;
    private long sentThrough;
    private long ackedThrough;
    private long savedThrough;
    private long reportedThrough;
    private long progressAt;
    private Position position = Position.START;
    private long heardAt;
    private long sentAt;
    private long nonce;

    /**
     * The session of a connection that has just been opened; says Hello at once.
     *
     * @param knownChain the chain at {@code hello.verdictsKnown()}
     * @param pending the transactions above {@code hello.verdictsKnown()}
     */
    public ClientSession(
            ProtocolLimits limits,
            Hello hello,
            int knownChain,
            PendingWrites pending,
            ClientEffects effects,
            long nowMillis) {
        this.limits = limits;
        this.hello = hello;
        this.knownChain = knownChain;
        this.pending = pending;
        this.effects = effects;
        this.pacer = new PresencePacer(limits.presencePerSecond());
        this.savedThrough = hello.verdictsKnown();
        this.reportedThrough = hello.verdictsKnown();
        this.progressAt = nowMillis - PROGRESS_INTERVAL_MILLIS;
        this.heardAt = nowMillis;
        send(hello, nowMillis);
    }

    /** A binary message has arrived. One that breaks the protocol ends the session; nothing is thrown for it. */
    public void received(byte[] frame, long nowMillis) {
        if (state == State.CLOSED) {
            return;
        }
        heardAt = nowMillis;
        try {
            accept(Frames.decodeServer(frame, limits), nowMillis);
        } catch (ProtocolException e) {
            fail(e.code(), Objects.requireNonNullElse(e.getMessage(), ""));
        }
    }

    /** A part of a message has arrived: a sign of life, when a large state takes long. */
    public void heard(long nowMillis) {
        heardAt = nowMillis;
    }

    /** The socket has closed; nothing more comes out. */
    public void disconnected() {
        state = State.CLOSED;
    }

    /** Leaves on purpose: reports what is known, says goodbye and closes. Does nothing if the session has ended. */
    public void leave(long nowMillis) {
        if (state == State.CLOSED) {
            return;
        }
        if (state == State.OPEN && savedThrough > reportedThrough) {
            report(nowMillis);
        }
        send(new Goodbye(), nowMillis);
        state = State.CLOSED;
        effects.close(1000, "");
    }

    /** There may be more to send: {@link PendingWrites} has grown. */
    public void pump(long nowMillis) {
        if (state != State.OPEN || welcome == null) {
            return;
        }
        while (inFlight.size() < welcome.maxInFlight()) {
            Optional<PendingWrite> next = pending.after(sentThrough);
            if (next.isEmpty()) {
                return;
            }
            byte[] frame = Frames.encode(new Submit(next.get().fragment()));
            if (frame.length > welcome.maxFrameBytes()) {
                int overhead = frame.length - next.get().fragment().length;
                effects.oversized(next.get(), welcome.maxFrameBytes() - overhead);
                next = pending.after(sentThrough);
                frame = Frames.encode(new Submit(next.orElseThrow().fragment()));
                if (frame.length > welcome.maxFrameBytes()) {
                    // a limit under which not even an empty transaction fits is no limit a server may announce
                    fail(
                            FailureCode.PROTOCOL_ERROR,
                            "the server takes frames of " + welcome.maxFrameBytes() + " bytes at most");
                    return;
                }
                if (state != State.OPEN) {
                    return;
                }
            }
            sentThrough = next.get().last();
            inFlight.add(new Span(next.get().first(), next.get().last()));
            transmit(frame, nowMillis);
        }
    }

    /** Verdicts on own dots up to here have been durably recorded; the server is told, at most once a second. */
    public void verdictsSaved(long through, long nowMillis) {
        savedThrough = Math.max(savedThrough, through);
        reportIfDue(nowMillis);
    }

    /** Sets the own presence, an encoded value; empty = none. Held to the rate of the protocol. */
    public void presence(byte[] payload, long nowMillis) {
        if (payload.length > limits.maxPresenceBytes()) {
            throw new IllegalArgumentException(
                    "presence must have at most " + limits.maxPresenceBytes() + " bytes, not " + payload.length);
        }
        pacer.offer(payload);
        passPresence(nowMillis);
    }

    /** Asks the server for an answer; not before it has welcomed the session. */
    public void await(Await question, long nowMillis) {
        if (state == State.OPEN) {
            send(question, nowMillis);
        }
    }

    /** Withdraws the own presence. */
    public void leavePresence(long nowMillis) {
        presence(NO_PRESENCE, nowMillis);
    }

    /** Does what has become due: heartbeat, silence, the report of verdicts, presence that waited for its rate. */
    public void tick(long nowMillis) {
        if (state == State.CLOSED) {
            return;
        }
        if (nowMillis - heardAt >= silenceMillis()) {
            fail(FailureCode.TIMEOUT, "nothing heard for " + silenceMillis() + " ms");
            return;
        }
        if (state != State.OPEN || welcome == null) {
            return;
        }
        reportIfDue(nowMillis);
        passPresence(nowMillis);
        if (nowMillis - sentAt >= welcome.heartbeatMillis()) {
            send(new Ping(++nonce), nowMillis);
        }
    }

    /** When {@link #tick} has something to do, on the caller's clock; {@link Long#MAX_VALUE} if never. */
    public long nextDeadline() {
        if (state == State.CLOSED) {
            return Long.MAX_VALUE;
        }
        long deadline = heardAt + silenceMillis();
        if (state == State.OPEN && welcome != null) {
            deadline = Math.min(deadline, sentAt + welcome.heartbeatMillis());
            deadline = Math.min(deadline, pacer.nextDeadline());
            if (savedThrough > reportedThrough) {
                deadline = Math.min(deadline, progressAt + PROGRESS_INTERVAL_MILLIS);
            }
        }
        return deadline;
    }

    /** Whether the server has taken the session in and it has not ended. */
    public boolean isOpen() {
        return state == State.OPEN;
    }

    public boolean isClosed() {
        return state == State.CLOSED;
    }

    /** Whether a transaction with these dots has been sent on this connection. */
    public boolean hasSent(long last) {
        return last <= sentThrough;
    }

    private void accept(ServerMessage message, long nowMillis) {
        if (message instanceof Failure failure) {
            state = State.CLOSED;
            effects.failed(failure);
            effects.close(1000, "");
            return;
        }
        if (state == State.WAITING) {
            if (!(message instanceof Welcome first)) {
                throw new ProtocolException(FailureCode.PROTOCOL_ERROR, "the first message must be a Welcome");
            }
            if (hello.lessor() != 0 && hello.lessor() != first.log()) {
                // a server that would have to refuse, and does not know it
                fail(FailureCode.LEASE_ELSEWHERE, "another server has leased the replica id");
                return;
            }
            welcomed(first, nowMillis);
        } else if (message instanceof Update update) {
            updated(update, nowMillis);
        } else if (message instanceof Watermark watermark) {
            position = watermark.position();
            effects.watermark(watermark);
        } else if (message instanceof Presence presence) {
            effects.presence(presence.session(), presence.payload());
        } else if (message instanceof Ping ping) {
            send(new Pong(ping.nonce()), nowMillis);
        } else if (message instanceof Welcome) {
            throw new ProtocolException(FailureCode.PROTOCOL_ERROR, "only the first message may be a Welcome");
        }
    }

    private void welcomed(Welcome first, long nowMillis) {
        Resume resume = Resume.of(hello, knownChain, pending, first);
        if (resume instanceof Resume.Continued) {
            welcome = first;
            state = State.OPEN;
            ackedThrough = first.judgedThrough();
            sentThrough = first.judgedThrough();
            effects.welcomed(first, resume);
            passPresence(nowMillis);
            pump(nowMillis);
        } else {
            send(new Goodbye(), nowMillis);
            state = State.CLOSED;
            effects.close(1000, "");
            effects.welcomed(first, resume);
        }
    }

    private void updated(Update update, long nowMillis) {
        List<Settlement> settled = settle(update);
        position = update.position();
        effects.update(update, settled);
        pump(nowMillis);
    }

    private List<Settlement> settle(Update update) {
        if (update.ackedThrough() > sentThrough) {
            throw new ProtocolException(
                    FailureCode.PROTOCOL_ERROR,
                    "acked_through " + update.ackedThrough() + " lies above the last dot sent, " + sentThrough);
        }
        List<Settlement> settled = new ArrayList<>();
        int rejected = 0;
        while (!inFlight.isEmpty() && inFlight.getFirst().last() <= update.ackedThrough()) {
            Span span = inFlight.removeFirst();
            ackedThrough = span.last();
            Optional<Rejection> rejection = rejected < update.rejections().size()
                    ? Optional.of(update.rejections().get(rejected))
                    : Optional.empty();
            if (rejection.isPresent()
                    && rejection.get().first() == span.first()
                    && rejection.get().last() == span.last()) {
                rejected++;
                settled.add(new Settlement(
                        span.first(),
                        span.last(),
                        rejection.get().code(),
                        rejection.get().message(),
                        update.level()));
            } else {
                settled.add(new Settlement(span.first(), span.last(), "", "", update.level()));
            }
        }
        if (rejected < update.rejections().size()) {
            throw new ProtocolException(
                    FailureCode.PROTOCOL_ERROR,
                    "rejection of " + update.rejections().get(rejected) + ", which is not a transaction in flight");
        }
        if (update.ackedThrough() > ackedThrough) {
            throw new ProtocolException(
                    FailureCode.PROTOCOL_ERROR,
                    "acked_through " + update.ackedThrough() + " lies within a transaction");
        }
        return settled;
    }

    private void reportIfDue(long nowMillis) {
        if (state == State.OPEN
                && savedThrough > reportedThrough
                && nowMillis - progressAt >= PROGRESS_INTERVAL_MILLIS) {
            report(nowMillis);
        }
    }

    private void report(long nowMillis) {
        reportedThrough = savedThrough;
        progressAt = nowMillis;
        send(new Progress(savedThrough, position), nowMillis);
    }

    private void passPresence(long nowMillis) {
        if (state == State.OPEN) {
            pacer.poll(nowMillis).ifPresent(payload -> send(new Presence(0, payload), nowMillis));
        }
    }

    private long silenceMillis() {
        return welcome == null ? limits.silenceMillis() : ProtocolLimits.silenceMillis(welcome.heartbeatMillis());
    }

    private void fail(FailureCode code, String message) {
        state = State.CLOSED;
        effects.failed(Failure.of(code, message));
        effects.close(code.closeCode() == 1012 ? 1000 : code.closeCode(), code.label());
    }

    private void send(ClientMessage message, long nowMillis) {
        transmit(Frames.encode(message), nowMillis);
    }

    private void transmit(byte[] frame, long nowMillis) {
        sentAt = nowMillis;
        effects.send(frame);
    }
}
