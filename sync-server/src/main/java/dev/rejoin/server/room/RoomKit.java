package dev.rejoin.server.room;

import dev.rejoin.crdt.DeltaLimits;
import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.crdt.yjs.UpdateLimits;
import dev.rejoin.sync.awareness.AwarenessLimits;
import dev.rejoin.sync.wire.AckLevel;
import java.util.random.RandomGenerator;

/**
 * What all rooms of a server share.
 *
 * @param time wall clock, for stamps and their skew
 * @param random source of epochs, session names and the server's own replica ids; safe to use from all loops
 * @param level what an ack of this server means: {@code DURABLE} when the log survives the process
 * @param epochs names the lives of documents
 * @param others who is asked for what is not here
 */
public record RoomKit(
        RoomLog log,
        MutationValidator validator,
        ContentValidator contentValidator,
        RoomOptions options,
        DeltaLimits deltaLimits,
        UpdateLimits updateLimits,
        AwarenessLimits awarenessLimits,
        TimeSource time,
        RandomGenerator random,
        AckLevel level,
        RoomObserver observer,
        OtherServers others,
        Epochs epochs) {
    /** Of a server that is alone. */
    public RoomKit(
            RoomLog log,
            MutationValidator validator,
            ContentValidator contentValidator,
            RoomOptions options,
            DeltaLimits deltaLimits,
            UpdateLimits updateLimits,
            AwarenessLimits awarenessLimits,
            TimeSource time,
            RandomGenerator random,
            AckLevel level,
            RoomObserver observer) {
        this(
                log,
                validator,
                contentValidator,
                options,
                deltaLimits,
                updateLimits,
                awarenessLimits,
                time,
                random,
                level,
                observer,
                OtherServers.NONE,
                Epochs.random(random));
    }
}
