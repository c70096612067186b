package dev.rejoin.crdt;

import org.jspecify.annotations.Nullable;

/** The type of a replicated object, part of its address: two types under one name are two objects. */
public enum ObjectType {
    /** A counter that only grows. */
    GCOUNTER(1, "gcounter"),
    /** A counter that grows, shrinks and can be reset. */
    PNCOUNTER(2, "counter"),
    /** A register that shows the last write. */
    LWW_REGISTER(3, "register"),
    /** A register that shows all concurrent writes. */
    MV_REGISTER(4, "mvregister"),
    /** A set in which an addition wins over a concurrent removal. */
    OR_SET(5, "set"),
    /** A set in which a removal wins over a concurrent addition. */
    RW_SET(6, "rwset"),
    /** A flag in which enabling wins. */
    FLAG(7, "flag"),
    /** A flag in which disabling wins. */
    DW_FLAG(8, "dwflag"),
    /** A map whose entries are objects. */
    MAP(9, "map");

    private static final @Nullable ObjectType[] BY_CODE = new ObjectType[10];

    static {
        for (ObjectType type : values()) {
            BY_CODE[type.code] = type;
        }
    }

    private final int code;
    private final String label;

    ObjectType(int code, String label) {
        this.code = code;
        this.label = label;
    }

    /** Returns the code of this type in the binary format. */
    public int code() {
        return code;
    }

    /** Returns the name of this type in text. */
    public String label() {
        return label;
    }

    /** Returns the type with this code, or null if this version of the library knows none. */
    public static @Nullable ObjectType ofCode(int code) {
        return code < 0 || code >= BY_CODE.length ? null : BY_CODE[code];
    }

    /**
     * Returns the type with this label.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static ObjectType ofLabel(String label) {
        for (ObjectType type : values()) {
            if (type.label.equals(label)) {
                return type;
            }
        }
        throw new IllegalArgumentException("no such object type: " + label);
    }
}
