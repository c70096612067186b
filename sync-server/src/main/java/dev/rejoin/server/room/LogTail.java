package dev.rejoin.server.room;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How much the log holds of a room since its last snapshot, and the replacing of that by a new snapshot, one at a time. Belongs to the loop of the
 * room.
 */
final class LogTail {
    private static final Logger LOG = LoggerFactory.getLogger(LogTail.class);

    private final Room room;
    private final RoomLoop loop;
    private final RoomOptions options;
    private long bytes;
    private int entries;
    private long imageBytes;
    private boolean imaging;
    private final List<Runnable> whenImaged = new ArrayList<>();

    LogTail(Room room, RoomLoop loop, RoomOptions options, Recovered recovered) {
        this.room = room;
        this.loop = loop;
        this.options = options;
        this.bytes = recovered.tailBytes();
        this.entries = recovered.tailEntries();
        this.imageBytes = recovered.imageBytes();
    }

    /** One entry more is durable. */
    void grow(long entryBytes) {
        bytes += entryBytes;
        entries++;
    }

    boolean isEmpty() {
        return entries == 0;
    }

    /** Of the last snapshot and everything since. */
    long storedBytes() {
        return imageBytes + bytes;
    }

    DocumentStats.Stored stored() {
        return new DocumentStats.Stored(imageBytes, bytes, entries);
    }

    boolean wantsImage() {
        return !imaging
                && (bytes > Math.max(options.snapshotMinBytes(), imageBytes) || entries > options.snapshotMaxEntries());
    }

    boolean isImaging() {
        return imaging;
    }

    /** Runs {@code done} when no snapshot is on its way. */
    void whenImaged(Runnable done) {
        if (imaging) {
            whenImaged.add(done);
        } else {
            done.run();
        }
    }

    /**
     * Replaces all of it, which ends with the entry {@code sequence}.
     *
     * @param image made on a thread of the log
     * @param then runs when it is over, stored or not, unless the room is gone
     */
    void replaceBy(Supplier<RoomImage> image, RoomLog.DocumentLog log, long sequence, Runnable then) {
        imaging = true;
        long coveredBytes = bytes;
        int coveredEntries = entries;
        log.replaceBy(image)
                .whenComplete((size, failure) -> loop.execute(() -> {
                    imaging = false;
                    List<Runnable> waiting = List.copyOf(whenImaged);
                    whenImaged.clear();
                    waiting.forEach(Runnable::run);
                    if (room.isGone()) {
                        return;
                    }
                    if (failure != null) {
                        LOG.error("the snapshot of '{}' at {} was not stored", room.name(), sequence, failure);
                    } else {
                        bytes -= coveredBytes;
                        entries -= coveredEntries;
                        imageBytes = size;
                    }
                    then.run();
                }));
    }
}
