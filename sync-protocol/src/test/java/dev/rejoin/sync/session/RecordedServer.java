package dev.rejoin.sync.session;

import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.ClientMessage;
import dev.rejoin.sync.wire.Frames;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.Position;
import dev.rejoin.sync.wire.Progress;
import dev.rejoin.sync.wire.ProtocolLimits;
import dev.rejoin.sync.wire.ServerMessage;
import dev.rejoin.sync.wire.Update;
import java.util.ArrayList;
import java.util.List;

/** A server session whose effects are kept in lists. */
final class RecordedServer implements ServerEffects {
    static final Hello HELLO = new Hello("notes/1", 1, new byte[16], 0, new byte[0], 0, "test", "");
    static final long LOG = 77;
    static final Admission ADMISSION = new Admission(5, 9, 0, 0, List.of());

    final List<ServerMessage> sent = new ArrayList<>();
    final List<Object> calls = new ArrayList<>();
    int closeCode;
    final ServerSession session;

    RecordedServer(ProtocolLimits limits) {
        session = new ServerSession(limits, LOG, this, () -> 1_700_000_000_000L, 0);
    }

    static RecordedServer open(ProtocolLimits limits) {
        RecordedServer server = new RecordedServer(limits);
        server.receive(HELLO, 0);
        server.session.welcome(ADMISSION, Update.of(Position.START, new byte[0]), 0);
        server.sent.clear();
        server.calls.clear();
        return server;
    }

    void receive(ClientMessage message, long now) {
        session.received(Frames.encode(message), now);
    }

    @Override
    public void send(byte[] frame) {
        if (closeCode != 0) {
            throw new AssertionError("sent after close");
        }
        sent.add(Frames.decodeServer(frame, ProtocolLimits.DEFAULT));
    }

    @Override
    public void close(int code, String reason) {
        if (closeCode != 0) {
            throw new AssertionError("closed twice");
        }
        closeCode = code;
    }

    @Override
    public void hello(Hello hello, DocumentName document) {
        calls.add(hello);
    }

    @Override
    public void submit(byte[] fragment) {
        calls.add(fragment);
    }

    @Override
    public void progress(Progress progress) {
        calls.add(progress);
    }

    @Override
    public void presence(byte[] payload) {
        calls.add(payload);
    }

    @Override
    public void await(Await question) {
        calls.add(question);
    }
}
