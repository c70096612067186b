package dev.rejoin.sync.session;

import dev.rejoin.crdt.Chain;
import dev.rejoin.sync.wire.ClientMessage;
import dev.rejoin.sync.wire.Failure;
import dev.rejoin.sync.wire.Frames;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.Presence;
import dev.rejoin.sync.wire.ProtocolLimits;
import dev.rejoin.sync.wire.ServerMessage;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Welcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A client session whose effects are kept in lists, over pending transactions kept in one. */
final class RecordedClient implements ClientEffects {
    static final long EPOCH = 5;

    final List<PendingWrite> pending = new ArrayList<>();
    final List<ClientMessage> sent = new ArrayList<>();
    final List<Settlement> settled = new ArrayList<>();
    final List<Update> updates = new ArrayList<>();
    final List<Presence> presence = new ArrayList<>();

    @Nullable
    Resume resume;

    @Nullable
    Failure failure;

    int closeCode;
    final ClientSession session;

    RecordedClient(long verdictsKnown, int knownChain, int... lengths) {
        this(0, verdictsKnown, knownChain, lengths);
    }

    private RecordedClient(long lessor, long verdictsKnown, int knownChain, int[] lengths) {
        long first = verdictsKnown + 1;
        int chain = knownChain;
        for (int length : lengths) {
            byte[] fragment = {(byte) first, (byte) length};
            chain = Chain.extend(chain, fragment);
            pending.add(new PendingWrite(first, first + length - 1, chain, fragment));
            first += length;
        }
        Hello hello = new Hello(
                "notes/1", 1, new byte[16], EPOCH, new byte[] {0x56}, verdictsKnown, "test", "", new byte[0], lessor);
        session = new ClientSession(ProtocolLimits.DEFAULT, hello, knownChain, this::after, this, 0);
    }

    /** With three pending transactions at dots 1..1, 2..4 and 5..5, welcomed by a server that knows nothing of them. */
    static RecordedClient open() {
        RecordedClient client = new RecordedClient(0, 0, 1, 3, 1);
        client.receive(welcome(EPOCH, 0, 0, List.of()), 0);
        return client;
    }

    /** With one pending transaction, under a replica id that the server with this log has leased. */
    static RecordedClient leasedBy(long lessor) {
        return new RecordedClient(lessor, 0, 0, new int[] {1});
    }

    /** Of a server with this log that knows nothing of the replica. */
    static Welcome welcome(long log) {
        return new Welcome(
                EPOCH,
                9,
                dev.rejoin.sync.wire.Position.START,
                0,
                0,
                List.of(),
                1 << 20,
                2,
                10_000,
                0,
                dev.rejoin.sync.wire.Standing.NONE,
                false,
                log);
    }

    static Welcome welcome(long epoch, long judged, int chain, List<dev.rejoin.sync.wire.Verdict> verdicts) {
        return new Welcome(
                epoch, 9, dev.rejoin.sync.wire.Position.START, judged, chain, verdicts, 1 << 20, 2, 10_000, 0);
    }

    Optional<PendingWrite> after(long dot) {
        return pending.stream().filter(write -> write.first() > dot).findFirst();
    }

    void receive(ServerMessage message, long now) {
        session.received(Frames.encode(message), now);
    }

    @Override
    public void send(byte[] frame) {
        if (closeCode != 0) {
            throw new AssertionError("sent after close");
        }
        sent.add(Frames.decodeClient(frame, ProtocolLimits.DEFAULT));
    }

    @Override
    public void close(int code, String reason) {
        if (closeCode != 0) {
            throw new AssertionError("closed twice");
        }
        closeCode = code;
    }

    @Override
    public void welcomed(Welcome welcome, Resume resume) {
        this.resume = resume;
    }

    @Override
    public void update(Update update, List<Settlement> settled) {
        updates.add(update);
        this.settled.addAll(settled);
    }

    @Override
    public void presence(long session, byte[] payload) {
        presence.add(new Presence(session, payload));
    }

    @Override
    public void oversized(PendingWrite write, int maxFragmentBytes) {
        int at = pending.indexOf(write);
        pending.set(at, new PendingWrite(write.first(), write.last(), 0, new byte[] {42}));
    }

    @Override
    public void failed(Failure failure) {
        this.failure = failure;
    }
}
