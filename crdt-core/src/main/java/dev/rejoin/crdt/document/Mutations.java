package dev.rejoin.crdt.document;

import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.ObjectKey;
import dev.rejoin.crdt.ObjectStore;
import dev.rejoin.crdt.ObjectType;
import dev.rejoin.crdt.OrMap;
import dev.rejoin.crdt.ValueCodec;
import java.util.List;

/** Performs typed changes on the objects of a store. */
final class Mutations {
    private Mutations() {}

    static void perform(ObjectStore store, Mutation mutation) {
        ObjectKey key = key(mutation);
        Object value = mutation.value();
        switch (mutation.type()) {
            case GCOUNTER -> {
                require(mutation, mutation.op() == Mutation.Op.INCREMENT);
                store.gcounter(key).increment(amount(mutation));
            }
            case PNCOUNTER -> {
                switch (mutation.op()) {
                    case INCREMENT -> store.counter(key).add(amount(mutation));
                    case RESET -> store.counter(key).reset();
                    default -> require(mutation, false);
                }
            }
            case LWW_REGISTER -> {
                switch (mutation.op()) {
                    case SET -> store.register(key, ValueCodec.VALUE).set(value);
                    case CLEAR -> store.register(key, ValueCodec.VALUE).clear();
                    default -> require(mutation, false);
                }
            }
            case MV_REGISTER -> {
                switch (mutation.op()) {
                    case SET -> store.mvRegister(key, ValueCodec.VALUE).set(value);
                    case CLEAR -> store.mvRegister(key, ValueCodec.VALUE).clear();
                    default -> require(mutation, false);
                }
            }
            case OR_SET, RW_SET -> {
                switch (mutation.op()) {
                    case ADD -> store.set(key, ValueCodec.VALUE).add(value);
                    case REMOVE -> store.set(key, ValueCodec.VALUE).remove(value);
                    case CLEAR -> store.set(key, ValueCodec.VALUE).clear();
                    default -> require(mutation, false);
                }
            }
            case FLAG, DW_FLAG -> {
                switch (mutation.op()) {
                    case ENABLE -> store.flag(key).enable();
                    case DISABLE -> store.flag(key).disable();
                    default -> require(mutation, false);
                }
            }
            case MAP -> {
                OrMap map = store.map(key);
                switch (mutation.op()) {
                    case REMOVE -> {
                        require(mutation, value instanceof String);
                        map.remove((String) value);
                    }
                    case CLEAR -> map.clear();
                    default -> require(mutation, false);
                }
            }
        }
    }

    private static ObjectKey key(Mutation mutation) {
        List<String> path = mutation.path();
        ObjectKey key = ObjectKey.root(path.size() == 1 ? mutation.type() : ObjectType.MAP, path.get(0));
        for (int i = 1; i < path.size(); i++) {
            key = key.child(i + 1 == path.size() ? mutation.type() : ObjectType.MAP, path.get(i));
        }
        return key;
    }

    private static long amount(Mutation mutation) {
        require(mutation, mutation.value() instanceof Long);
        return (Long) mutation.value();
    }

    private static void require(Mutation mutation, boolean fits) {
        if (!fits) {
            throw new IllegalArgumentException("a " + mutation.type().label() + " has no "
                    + mutation.op().label() + " with the value " + mutation.value());
        }
    }
}
