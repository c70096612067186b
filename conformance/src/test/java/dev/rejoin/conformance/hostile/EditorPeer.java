package dev.rejoin.conformance.hostile;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.conformance.process.RawPeer;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.sync.dialect.DialectMessage;
import dev.rejoin.sync.dialect.Framing;
import dev.rejoin.sync.dialect.YWebsocketFrames;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** An editor on the protocol of y-websocket, frame by frame: what it sends is what a test wants, what it hears it knows. */
final class EditorPeer implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(30);

    final RawPeer raw;
    final YDoc doc = YDoc.create();

    private EditorPeer(RawPeer raw) {
        this.raw = raw;
    }

    /** One who has joined and said nothing. */
    static EditorPeer join(int port, String document) throws IOException {
        return join(port, document, 0);
    }

    /** The same with little room in its kernel for what it does not read. */
    static EditorPeer join(int port, String document, int receiveBufferBytes) throws IOException {
        return new EditorPeer(RawPeer.connect(port, receiveBufferBytes).upgrade("/yjs/" + document, ""));
    }

    void synchronise() throws IOException {
        raw.send(Framing.Y_WEBSOCKET.syncStep1(doc.encodeStateVector()));
    }

    void update(byte[] update) throws IOException {
        raw.send(Framing.Y_WEBSOCKET.update(update));
    }

    void awareness(byte[] update) throws IOException {
        raw.send(Framing.Y_WEBSOCKET.awareness(update));
    }

    /** Reads until what it has contains the text; everything it hears is applied. */
    void await(String text) throws IOException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (doc.getText("t").toString().indexOf(text) < 0) {
            assertTrue(System.nanoTime() < end, "waited in vain for " + text);
            hear();
        }
    }

    /** Reads one frame. */
    void hear() throws IOException {
        for (DialectMessage message : YWebsocketFrames.decode(raw.nextBinary(PATIENCE))) {
            if (message instanceof DialectMessage.SyncStep2 step) {
                doc.applyUpdate(step.update());
            } else if (message instanceof DialectMessage.Update update) {
                doc.applyUpdate(update.update());
            }
        }
    }

    /** What the server says at the end: the close code, 0 if it says nothing. */
    int closeCode() throws IOException {
        return raw.close(PATIENCE).closeCode();
    }

    /** Sends the same until the other side has had enough, or for so long. */
    void flood(byte[] frame, int times) throws InterruptedException {
        try {
            for (int i = 0; i < times; i++) {
                raw.send(frame);
            }
        } catch (IOException closed) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    @Override
    public void close() throws IOException {
        raw.close();
    }
}
