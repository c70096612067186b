package dev.rejoin.crdt;

import dev.rejoin.crdt.clock.MalformedDeltaException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A change of one object as its author meant it: what validators judge, what can be shown to a user, and what can be
 * issued again under another replica id.
 *
 * @param path the keys from the root to the object; everything before the last is a map
 * @param type the type of the object
 * @param op what is done to it
 * @param value the canonical element, amount or register value that it is done with, or {@link Values#NULL}
 */
public record Mutation(List<String> path, ObjectType type, Op op, Object value) {

    private static final Op[] OPS = Op.values();

    /** What can be done to an object. */
    public enum Op {
        /** An element is added to a set. */
        ADD,
        /** An element is removed from a set, or the entry named by the value from a map. */
        REMOVE,
        /** An amount, which may be negative, is added to a counter. */
        INCREMENT,
        /** A counter returns to 0. */
        RESET,
        /** A value is written to a register. */
        SET,
        /** A register, set or map is emptied. */
        CLEAR,
        /** A flag is enabled. */
        ENABLE,
        /** A flag is disabled. */
        DISABLE;

        private final String label = name().toLowerCase(Locale.ROOT);

        /** Returns the name of this operation in text. */
        public String label() {
            return label;
        }

        /**
         * Returns the operation with this label.
         *
         * @throws IllegalArgumentException if there is none
         */
        public static Op ofLabel(String label) {
            for (Op op : OPS) {
                if (op.label.equals(label)) {
                    return op;
                }
            }
            throw new IllegalArgumentException("no such operation: " + label);
        }
    }

    /**
     * Brings the value into canonical form.
     *
     * @throws IllegalArgumentException if the path is empty or deeper than {@link ObjectKey#MAX_DEPTH}, or the value is
     *     not one (see {@link Values#canonical})
     */
    public Mutation(List<String> path, ObjectType type, Op op, @Nullable Object value) {
        if (path.isEmpty() || path.size() > ObjectKey.MAX_DEPTH) {
            throw new IllegalArgumentException("path of " + path.size() + " keys");
        }
        this.path = List.copyOf(path);
        this.type = type;
        this.op = op;
        this.value = Values.canonical(value);
    }

    /**
     * Whether this takes a cell off, if whoever does it has seen that cell: it is of what is emptied, or of the value, element or flag that is written anew.
     *
     * @param object where the cell is
     * @param payload what it holds, as {@link Delta.CellVisitor} has it
     */
    public boolean takesOff(ObjectKey object, Object payload) {
        List<String> at = object.path();
        if (type == ObjectType.MAP) {
            return at.size() > path.size()
                    && at.subList(0, path.size()).equals(path)
                    && (op == Op.CLEAR || at.get(path.size()).equals(value));
        }
        if (object.type() != type || !at.equals(path)) {
            return false;
        }
        return switch (op) {
            case ADD, REMOVE -> value.equals(payload instanceof Absent absent ? absent.value() : payload);
            // in a remove-wins set what says that an element is absent goes with the additions of the element, which
            // are other cells
            case CLEAR -> type != ObjectType.RW_SET || !(payload instanceof Absent);
            case RESET, SET, ENABLE, DISABLE -> true;
            case INCREMENT -> false;
        };
    }

    /** Returns the canonical value that stands for this mutation: {@code [[path…], type, operation, value]}. */
    public Object toValue() {
        return Values.canonical(List.of(path, type.label(), op.label(), value));
    }

    /**
     * Returns the mutation that a value stands for.
     *
     * @throws IllegalArgumentException if it stands for none
     */
    public static Mutation ofValue(Object value) {
        if (!(value instanceof List<?> parts)
                || parts.size() != 4
                || !(parts.get(0) instanceof List<?> keys)
                || !(parts.get(1) instanceof String type)
                || !(parts.get(2) instanceof String op)) {
            throw new IllegalArgumentException("not a mutation: " + value);
        }
        List<String> path = new ArrayList<>(keys.size());
        for (Object key : keys) {
            if (!(key instanceof String name)) {
                throw new IllegalArgumentException("not a path: " + keys);
            }
            path.add(name);
        }
        return new Mutation(path, ObjectType.ofLabel(type), Op.ofLabel(op), parts.get(3));
    }

    /** Returns the encoding of the list of the values of these mutations ({@link #toValue}), of any length. */
    public static byte[] encodeAll(List<Mutation> mutations) {
        ByteSink out = new ByteSink(64);
        Values.writeListHeader(out, mutations.size());
        for (Mutation mutation : mutations) {
            Values.write(out, mutation.toValue());
        }
        return out.toByteArray();
    }

    /**
     * Reads what {@link #encodeAll} wrote.
     *
     * @throws MalformedDeltaException if the bytes are not the canonical encoding of a list of mutations
     */
    public static List<Mutation> decodeAll(byte[] bytes) {
        ByteSource in = new ByteSource(bytes);
        int count = Values.readListHeader(in);
        List<Mutation> mutations = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Object value = Values.read(in);
            try {
                mutations.add(ofValue(value));
            } catch (IllegalArgumentException notOne) {
                throw in.malformed(String.valueOf(notOne.getMessage()));
            }
        }
        if (!in.exhausted()) {
            throw in.malformed("bytes after the mutations");
        }
        return List.copyOf(mutations);
    }
}
