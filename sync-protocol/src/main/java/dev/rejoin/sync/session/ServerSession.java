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
import dev.rejoin.sync.wire.ServerMessage;
import dev.rejoin.sync.wire.Submit;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Watermark;
import dev.rejoin.sync.wire.Welcome;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * The server's end of one connection as a state machine: frames and time go in, {@link ServerEffects} come out.
 *
 * <p>It owns what can be decided without the document: the order of messages, the limits, heartbeats and silence, the
 * rate of presence, and what may be sent while the socket takes nothing. Fragments pass through as opaque bytes.
 *
 * <p>Single-owner, no threads, no sockets, no clock: {@code nowMillis} is any monotonic clock in milliseconds, the same
 * for all calls. The owner calls {@link #tick} when {@link #nextDeadline} has come. Memory is bounded by one presence
 * payload of its own, and one reference per session of the room while the socket is not writable.
 *
 * <p>Source: docs/reference/sync-protocol.md.
 */
public final class ServerSession implements PeerSession {
    private enum State {
        /** Connected, no Hello yet. */
        WAITING,
        /** The room has the Hello; nothing may come from the client until it has the Welcome. */
        OPENING,
        OPEN,
        CLOSED
    }

    private final ProtocolLimits limits;
    private final long log;
    private final ServerEffects effects;
    private final LongSupplier wallClockMillis;
    private final PresencePacer pacer;
    private final Map<Long, byte[]> unsentPresence = new LinkedHashMap<>();

    private State state = State.WAITING;
    private boolean writable = true;
    private boolean pongOwed;
    private long pongNonce;
    private int inFlight;
    private Position position = Position.START;
    private long openedAt;
    private long heardAt;
    private long sentAt;

    /**
     * The session of a connection that has just been accepted.
     *
     * @param log names the log that what is submitted here goes into, not 0
     * @param wallClockMillis the time that clients are told
     */
    public ServerSession(
            ProtocolLimits limits, long log, ServerEffects effects, LongSupplier wallClockMillis, long nowMillis) {
        this.limits = limits;
        this.log = log;
        this.effects = effects;
        this.wallClockMillis = wallClockMillis;
        this.pacer = new PresencePacer(limits.presencePerSecond());
        this.openedAt = nowMillis;
        this.heardAt = nowMillis;
        this.sentAt = nowMillis;
    }

    /** A binary message has arrived. Bad ones end the session; nothing is thrown for them. */
    @Override
    public void received(byte[] frame, long nowMillis) {
        if (state == State.CLOSED) {
            return;
        }
        heardAt = nowMillis;
        try {
            accept(Frames.decodeClient(frame, limits), nowMillis);
        } catch (ProtocolException e) {
            fail(e.code(), describe(e), nowMillis);
        }
    }

    /** A text message has arrived, which this protocol does not have. */
    @Override
    public void receivedText(long nowMillis) {
        fail(FailureCode.PROTOCOL_ERROR, "messages must be binary", nowMillis);
    }

    /** The protocol has its own signs of life, but others count as well. */
    @Override
    public void heard(long nowMillis) {
        heardAt = nowMillis;
    }

    /** The socket takes more, or does not. While it does not, the session adds no heartbeat, pong or presence to it. */
    @Override
    public void writable(boolean writable, long nowMillis) {
        this.writable = writable;
        if (!writable || state != State.OPEN) {
            return;
        }
        if (pongOwed) {
            pongOwed = false;
            send(new Pong(pongNonce), nowMillis);
        }
        unsentPresence.forEach((session, payload) -> send(new Presence(session, payload), nowMillis));
        unsentPresence.clear();
    }

    /** The socket has closed; nothing more comes out. */
    @Override
    public void disconnected() {
        state = State.CLOSED;
        unsentPresence.clear();
    }

    /** Does what has become due: heartbeat, silence, the Hello deadline, presence that waited for its rate. */
    @Override
    public void tick(long nowMillis) {
        switch (state) {
            case WAITING -> {
                if (nowMillis - openedAt >= limits.helloDeadlineMillis()) {
                    fail(FailureCode.TIMEOUT, "no Hello within " + limits.helloDeadlineMillis() + " ms", nowMillis);
                }
            }
            case OPEN -> {
                if (nowMillis - heardAt >= limits.silenceMillis()) {
                    fail(FailureCode.TIMEOUT, "nothing heard for " + limits.silenceMillis() + " ms", nowMillis);
                    return;
                }
                passPresence(nowMillis);
                if (nowMillis - sentAt >= limits.heartbeatMillis() && state == State.OPEN) {
                    if (writable) {
                        send(new Watermark(position, wallClockMillis.getAsLong()), nowMillis);
                    } else {
                        sentAt = nowMillis;
                    }
                }
            }
            case OPENING, CLOSED -> {}
        }
    }

    /** When {@link #tick} has something to do, on the caller's clock; {@link Long#MAX_VALUE} if never. */
    @Override
    public long nextDeadline() {
        return switch (state) {
            case WAITING -> openedAt + limits.helloDeadlineMillis();
            case OPENING, CLOSED -> Long.MAX_VALUE;
            case OPEN ->
                Math.min(
                        Math.min(heardAt + limits.silenceMillis(), sentAt + limits.heartbeatMillis()),
                        pacer.nextDeadline());
        };
    }

    /**
     * Answers the Hello: sends the Welcome, then the update that brings the client up to date. Does nothing if the
     * session has ended meanwhile.
     *
     * @throws IllegalStateException if there is no Hello to answer
     */
    public void welcome(Admission admission, Update first, long nowMillis) {
        if (state == State.CLOSED) {
            return;
        }
        if (state != State.OPENING) {
            throw new IllegalStateException("welcome in state " + state);
        }
        state = State.OPEN;
        heardAt = nowMillis;
        send(
                new Welcome(
                        admission.epoch(),
                        admission.session(),
                        first.position(),
                        admission.judgedThrough(),
                        admission.chain(),
                        admission.verdicts(),
                        limits.maxFrameBytes(),
                        limits.maxInFlight(),
                        limits.heartbeatMillis(),
                        wallClockMillis.getAsLong(),
                        admission.standing(),
                        admission.behind(),
                        log),
                nowMillis);
        relay(Frames.encode(first), first.position(), nowMillis);
    }

    /**
     * Sends an update.
     *
     * @param judged how many of the transactions that this session submitted have their verdict in it
     */
    public void update(Update update, int judged, long nowMillis) {
        if (state == State.CLOSED) {
            return;
        }
        if (judged < 0 || judged > inFlight) {
            throw new IllegalArgumentException(judged + " verdicts for " + inFlight + " transactions in flight");
        }
        inFlight -= judged;
        relay(Frames.encode(update), update.position(), nowMillis);
    }

    /** Sends the frame of an Update or a Watermark that was encoded elsewhere, for many sessions perhaps, and carries no verdicts. */
    public void relay(byte[] frame, Position position, long nowMillis) {
        if (state == State.CLOSED) {
            return;
        }
        if (state != State.OPEN) {
            throw new IllegalStateException("update in state " + state);
        }
        this.position = position;
        sentAt = nowMillis;
        effects.send(frame);
    }

    /** Sends the presence of another session; while the socket takes nothing, only the newest of each waits. */
    public void presence(long session, byte[] payload, long nowMillis) {
        if (state != State.OPEN) {
            return;
        }
        if (writable) {
            send(new Presence(session, payload), nowMillis);
        } else {
            unsentPresence.put(session, payload);
        }
    }

    /** Ends the session: sends a Failure and closes. Does nothing if it has ended already. */
    @Override
    public void fail(FailureCode code, String message, long nowMillis) {
        if (state == State.CLOSED) {
            return;
        }
        send(Failure.of(code, message), nowMillis);
        state = State.CLOSED;
        unsentPresence.clear();
        effects.close(code.closeCode(), code.label());
    }

    /** Whether the Welcome has been sent and the session has not ended. */
    public boolean isOpen() {
        return state == State.OPEN;
    }

    @Override
    public boolean isClosed() {
        return state == State.CLOSED;
    }

    /** Transactions of this session that have no verdict yet. */
    public int inFlight() {
        return inFlight;
    }

    private void accept(ClientMessage message, long nowMillis) {
        if (message instanceof Goodbye) {
            state = State.CLOSED;
            unsentPresence.clear();
            effects.goodbye();
            effects.close(1000, "");
            return;
        }
        switch (state) {
            case WAITING -> {
                if (!(message instanceof Hello hello)) {
                    throw new ProtocolException(FailureCode.PROTOCOL_ERROR, "the first message must be a Hello");
                }
                Optional<String> flaw = DocumentName.flaw(hello.document());
                if (flaw.isPresent()) {
                    throw new ProtocolException(FailureCode.BAD_DOCUMENT_NAME, flaw.get());
                }
                if (hello.lessor() != 0 && hello.lessor() != log) {
                    // before anything is leased: what was submitted there may have been judged there
                    throw new ProtocolException(
                            FailureCode.LEASE_ELSEWHERE, "another server has leased the replica id");
                }
                state = State.OPENING;
                effects.hello(hello, DocumentName.of(hello.document()));
            }
            case OPENING ->
                throw new ProtocolException(
                        FailureCode.PROTOCOL_ERROR, "nothing may be sent between Hello and Welcome");
            case OPEN -> acceptOpen(message, nowMillis);
            case CLOSED -> {}
        }
    }

    private void acceptOpen(ClientMessage message, long nowMillis) {
        if (message instanceof Submit submit) {
            if (inFlight >= limits.maxInFlight()) {
                throw new ProtocolException(
                        FailureCode.TOO_MANY_IN_FLIGHT,
                        "more than " + limits.maxInFlight() + " transactions without a verdict");
            }
            inFlight++;
            effects.submit(submit.fragment());
        } else if (message instanceof Progress progress) {
            effects.progress(progress);
        } else if (message instanceof Presence presence) {
            pacer.offer(presence.payload());
            passPresence(nowMillis);
        } else if (message instanceof Ping ping) {
            if (writable) {
                send(new Pong(ping.nonce()), nowMillis);
            } else {
                pongOwed = true;
                pongNonce = ping.nonce();
            }
        } else if (message instanceof Await await) {
            effects.await(await);
        } else if (message instanceof Hello) {
            throw new ProtocolException(FailureCode.PROTOCOL_ERROR, "only the first message may be a Hello");
        }
    }

    private void passPresence(long nowMillis) {
        pacer.poll(nowMillis).ifPresent(effects::presence);
    }

    private void send(ServerMessage message, long nowMillis) {
        sentAt = nowMillis;
        effects.send(Frames.encode(message));
    }

    private static String describe(ProtocolException e) {
        String message = e.getMessage();
        return message == null ? "" : message;
    }
}
