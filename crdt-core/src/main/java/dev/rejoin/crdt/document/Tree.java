package dev.rejoin.crdt.document;

import dev.rejoin.crdt.ObjectKey;
import dev.rejoin.crdt.ObjectStore;
import dev.rejoin.crdt.ObjectType;
import dev.rejoin.crdt.ValueCodec;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns the present objects of a store into plain values by name. Two types under one name become "name:type". */
final class Tree {
    private Tree() {}

    static Map<String, Object> of(ObjectStore store) {
        return of(store, store.rootObjects());
    }

    /** The keys come ascending by name. */
    private static Map<String, Object> of(ObjectStore store, List<ObjectKey> keys) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (int i = 0; i < keys.size(); i++) {
            ObjectKey key = keys.get(i);
            Object value = value(store, key);
            if (value != null) {
                boolean shared = i > 0 && keys.get(i - 1).key().equals(key.key())
                        || i + 1 < keys.size() && keys.get(i + 1).key().equals(key.key());
                ObjectType type = key.type();
                values.put(shared && type != null ? key.key() + ":" + type.label() : key.key(), value);
            }
        }
        return values;
    }

    private static @Nullable Object value(ObjectStore store, ObjectKey key) {
        ObjectType type = key.type();
        if (type == null) {
            return null;
        }
        return switch (type) {
            case GCOUNTER -> number(store.gcounter(key).exactValue());
            case PNCOUNTER -> number(store.counter(key).exactValue());
            case LWW_REGISTER -> store.register(key, ValueCodec.VALUE).get();
            case MV_REGISTER -> store.mvRegister(key, ValueCodec.VALUE).values();
            case OR_SET, RW_SET -> store.set(key, ValueCodec.VALUE).elements();
            case FLAG, DW_FLAG -> store.flag(key).isEnabled();
            case MAP -> of(store, store.map(key).children());
        };
    }

    private static Object number(BigInteger value) {
        return value.bitLength() < 64 ? (Object) value.longValue() : value;
    }
}
