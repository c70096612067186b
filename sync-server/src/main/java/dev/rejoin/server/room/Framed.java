package dev.rejoin.server.room;

import dev.rejoin.sync.dialect.Framing;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One message for many editors, put into a frame once for each framing; {@code fan-out} of the server benchmarks. */
final class Framed {
    private final Function<Framing, byte[]> frame;
    private final Map<Framing, byte[]> frames = new HashMap<>(2);

    /* Neighbours mostly have the same, which spares looking its text up. */
    private @Nullable Framing last;
    private byte[] ofLast = {};

    Framed(Function<Framing, byte[]> frame) {
        this.frame = frame;
    }

    byte[] as(Framing framing) {
        if (framing != last) {
            ofLast = frames.computeIfAbsent(framing, frame);
            last = framing;
        }
        return ofLast;
    }
}
