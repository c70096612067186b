package dev.rejoin.crdt;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The address of an object: a parent (null for an object at the root), a type code and a key. Concurrent creation of
 * the same object therefore merges. Immutable; the hash is computed once.
 */
public final class ObjectKey implements Comparable<ObjectKey> {

    /** How many keys a path can have. */
    public static final int MAX_DEPTH = 32;

    /** The longest key, in bytes of UTF-8. */
    public static final int MAX_KEY_BYTES = 1024;

    private final @Nullable ObjectKey parent;
    private final int typeCode;
    private final String key;
    private final int depth;
    private final int hash;

    private ObjectKey(@Nullable ObjectKey parent, int typeCode, String key) {
        this.parent = parent;
        this.typeCode = typeCode;
        this.key = key;
        this.depth = parent == null ? 1 : parent.depth + 1;
        this.hash = 31 * (31 * (parent == null ? 7 : parent.hash) + typeCode) + key.hashCode();
    }

    /**
     * Returns the address of a root object.
     *
     * @throws IllegalArgumentException as {@link #child}
     */
    public static ObjectKey root(ObjectType type, String key) {
        return of(null, type.code(), key);
    }

    /**
     * Returns the address of an object inside this one.
     *
     * @throws IllegalArgumentException if the key is longer than {@link #MAX_KEY_BYTES} or not well-formed, the path
     *     deeper than {@link #MAX_DEPTH}, or this object is of a known type that holds no objects
     */
    public ObjectKey child(ObjectType type, String key) {
        return of(this, type.code(), key);
    }

    /**
     * Returns an address whose type may be unknown to this version of the library.
     *
     * @throws IllegalArgumentException as {@link #child}, or if the type code is below 1
     */
    public static ObjectKey of(@Nullable ObjectKey parent, int typeCode, String key) {
        int length = Utf8.checkedLength(key);
        if (length > MAX_KEY_BYTES) {
            throw new IllegalArgumentException("key of " + length + " bytes; at most " + MAX_KEY_BYTES);
        }
        String fault = fault(parent, typeCode);
        if (fault != null) {
            throw new IllegalArgumentException(fault + ": " + key);
        }
        return new ObjectKey(parent, typeCode, key);
    }

    /** Returns an address whose key is known to be well-formed and short enough; malformed if it is not an address. */
    static ObjectKey read(ByteSource in, @Nullable ObjectKey parent, int typeCode, String key) {
        String fault = fault(parent, typeCode);
        if (fault != null) {
            throw in.malformed(fault);
        }
        return new ObjectKey(parent, typeCode, key);
    }

    private static @Nullable String fault(@Nullable ObjectKey parent, int typeCode) {
        if (typeCode < 1) {
            return "type code below 1";
        }
        if (parent != null) {
            if (parent.depth == MAX_DEPTH) {
                return "path deeper than " + MAX_DEPTH;
            }
            if (!parent.holdsObjects()) {
                return "parent of a type that holds no objects";
            }
        }
        return null;
    }

    /** Maps do, and types unknown here may. */
    private boolean holdsObjects() {
        return typeCode >= ObjectType.MAP.code();
    }

    /** Returns the object that contains this one, or null at the root. */
    public @Nullable ObjectKey parent() {
        return parent;
    }

    /** Returns the type code, which may be unknown to this version of the library. */
    public int typeCode() {
        return typeCode;
    }

    /** Returns the type, or null if it is unknown to this version of the library. */
    public @Nullable ObjectType type() {
        return ObjectType.ofCode(typeCode);
    }

    /** Returns the name inside the parent. */
    public String key() {
        return key;
    }

    /** Returns the number of keys in the path; 1 at the root. */
    public int depth() {
        return depth;
    }

    /** Returns the keys from the root to this object. O(depth) */
    public List<String> path() {
        List<String> path = new ArrayList<>(depth);
        for (ObjectKey at = this; at != null; at = at.parent) {
            path.add(at.key);
        }
        Collections.reverse(path);
        return Collections.unmodifiableList(path);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        if (this == other) {
            return true;
        }
        if (!(other instanceof ObjectKey that) || hash != that.hash || depth != that.depth) {
            return false;
        }
        ObjectKey a = this;
        ObjectKey b = that;
        while (a != null && b != null) {
            if (a == b) {
                return true;
            }
            if (a.typeCode != b.typeCode || !a.key.equals(b.key)) {
                return false;
            }
            a = a.parent;
            b = b.parent;
        }
        return a == b;
    }

    @Override
    public int hashCode() {
        return hash;
    }

    /** Orders by path from the root: keys by code point, then types; a parent comes before what it contains. */
    @Override
    public int compareTo(ObjectKey other) {
        if (this == other) {
            return 0;
        }
        ObjectKey a = this;
        ObjectKey b = other;
        while (a.depth > b.depth && a.parent != null) {
            a = a.parent;
        }
        while (b.depth > a.depth && b.parent != null) {
            b = b.parent;
        }
        // the outermost difference decides, and the walk goes outwards: the last one found
        int order = Integer.compare(depth, other.depth);
        while (a != b && a != null && b != null) {
            int here = Utf8.compare(a.key, b.key);
            if (here == 0) {
                here = Integer.compare(a.typeCode, b.typeCode);
            }
            if (here != 0) {
                order = here;
            }
            a = a.parent;
            b = b.parent;
        }
        return order;
    }

    /** Returns the path with types, for example {@code map:likes/counter:today}. */
    @Override
    public String toString() {
        ObjectType type = type();
        String step = (type == null ? "type" + typeCode : type.label()) + ":" + key;
        return parent == null ? step : parent + "/" + step;
    }
}
