package dev.rejoin.server.storage;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/** The 64 random bits that name a log over all its openings. Kept as a property of it; a log from before there were names gets one. */
public final class LogName {
    private static final String PROPERTY = "log";

    private LogName() {}

    /**
     * The name of a log, which is given and kept if it has none, or if what is kept of it is damaged.
     *
     * @throws StoreDownException if it can be neither read nor kept
     */
    public static long of(DeltaLog log, LongSupplier random) {
        Optional<byte[]> stored = log.property(PROPERTY);
        if (stored.isPresent()) {
            try {
                ByteBuffer in = Envelope.property(PROPERTY).open(stored.get());
                if (in.remaining() == Long.BYTES) {
                    return in.getLong();
                }
            } catch (DamagedValueException damaged) {
                // a name says nothing but that two openings are of one log: with a new one nothing false is claimed
            }
        }
        long name = random.getAsLong();
        log.commit(List.of(renamed(name)));
        return name;
    }

    /** What gives a log another name. */
    static RowChange renamed(long name) {
        byte[] payload = ByteBuffer.allocate(Long.BYTES).putLong(name).array();
        return new RowChange.PutProperty(PROPERTY, Envelope.property(PROPERTY).seal(payload));
    }
}
