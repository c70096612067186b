package dev.rejoin.crdt.laws;

import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Flag;
import dev.rejoin.crdt.GCounter;
import dev.rejoin.crdt.LwwRegister;
import dev.rejoin.crdt.MvRegister;
import dev.rejoin.crdt.OrMap;
import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.PNCounter;
import dev.rejoin.crdt.ReplicatedObject;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.Version;
import java.util.ArrayList;
import java.util.List;

/** Stand-alone objects as peers: operations and readings in the words of the laws, through the public types only. */
record EnginePeer(ReplicatedObject object) implements Peer {

    static Delta perform(ReplicatedObject on, Op op) {
        return switch (op.verb()) {
            case ADD -> on instanceof Flag flag ? flag.enable() : set(on).add(op.value());
            case REMOVE ->
                on instanceof Flag flag
                        ? flag.disable()
                        : on instanceof OrMap map ? map.remove((String) op.value()) : set(on).remove(op.value());
            case SET ->
                on instanceof MvRegister<?>
                        ? multi(on).set(op.value())
                        : register(on).set(op.value());
            case CLEAR -> clear(on);
            case INCREMENT ->
                on instanceof GCounter counter
                        ? counter.increment((Long) op.value())
                        : ((PNCounter) on).add((Long) op.value());
            case RESET -> ((PNCounter) on).reset();
        };
    }

    private static Delta clear(ReplicatedObject on) {
        if (on instanceof OrSet<?> set) {
            return set.clear();
        } else if (on instanceof OrMap map) {
            return map.clear();
        }
        return on instanceof MvRegister<?> multi ? multi.clear() : register(on).clear();
    }

    @SuppressWarnings("unchecked")
    private static OrSet<Object> set(ReplicatedObject on) {
        return (OrSet<Object>) on;
    }

    @SuppressWarnings("unchecked")
    private static LwwRegister<Object> register(ReplicatedObject on) {
        return (LwwRegister<Object>) on;
    }

    @SuppressWarnings("unchecked")
    private static MvRegister<Object> multi(ReplicatedObject on) {
        return (MvRegister<Object>) on;
    }

    static Object read(ReplicatedObject on) {
        if (on instanceof GCounter counter) {
            return counter.exactValue();
        } else if (on instanceof PNCounter counter) {
            return counter.exactValue();
        } else if (on instanceof Flag flag) {
            return flag.isEnabled() ? List.of(true) : List.of();
        } else if (on instanceof OrSet<?> set) {
            List<?> elements = set.elements();
            for (Object element : elements) {
                Laws.isTrue(set(on).contains(element), "a set contains its elements");
            }
            Laws.isTrue(elements.size() == set.size(), "a set's size is that of its elements");
            return elements;
        } else if (on instanceof MvRegister<?> multi) {
            return multi.values();
        } else if (on instanceof OrMap map) {
            return List.copyOf(map.keys());
        }
        List<Object> values = new ArrayList<>();
        register(on).optional().ifPresent(values::add);
        values.addAll(register(on).conflicts());
        return values;
    }

    /** The object below a map. */
    static ReplicatedObject below(OrMap map, Address address, int depth) {
        List<String> path = address.path();
        OrMap parent = map;
        for (String name : path.subList(depth, path.size() - 1)) {
            parent = parent.map(name);
        }
        String name = address.key();
        return switch (address.kind()) {
            case GCOUNTER -> parent.gcounter(name);
            case COUNTER -> parent.counter(name);
            case REGISTER -> parent.register(name, ValueCodec.VALUE);
            case MVREGISTER -> parent.mvRegister(name, ValueCodec.VALUE);
            case SET -> parent.set(name, ValueCodec.VALUE);
            case RWSET -> parent.removeWinsSet(name, ValueCodec.VALUE);
            case FLAG -> parent.flag(name);
            case DWFLAG -> parent.disableWinsFlag(name);
            case MAP -> parent.map(name);
        };
    }

    private ReplicatedObject at(Address address) {
        return address.parent() == null ? object : below((OrMap) object, address, 1);
    }

    @Override
    public byte[] commit(List<Op> ops) {
        byte[] joined = null;
        for (Op op : ops) {
            Delta delta = perform(at(op.object()), op);
            if (!delta.isEmpty()) {
                joined = joined == null
                        ? delta.encode()
                        : Delta.decode(joined).join(delta).encode();
            }
        }
        return joined;
    }

    @Override
    public void merge(byte[] delta) {
        object.merge(Delta.decode(delta));
    }

    @Override
    public byte[] state() {
        return object.state().encode();
    }

    @Override
    public byte[] version() {
        return object.version().encode();
    }

    @Override
    public byte[] deltaSince(byte[] version) {
        return object.deltaSince(Version.decode(version)).encode();
    }

    @Override
    public Object read(Address address) {
        return read(at(address));
    }
}
