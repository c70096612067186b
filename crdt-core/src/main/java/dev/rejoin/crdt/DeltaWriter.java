package dev.rejoin.crdt;

/**
 * The sending end of an established link: names of replicas and objects are spelt out once, then numbered. The other
 * end is a {@link DeltaReader}, which has to read everything this writes, in order.
 *
 * <p>Not thread-safe: one owner.
 */
public final class DeltaWriter {

    private final ReplicaTable replicas = new ReplicaTable();
    private final ByteSink sink = new ByteSink(256);
    private final DeltaEncoder encoder = new DeltaEncoder(sink, replicas);

    /** Creates the sending end of a new link. */
    public DeltaWriter() {}

    /** Returns the next fragment of the link; empty if the delta is. */
    public byte[] write(Delta delta) {
        sink.clear();
        encoder.write(delta);
        return sink.toByteArray();
    }

    /** Returns the number of replicas that both ends of this link remember. */
    public int replicaCount() {
        return replicas.size();
    }

    /** Returns the number of objects that both ends of this link remember. */
    public int objectCount() {
        return encoder.objectCount();
    }
}
