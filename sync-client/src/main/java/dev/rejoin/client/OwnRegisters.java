package dev.rejoin.client;

import dev.rejoin.crdt.Change;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.LwwRegister;
import dev.rejoin.crdt.ObjectKey;
import dev.rejoin.crdt.ObjectType;
import dev.rejoin.crdt.OrMap;
import dev.rejoin.crdt.Stamped;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.HybridClock;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.document.Document;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * The registers that this process has written and nobody has overwritten since, the last {@value #MAX_REGISTERS}; tells when somebody does. Guarded by the client's lock.
 */
final class OwnRegisters {
    /** Of registers written longer ago nobody is told. */
    static final int MAX_REGISTERS = 1_024;

    private final ClientLoop loop;
    private final List<Consumer<Superseded>> listeners = new CopyOnWriteArrayList<>();
    private final Map<ObjectKey, Object> mine = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<ObjectKey, Object> eldest) {
            return size() > MAX_REGISTERS;
        }
    };

    OwnRegisters(ClientLoop loop) {
        this.loop = loop;
    }

    List<Consumer<Superseded>> listeners() {
        return listeners;
    }

    /** This client has changed this. */
    void wrote(List<Change> changes) {
        for (Change change : changes) {
            if (change instanceof Change.RegisterChange register
                    && register.object().type() == ObjectType.LWW_REGISTER
                    && !register.after().isEmpty()) {
                mine.put(register.object(), register.after().get(0));
            }
        }
    }

    /** Looks which of them show something of what has been joined to the document. O(cells of the delta) if somebody listens */
    void joined(Delta remote, Document document) {
        if (listeners.isEmpty() || mine.isEmpty()) {
            return;
        }
        remote.forEachCell((replica, counter, object, payload) -> {
            if (payload instanceof Stamped stamped && mine.containsKey(object)) {
                look(replica, object, stamped, document);
            }
        });
    }

    private void look(ReplicaId replica, ObjectKey object, Stamped theirs, Document document) {
        LwwRegister<Object> register = register(document, object.path());
        Object own = mine.getOrDefault(object, theirs.value());
        if (own.equals(theirs.value())
                || !register.optional().filter(theirs.value()::equals).isPresent()) {
            return;
        }
        mine.remove(object);
        Superseded event = new Superseded(
                object.path(),
                own,
                theirs.value(),
                replica,
                Instant.ofEpochMilli(HybridClock.millis(theirs.hlc())),
                register.conflicts().contains(own));
        loop.later(() -> listeners.forEach(listener -> listener.accept(event)));
    }

    /** The register at a path from the root. */
    static LwwRegister<Object> register(Document document, List<String> path) {
        if (path.size() == 1) {
            return document.register(path.get(0), ValueCodec.VALUE);
        }
        OrMap map = document.map(path.get(0));
        for (String key : path.subList(1, path.size() - 1)) {
            map = map.map(key);
        }
        return map.register(path.get(path.size() - 1), ValueCodec.VALUE);
    }
}
