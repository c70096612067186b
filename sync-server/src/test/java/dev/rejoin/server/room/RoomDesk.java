package dev.rejoin.server.room;

import dev.rejoin.crdt.DeltaLimits;
import dev.rejoin.crdt.yjs.UpdateLimits;
import dev.rejoin.sync.awareness.AwarenessLimits;
import dev.rejoin.sync.wire.AckLevel;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Rooms whose loop and log do only what a test says. What a test varies it sets before it asks for {@link #rooms}. */
class RoomDesk {
    final ManualLoop loop = new ManualLoop();
    final FakeLog log = new FakeLog();
    MutationValidator validator = MutationValidator.ACCEPT_ALL;
    ContentValidator contentValidator = ContentValidator.ACCEPT_ALL;
    RoomOptions options = RoomOptions.DEFAULTS;
    RoomObserver observer = RoomObserver.SILENT;
    OtherServers others = OtherServers.NONE;
    AdmissionListener admissions = AdmissionListener.NONE;
    long seed = 42;
    private @Nullable Rooms rooms;

    @Nullable
    Epochs epochs;

    private int reopened;

    Rooms rooms() {
        Rooms made = rooms;
        if (made == null) {
            Random random = new Random(seed + reopened);
            made = new Rooms(
                    List.of(loop),
                    new RoomKit(
                            log,
                            validator,
                            contentValidator,
                            options,
                            DeltaLimits.UNLIMITED,
                            UpdateLimits.DEFAULT,
                            AwarenessLimits.DEFAULT,
                            loop::millis,
                            random,
                            AckLevel.DURABLE,
                            observer,
                            others,
                            epochs == null ? Epochs.random(random) : epochs));
            made.tellOfAdmissions(admissions);
            rooms = made;
        }
        return made;
    }

    /** The next {@link #rooms} know what is in the log. */
    void reopen() {
        reopened++; // else a server would be its own predecessor
        rooms = null;
    }

    /** Makes durable all that was asked for, and what comes of that. */
    void commit() {
        int before;
        do {
            loop.run();
            before = log.appends;
            log.commit();
            loop.run();
        } while (log.appends != before);
        log.commit();
        loop.run();
    }
}
