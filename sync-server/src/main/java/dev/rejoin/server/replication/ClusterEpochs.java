package dev.rejoin.server.replication;

import dev.rejoin.server.room.Epochs;
import dev.rejoin.sync.session.ClusterSecret;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Names of lives that all servers of a cluster arrive at by themselves: of the first life from the name of the document, of each later one from
 * the life before it and what was done. So two servers that begin a document at the same moment begin the same life, and of two different ones a
 * server can tell which came of which, without having been there.
 */
public final class ClusterEpochs implements Epochs {
    /** So many deletions and revivals in a row are followed when two servers have been apart. */
    static final int MAX_STEPS = 10;

    private static final String FIRST = "rejoin epoch 1, first";
    private static final String RESTORED = "rejoin epoch 1, restored";
    private static final String ANEW = "rejoin epoch 1, anew";

    private final ClusterSecret secret;

    /** Names lives with this secret. */
    public ClusterEpochs(ClusterSecret secret) {
        this.secret = secret;
    }

    /** How two lives of a document are related. */
    enum Relation {
        SAME,
        /** The other one came of this one by restoring alone: it has all that this one had. */
        RESTORED_SINCE,
        /** The other one came of this one, and was begun anew on the way. */
        BEGUN_ANEW_SINCE,
        /** This one came of the other one. */
        OLDER,
        /** Neither came of the other one. */
        UNRELATED
    }

    @Override
    public long first(String document) {
        return name(FIRST, document, 0);
    }

    @Override
    public long restored(String document, long former) {
        return name(RESTORED, document, former);
    }

    @Override
    public long begunAnew(String document, long former) {
        return name(ANEW, document, former);
    }

    private long name(String act, String document, long former) {
        byte[] mac = secret.mac(
                act,
                document.getBytes(StandardCharsets.UTF_8),
                ByteBuffer.allocate(Long.BYTES).putLong(0, former).array());
        long bits = ByteBuffer.wrap(mac).getLong();
        return bits == 0 ? 1 : bits;
    }

    /** How {@code other} is related to {@code own}. At most 2<sup>{@value #MAX_STEPS} + 2</sup> hashes. */
    Relation relation(String document, long own, long other) {
        if (own == other) {
            return Relation.SAME;
        }
        Relation forward = descent(document, own, other);
        if (forward != Relation.UNRELATED) {
            return forward;
        }
        return descent(document, other, own) == Relation.UNRELATED ? Relation.UNRELATED : Relation.OLDER;
    }

    private record Life(long epoch, boolean anew) {}

    private Relation descent(String document, long from, long to) {
        List<Life> lives = List.of(new Life(from, false));
        for (int step = 0; step < MAX_STEPS; step++) {
            List<Life> next = new ArrayList<>(2 * lives.size());
            for (Life life : lives) {
                next.add(new Life(restored(document, life.epoch), life.anew));
                next.add(new Life(begunAnew(document, life.epoch), true));
            }
            for (Life life : next) {
                if (life.epoch == to) {
                    return life.anew ? Relation.BEGUN_ANEW_SINCE : Relation.RESTORED_SINCE;
                }
            }
            lives = next;
        }
        return Relation.UNRELATED;
    }
}
