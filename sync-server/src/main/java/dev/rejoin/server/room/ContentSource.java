package dev.rejoin.server.room;

import dev.rejoin.crdt.yjs.UpdateLimits;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The content of a document while it is bytes: one update that holds all of it, and what makes an engine of that. */
final class ContentSource implements Supplier<YDoc> {
    private final UpdateLimits limits;
    private byte[] bytes;
    private Consumer<YDoc> whenMade = engine -> {};

    /** @param bytes empty if there is no content */
    ContentSource(byte[] bytes, UpdateLimits limits) {
        this.bytes = bytes;
        this.limits = limits;
    }

    /** Who is told of each engine before anybody writes to it. */
    void whenMade(Consumer<YDoc> listener) {
        whenMade = listener;
    }

    /** All of the content, as long as there is no engine. */
    byte[] bytes() {
        return bytes;
    }

    /** Takes the content back from an engine. */
    void keep(byte[] state) {
        bytes = state;
    }

    /** An engine with the content. Linear in it. */
    @Override
    public YDoc get() {
        YDoc engine = YDoc.create(YDocOptions.defaults().withLimits(limits).withContradictionsRefused(true));
        if (bytes.length > 0) {
            engine.applyUpdate(bytes);
        }
        bytes = new byte[0];
        whenMade.accept(engine);
        return engine;
    }
}
